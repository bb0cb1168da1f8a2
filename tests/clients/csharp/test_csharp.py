"""The samples with Microsoft's SDKs for .NET. Never run: its packages were not to be had where this was written."""

from __future__ import annotations

from pathlib import Path

from tests.clients.compiled import Compiled, done, tool
from tests.clients.programs import Command

HERE = Path(__file__).parent


class TestCSharp(Compiled):
    runtime = "dotnet"
    error = "ODataError"
    sign_in_error = "AuthenticationFailedException"

    @classmethod
    def built(cls, version: str, folder: Path) -> Command:
        dotnet = tool("dotnet")
        for name in ("csharp.csproj", "Program.cs"):
            (folder / name).write_text((HERE / name).read_text(encoding="utf-8"), encoding="utf-8")
        chosen = f"-p:ApiVersion={version}"
        done([dotnet, "restore", chosen], folder, downloads="the packages of csharp/csharp.csproj")
        done([dotnet, "build", "--no-restore", chosen, "-o", folder / "out"], folder)
        return [dotnet, folder / "out" / "csharp.dll"]
