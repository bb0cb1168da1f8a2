"""The samples with Microsoft's SDKs for PHP. Never run: its packages were not to be had where this was written."""

from __future__ import annotations

from pathlib import Path

from tests.clients.compiled import Compiled, done, tool
from tests.clients.programs import Command

HERE = Path(__file__).parent


class TestPhp(Compiled):
    runtime = "php"
    error = "ODataError"
    sign_in_error = "IdentityProviderException"

    @classmethod
    def built(cls, version: str, folder: Path) -> Command:
        php, composer = (tool(name) for name in ("php", "composer"))
        text = (HERE / "sample.php").read_text(encoding="utf-8")
        if version == "beta":
            text = text.replace("use Microsoft\\Graph\\", "use Microsoft\\Graph\\Beta\\")
        (folder / "sample.php").write_text(text, encoding="utf-8")
        (folder / "composer.json").write_text((HERE / "composer.json").read_text(encoding="utf-8"), encoding="utf-8")
        done([composer, "install", "--quiet"], folder, downloads="the packages of php/composer.json")
        return [php, folder / "sample.php", folder / "vendor"]
