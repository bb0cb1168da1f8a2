"""``graphcalls cassettes``."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from pytest_graphcalls import cassette
from pytest_graphcalls.cassette import Kind, Passport
from pytest_graphcalls.cli import main
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.wire import Exchange, Request, Response

GRAPH = "https://graph.microsoft.com/v1.0/communications/calls/57da"


CURRENT = {"call-get": Contract.packaged().operation_revision("call-get")}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("AZURE_CLIENT_SECRET", "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "GRAPHCALLS_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def made(path: str, *, days: int = 0, test: str = "", kind: Kind = Kind.LIVE, body: bytes = b"{}") -> Path:
    """A cassette."""
    passport = Passport(
        datetime.now(UTC) - timedelta(days=days, hours=1), kind, ("v1.0",), operations=CURRENT, test=test
    )
    file = Path(path)
    cassette.write(file, [Exchange(Request("GET", GRAPH), Response(200, body=body))], passport)
    return file


def module(path: str, *tests: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("".join(f"def {test}(): pass\n" for test in tests))


def test_cassettes_in_order_need_no_work(capsys: pytest.CaptureFixture[str]) -> None:
    """Counted by origin and version; exit 0."""
    module("tests/test_bot.py", "test_one", "test_two")
    made("cassettes/v1.0/test_bot/test_one.yaml", days=3)
    made("tests/cassettes/test_bot/TestCalls.test_two[a-b].yaml", days=40, kind=Kind.SIMULATOR)
    assert main(["cassettes", "status", "cassettes", "tests"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "2 cassettes.",
        "  recorded from: live, v1.0: 1, 3 days old",
        "  recorded from: simulator, v1.0: 1, 40 days old",
    ]


def test_cassettes_that_need_work_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Too old, edited, used by no test, not readable: each by name; exit 1."""
    module("tests/test_bot.py", "test_old", "test_edited")
    made("cassettes/v1.0/test_bot/test_old.yaml", days=181)
    edited = made("cassettes/v1.0/test_bot/test_edited.yaml", days=1)
    edited.write_text(edited.read_text().replace("57da", "58da"))
    made("cassettes/v1.0/test_bot/test_removed.yaml")
    made("cassettes/v1.0/test_nowhere/test_removed.yaml")
    cut = made("cassettes/v1.0/test_bot/test_cut.yaml")
    cut.write_text(cut.read_text().replace("version: 1", ""))
    Path("cassettes/v1.0/test_bot/test_foreign.yaml").write_text("interactions: []\nversion: 1\n")
    module("tests/other.py", "test_foreign")
    assert main(["cassettes", "status"]) == 1
    lines = capsys.readouterr().out.splitlines()
    folder = "cassettes/v1.0/test_bot"
    assert lines[0] == "6 cassettes."
    assert "  without a passport, so of unknown origin: 1" in lines
    assert "1 older than 180 days; record them again (--record-mode=rewrite):" in lines
    assert f"  {folder}/test_old.yaml: 181 days" in lines
    assert f"  {folder}/test_edited.yaml" in lines
    assert f"  {folder}/test_removed.yaml: test_bot.py has no test_removed" in lines
    assert "  cassettes/v1.0/test_nowhere/test_removed.yaml: there is no test_nowhere.py" in lines
    assert any(line.startswith(f"  {folder}/test_cut.yaml: ends without 'version'") for line in lines)
    assert main(["cassettes", "status", f"{folder}/test_old.yaml", "--days", "181"]) == 0


def test_a_cassette_of_another_contract_revision_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    """Another revision is reported, and needs no work."""
    module("test_bot.py", "test_one")
    path = made("cassettes/v1.0/test_bot/test_one.yaml")
    path.write_text(re.sub("call-get: .*", "call-get: abc", path.read_text()))
    assert main(["cassettes", "status"]) == 0
    assert "  recorded for another revision of the contract: 1" in capsys.readouterr().out.splitlines()


def test_a_named_cassette_is_no_orphan() -> None:
    """Cassettes may be named by @pytest.mark.default_cassette, or be extra cassettes."""
    Path("test_bot.py").write_text(
        'import pytest\n@pytest.mark.default_cassette("shared.yaml")\ndef test_one(): pass\n'
    )
    made("cassettes/test_bot/shared.yaml")
    assert main(["cassettes", "status"]) == 0


def test_a_parametrised_test_is_no_orphan() -> None:
    """A test whose module this Python cannot parse is none, either, as long as it is named there."""
    module("test_bot.py", "test_one")
    made("cassettes/v1.0/test_bot/test_one[a-b]-1f2e3d4c.yaml", test="x/test_bot.py::test_one[a/b]@v1.0")
    assert main(["cassettes", "status"]) == 0


def test_an_imported_test_is_no_orphan() -> None:
    """Pytest collects what a module imports, under the name that it has there."""
    Path("test_bot.py").write_text("from shared import test_it as test_one\n")
    made("cassettes/v1.0/test_bot/test_one[a].yaml", test="x/test_bot.py::test_one[a]@v1.0")
    assert main(["cassettes", "status"]) == 0


def test_scan_reports_a_secret_without_showing_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """File, line and kind; what the environment calls a secret is found whatever it looks like; exit 1."""
    path = made("cassettes/v1.0/test_bot/test_one.yaml")
    assert main(["cassettes", "scan"]) == 0
    assert capsys.readouterr().out == ""
    path.write_text(path.read_text() + "# Bearer abcdef0123456789abcdef0123\n# plain little words\n")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "plain little words")
    assert main(["cassettes", "scan", "cassettes"]) == 1
    out = capsys.readouterr().out
    last = len(path.read_text().splitlines())
    assert f"{path}:{last - 1}: bearer token" in out.splitlines()
    assert any(line.startswith(f"{path}:{last}: ") for line in out.splitlines())
    assert "abcdef0123" not in out
    assert "plain little" not in out


@pytest.mark.parametrize("action", ["scan", "status"])
def test_a_path_that_is_not_there(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, with the next step."""
    assert main(["cassettes", action, "nowhere"]) == 2
    sentence = "nowhere: there is no such file or folder. Give recordings; 'pytest --record-mode=once' makes them."
    assert sentence in " ".join(capsys.readouterr().err.split())


HOOK = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))[0]


@pytest.mark.parametrize(
    ("name", "is_looked_at"),
    [
        ("cassettes/v1.0/test_bot/test_one.yaml", True),
        ("tests/cassettes/test_bot/one two.json", True),
        ("login.har", True),
        ("tests/test_bot.py", False),
        ("settings.yaml", False),
        ("cassettes.yaml", False),
    ],
)
def test_the_hook_of_pre_commit_gets_cassettes_and_har_files(name: str, is_looked_at: bool) -> None:
    assert bool(re.search(HOOK["files"], name)) is is_looked_at


def test_the_hook_of_pre_commit_fails_with_file_line_and_kind() -> None:
    """pre-commit runs the entry with the names of files; the exit code is 0 when all of them are clean."""
    clean, leaking = made("cassettes/test_bot/test_one.yaml"), made("cassettes/test_bot/one two.yaml")
    leaking.write_text(leaking.read_text() + "# passcode: abc\n")
    entry = shlex.split(HOOK["entry"])
    command = [str(Path(sys.executable).with_name(entry[0])), *entry[1:]]
    found = subprocess.run([*command, str(clean), str(leaking)], capture_output=True, text=True, check=False)
    line = len(leaking.read_text().splitlines())
    assert (found.returncode, found.stderr) == (1, "")
    assert found.stdout.splitlines() == [
        f"{leaking}:{line}: secret by its name",
        "",
        "1 leak in 1 file. What was committed already is known: renew it.",
    ]
    done = subprocess.run([*command, str(clean)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_cassette_right_in_a_folder_belongs_to_the_test_that_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    """A relative folder has no folders above it that could be asked for the module."""
    made("d/one.yaml")
    assert main(["cassettes", "status", "d"]) == 1
    assert "d/one.yaml: there is no d.py" in capsys.readouterr().out
    Path("test_bot.py").write_text('import pytest\n@pytest.mark.vcr("d/one.yaml")\ndef test_one(): pass\n')
    assert main(["cassettes", "status", "d"]) == 0
    made("e/other.yaml", test="test_bot.py::test_one")
    assert main(["cassettes", "status", "e"]) == 0


def test_scan_says_that_a_folder_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    Path("cassettes").mkdir()
    assert main(["cassettes", "scan"]) == 0
    assert capsys.readouterr().out == "cassettes: holds no file to scan.\n"
