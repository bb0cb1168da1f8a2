"""What pytest shows of tests that have to do with us is redacted; of others it is not."""

from __future__ import annotations

import json
from base64 import b64encode

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
def test_a_mistake_in_what_a_project_adds_ends_the_run_with_a_sentence(pytester: pytest.Pytester, run: Run) -> None:
    """pytest shows no traceback of its own."""
    pytester.makeconftest("def pytest_graphcalls_redact(redactor): redactor.add(members='ticket')")
    pytester.makepyfile("def test_it(graphcalls_version): pass")
    result = run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert any("pytest_graphcalls_redact: add(members)=(hidden): expected a list" in line for line in result.errlines)
    assert "INTERNALERROR" not in result.stdout.str()


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


def test_values_that_are_no_text_are_kept() -> None:
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
    assert swallowed == ["REDACTED", "REDACTED", "c"], "no line is lost, and none is shown of what goes over several"


def test_a_private_key_is_masked_line_by_line(pytester: pytest.Pytester, run: Run) -> None:
    """An exception shows it over several lines, each behind pytest's margin."""
    body = b64encode(bytes(range(7, 250))).decode()
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    (pytester.path / "key.pem").write_text(
        "\n".join(("-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----"))
    )
    pytester.makepyfile(
        """
        from pathlib import Path

        def test_it(graphcalls_version):
            raise ValueError(Path("key.pem").read_text())
        """
    )
    result = run()
    result.assert_outcomes(failed=1)
    assert not [line for line in lines if line[:12] in result.stdout.str()]
    result.stdout.fnmatch_lines(["E * ValueError: -----BEGIN PRIVATE KEY-----*", "E * REDACTED", "*: ValueError"])


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


def test_values_are_masked_before_pytest_shortens_them(pytester: pytest.Pytester, run: Run) -> None:
    """The end of an address is all that a failed comparison shows of it, and there the secret stands."""
    pytester.makepyfile(
        """
        SECRET = "Sommer-" + "X6Tf5ukaUN"

        def test_it(graphcalls_version):
            assert "https://h/x?page=" + "1" * 99 + "&client_secret=" + SECRET == "https://h/"

        def check(url):
            return False

        def test_call(graphcalls_version):
            url = "https://h/x?page=" + "1" * 300 + "&client_secret=" + SECRET
            assert check(url)

        def test_equal_but_for_secrets(graphcalls_version):
            assert {"client_secret": SECRET} == {"client_secret": SECRET * 2}
        """
    )
    result = run()
    result.assert_outcomes(failed=3)
    shown = result.stdout.str()
    assert "ukaUN" not in shown
    result.stdout.fnmatch_lines(["E * assert 'https://h/x?...cret=REDACTED' == 'https://h/'"])
    assert "{'client_secret': 'REDACTED'} == {'client_secret': 'REDACTED'}" in shown


def test_the_value_of_a_secret_variable_is_masked_in_its_own_test(pytester: pytest.Pytester, run: Run) -> None:
    """pytest explains calls by values; in the next test an equal value has a harmless name, and is shown."""
    pytester.makepyfile(
        """
        def test_it(graphcalls_version):
            pwd = "Sommer-" + "am-Meer"
            assert len(pwd) == 0

        def test_next(graphcalls_version):
            place = "Sommer-" + "am-Meer"
            assert len(place) == 0
        """
    )
    result = run("-p", "no:randomly")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*= len('REDACTED')", "*= len('Sommer-am-Meer')"])


def test_the_name_of_a_test_is_made_without_secrets(pytester: pytest.Pytester, run: Run) -> None:
    """Of its parameters, where it uses something of ours; the test gets the value itself."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("url", ["https://h/?client_secret=" + word for word in ("Sommer-17", "Winter-18")])
        def test_ours(graphcalls_version, url):
            assert url.endswith(("Sommer-17", "Winter-18"))

        @pytest.mark.parametrize("word", ["client_secret=Herbst-19"])
        def test_other(word):
            pass
        """
    )
    result = run("-v", "--junitxml=junit.xml")
    result.assert_outcomes(passed=3)
    names = [line.partition(" ")[0].partition("::")[2] for line in result.outlines if ".py::" in line]
    assert sorted(names) == [
        "test_other[client_secret=Herbst-19]",
        "test_ours[https://h/?client_secret=REDACTED0]",
        "test_ours[https://h/?client_secret=REDACTED1]",
    ]
    assert "Sommer" not in (pytester.path / "junit.xml").read_text()


@pytest.mark.parametrize(
    "test",
    [
        "def test_it(graphcalls_version): pytest.xfail('because client_secret=Sommer-17')",
        "def test_it(graphcalls_version): pytest.exit('because client_secret=Sommer-17')",
        "def test_it(graphcalls_version, record_property): record_property('client_secret', 'Sommer-17')",
        "@pytest.fixture\ndef client_secret(graphcalls_version): return 'Sommer-17'\n"
        "def test_it(client_secret): assert client_secret == 1",
        "import pytest_graphcalls.redaction\nraise ValueError('client_secret=Sommer-17')",
    ],
    ids=["expected failure", "end of the run", "property", "argument", "collection"],
)
def test_other_texts_of_pytest_are_masked(pytester: pytest.Pytester, run: Run, test: str) -> None:
    """Reasons, properties, arguments, and a module that cannot be imported."""
    pytester.makepyfile(f"import pytest\n\n{test}\n")
    shown = run("-rA", "--showlocals", "--junitxml=junit.xml", "-o", "junit_family=xunit1").stdout.str()
    file = pytester.path / "junit.xml"
    shown += file.read_text() if file.exists() else ""
    assert "REDACTED" in shown
    assert "Sommer-17" not in shown


def test_secrets_masked_by_the_leak_scan_are_counted_in_one_line(
    pytester: pytest.Pytester, run: Run, workers: int
) -> None:
    """Screen and report count secrets of all processes; those that redaction has masked are not counted."""
    word = "Zk7Qx9Lm2Rt5Vb8Nw3Yc6Hd1Gf4Js0Pa"
    pytester.makepyfile(
        f"""
        def test_it(graphcalls_client):
            print("{word[:16]}" + "{word[16:]}")
            client_secret = "Sommer-17"
            assert 0
        """
    )
    result = run("--graphcalls-report=report.json", "--showlocals", workers=workers)
    shown = result.stdout.str()
    assert word not in shown
    line = "The leak scan masked 1 place that redaction had let through: text that looks random."
    assert result.outlines.count(line) == 1
    report = json.loads((pytester.path / "report.json").read_text())
    assert report["masked"] == {"text that looks random": 1}


def test_texts_that_only_the_junit_file_has_are_masked(pytester: pytest.Pytester, run: Run, workers: int) -> None:
    """Attributes and properties of the whole suite, and ids that a project has written itself."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(autouse=True, scope="session")
        def noted(record_testsuite_property):
            record_testsuite_property("client_secret", "Sommer-17")

        @pytest.mark.parametrize("url", [1], ids=["https://h/?client_secret=Sommer-18"])
        def test_it(graphcalls_client, url, record_xml_attribute):
            record_xml_attribute("assertions", "pwd=Sommer-19")
        """
    )
    words = ("-W", "ignore::pytest.PytestExperimentalApiWarning", "-o", "junit_family=xunit1")
    run("--junitxml=junit.xml", *words, workers=workers).assert_outcomes(passed=1)
    text = (pytester.path / "junit.xml").read_text()
    assert "Sommer" not in text
    assert text.count("REDACTED") == 3 - bool(workers) - bool(workers)  # pytest-xdist hands on neither of two
