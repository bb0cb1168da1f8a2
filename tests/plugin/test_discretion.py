"""What pytest shows of tests that have to do with us is redacted; of others it is not."""

from __future__ import annotations

import pytest

from pytest_graphcalls.plugin.redacting import redacted
from tests.plugin.conftest import Run

HOOK = """
def pytest_graphcalls_redact(redactor):
    assert redactor.profile.name == "tokens"
    redactor.add(members=["ticket"], values=["the-word-of-contoso"], patterns=[r"TCK-[0-9]+"])
"""


@pytest.fixture
def _own_redactor(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a project adds stays for the process, which here is the outer run's."""
    from pytest_graphcalls import redaction

    monkeypatch.setattr(redaction, "OF_REPORTS", redaction.Redactor("tokens"))


@pytest.mark.usefixtures("_own_redactor")
def test_a_project_adds_what_it_alone_knows(pytester: pytest.Pytester, run: Run) -> None:
    """The hook is called once, before anything is shown."""
    pytester.makeconftest(HOOK)
    pytester.makepyfile(
        """
        def test_it(graphcalls_version):
            word = "the-word-of-contoso"
            assert word == "TCK-4711"

        def test_again(graphcalls_version):
            assert {"ticket": "17"} == 'x {"ticket": "17"}'
        """
    )
    result = run("--showlocals")
    result.assert_outcomes(failed=2)
    shown = result.stdout.str()
    assert "word-of-contoso" not in shown
    assert "4711" not in shown
    assert "assert 'REDACTED' == 'REDACTED'" in shown


@pytest.mark.parametrize(
    "test",
    [
        "def test_it(graphcalls_version): fail()",
        "def test_it(mine): fail()",
        "@pytest.mark.vcr\ndef test_it(): fail()",
        "@pytest.mark.graphcalls_question('participant-delete.deleted-twice')\ndef test_it(): print(TOKEN); fail()",
    ],
)
def test_a_test_is_ours_when_it_uses_or_records_something_of_ours(
    pytester: pytest.Pytester, run: Run, test: str
) -> None:
    """Directly, through a fixture of the project's own, by a marker."""
    pytester.makepyfile(
        f"""
import pytest

TOKEN = "Bearer eyJhbGciOiJub25lIn0" ".eyJhIjoxfQ.c2ln"

@pytest.fixture
def mine(graphcalls_version):
    return graphcalls_version

def fail():
    token = TOKEN
    raise ValueError(token)

{test}
"""
    )
    result = run("--showlocals", "-rA")
    shown = result.stdout.str()
    assert "REDACTED" in shown
    assert "eyJhbGciOiJub25lIn0.eyJhIjoxfQ" not in shown


def test_what_is_no_text_stays() -> None:
    """A representation is changed in place, lines keep their number, and the rest is handed back."""

    class Shown:
        def __init__(self) -> None:
            self.lines = ["a secret", "b", "c"]
            self.number = 7
            self.inner = (None, "a secret", [1, ["secret"]])

        def toterminal(self) -> None:
            pass

    shown = Shown()
    assert redacted(shown, lambda text: text.replace("secret", "X")) is shown
    assert (shown.lines, shown.number, shown.inner) == (["a X", "b", "c"], 7, (None, "a X", [1, ["X"]]))
    swallowed = redacted(["a", "secret", "c"], lambda text: text.replace("a\nsecret\n", "").replace("secret", "X"))
    assert swallowed == ["a", "X", "c"], "no line is lost"


def test_a_log_record_that_is_wrong_is_left_to_logging(pytester: pytest.Pytester, run: Run) -> None:
    """Arguments that do not fit are reported by logging itself, where the mistake is."""
    pytester.makepyfile(
        """
        import logging

        def test_it(graphcalls_version, caplog):
            logging.raiseExceptions = False
            logging.getLogger("x").warning("%s %s", "only one")
            logging.getLogger("x").warning("harmless %s", "word")
            assert caplog.records[-1].args == ("word",), "what holds no secret is not touched"

        def test_the_factory_is_put_back():
            assert logging.getLogRecordFactory() is logging.LogRecord
        """
    )
    run().assert_outcomes(passed=2)
