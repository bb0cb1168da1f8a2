"""The samples with Microsoft's SDKs for PHP."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.compiled import done, tool
from tests.clients.programs import Command
from tests.clients.samples import Samples

HERE = Path(__file__).parent


class TestPhp(Samples):
    runtime = "php"
    error = "ODataError"
    sign_in_error = "IdentityProviderException"

    @pytest.fixture(scope="class")
    @classmethod
    def command(cls, tmp_path_factory: pytest.TempPathFactory) -> Command:
        php, composer = tool("php"), tool("composer")
        folder = tmp_path_factory.mktemp("php")
        (folder / "composer.json").write_bytes((HERE / "composer.json").read_bytes())
        done([composer, "install", "--no-interaction"], folder, downloads="the packages of php/composer.json")
        return [php, HERE / "calls.php", folder]
