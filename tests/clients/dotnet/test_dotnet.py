"""The samples with Microsoft's SDKs for .NET. Never run until now."""

from __future__ import annotations

from pathlib import Path

from tests.clients.compiled import Compiled, done, tool
from tests.clients.programs import Command

HERE = Path(__file__).parent


class TestDotNet(Compiled):
    runtime = "dotnet"
    error = "ODataError"
    sign_in_error = "AuthenticationFailedException"

    @classmethod
    def built(cls, version: str, folder: Path) -> Command:
        dotnet = tool("dotnet")
        for name in ("Calls.csproj", "Calls.cs"):
            (folder / name).write_bytes((HERE / name).read_bytes())
        graph = f"-p:Graph=Microsoft.Graph{'.Beta' if version == 'beta' else ''}"
        done([dotnet, "restore", graph], folder, downloads="the packages of dotnet/Calls.csproj")
        done([dotnet, "build", "--no-restore", "-o", "built", graph], folder)
        return [dotnet, folder / "built" / "Calls.dll"]
