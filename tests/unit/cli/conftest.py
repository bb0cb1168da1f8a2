"""The command line, run in this process."""

import pytest

from pytest_graphcalls.cli import command
from pytest_graphcalls.contract import Contract

CONTRACT = Contract.packaged()


@pytest.fixture
def graphcalls(capsys):
    """Run the command in this process: exit code, standard output, standard error."""

    def run(*words):
        try:
            code = command.main([str(word) for word in words])
        except SystemExit as leaving:
            code = leaving.code
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
