"""The README does what it says: its blocks run, its failing message is the one users see, its pictures are current."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from pytest_graphcalls import lifecycle
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.plugin import options

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"

pytestmark = pytest.mark.skipif(not README.exists(), reason="needs README.md, which lies beside the source only")


@dataclass(frozen=True)
class Block:
    """A fenced block: what it is, its text, its line, and the comment above it."""

    kind: str
    text: str
    line: int
    comment: str


def blocks() -> list[Block]:
    text = README.read_text(encoding="utf-8") if README.exists() else ""
    found = re.finditer(r"(?:<!-- ([\w ]+) -->\n)?^```([\w ]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [Block(m[2], m[3], text[: m.start(3)].count("\n") + 1, m[1] or "") for m in found]


BLOCKS = blocks()
PYTHON = [block for block in BLOCKS if block.kind == "python"]
VARIABLE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
BODY = re.compile(r"(?<=--data ').*(?=')")


def tight(body: re.Match[str]) -> str:
    """A body as httpx writes it since 0.28; before, it put spaces in."""
    return json.dumps(json.loads(body[0]), separators=(",", ":"))


def run(pytester: pytest.Pytester, block: Block) -> pytest.RunResult:
    pytester.makepyfile(test_readme=block.text)
    return pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:cacheprovider")


@pytest.mark.parametrize("block", [b for b in PYTHON if b.comment != "fails"], ids=lambda b: f"line {b.line}")
def test_a_block_runs_as_it_stands(block: Block, pytester: pytest.Pytester) -> None:
    """Copied into an empty project, it passes."""
    result = run(pytester, block)
    assert result.ret == pytest.ExitCode.OK, result.stdout.str()
    result.assert_outcomes(passed=block.text.count("\ndef test_") + block.text.startswith("def test_"))


@pytest.mark.skipif(not find_spec("msgraph"), reason="needs msgraph-sdk, which 'make test-sdk' installs")
@pytest.mark.parametrize("block", [b for b in BLOCKS if b.kind == "python sdk"], ids=lambda b: f"line {b.line}")
def test_an_sdk_block_runs_as_it_stands(block: Block, pytester: pytest.Pytester) -> None:
    """With Microsoft's SDK installed, it passes."""
    assert run(pytester, block).ret == pytest.ExitCode.OK


def test_the_conftest_that_is_shown_is_taken(pytester: pytest.Pytester) -> None:
    """Its hook is known to pytest, and its redactor takes what is added."""
    (block,) = [block for block in BLOCKS if block.kind == "python conftest"]
    pytester.makeconftest(block.text)
    pytester.makepyfile("def test_nothing(graphcalls):\n    graphcalls.simulator.incoming_call()\n")
    result = pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)


def test_the_failing_example_fails_with_the_message_that_is_shown(pytester: pytest.Pytester) -> None:
    """What a user reads first is what a user will see."""
    (failing,) = [block for block in BLOCKS if block.comment == "fails"]
    shown = next(block for block in BLOCKS if block.kind == "text" and block.line > failing.line)
    result = run(pytester, failing)
    result.assert_outcomes(passed=1, errors=1)
    seen = BODY.sub(tight, VARIABLE.sub("ID", result.stdout.str()))
    for line in VARIABLE.sub("ID", shown.text).strip().splitlines():
        assert line.strip().removesuffix("…") in seen, line


def test_the_state_diagram_is_the_one_of_the_tables() -> None:
    """Drawn by lifecycle.diagram(); replace the block by its output."""
    (drawn,) = [block for block in BLOCKS if block.comment == "lifecycle"]
    assert drawn.text.strip() == lifecycle.diagram().strip()


@pytest.mark.parametrize(
    "line",
    [
        line[2:]
        for block in BLOCKS
        if block.kind == "console"
        for line in block.text.splitlines()
        if line.startswith("$ graphcalls ")
    ],
)
def test_a_command_line_is_understood(line: str) -> None:
    """Every command with its options exists."""
    from pytest_graphcalls.cli import parser

    words = shlex.split(line, comments=True)[1:]
    assert parser().parse_args(words)


EXAMPLES = ROOT / "tests" / "examples"
LONGEST_EXAMPLE = 80


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in sorted(EXAMPLES.glob("*.*"))])
def test_an_example_is_shown_and_short(path: Path) -> None:
    """What the README shows is what runs in tests/examples; nobody reads a long one."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < LONGEST_EXAMPLE
    shown = {block.text for block in BLOCKS if block.kind.endswith(" example")}
    assert text in shown or path.name in TESTS_LIKE_ANOTHER, f"{path.name} is not in the README as it stands"


TESTS_LIKE_ANOTHER = frozenset({"test_flask_bot.py"})
"""It differs from the tests of the bot with Starlette in three words."""


def test_make_targets_that_are_named_exist() -> None:
    """README and CONTRIBUTING name targets of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for file in (README, ROOT / "CONTRIBUTING.md"):
        for target in re.findall(r"^(?:\$ )?make ([a-z-]+)", file.read_text(encoding="utf-8"), re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_option_is_in_the_table() -> None:
    """An option that nobody reads about is not there."""
    text = README.read_text(encoding="utf-8")
    for setting in options.SETTINGS:
        assert f"`{setting.dest}`" in text
        if setting.option is not None:
            assert f"`{setting.flag}`" in text
            assert f"`{setting.variable}`" in text


def test_every_fixture_is_in_the_table(pytester: pytest.Pytester) -> None:
    """The table lists what ``pytest --fixtures`` lists."""
    shown = pytester.runpytest_subprocess("--fixtures", "-p", "no:randomly").stdout.str()
    names = set(re.findall(r"^(graphcalls\w*)", shown, re.MULTILINE))
    assert names
    assert {name for name in names if f"`{name}`" not in README.read_text(encoding="utf-8")} == set()


def test_rules_that_are_named_exist() -> None:
    """A renamed rule is renamed here as well."""
    text = README.read_text(encoding="utf-8")
    contract = Contract.packaged()
    known = {*contract.rules, *contract.questions}
    for name in re.findall(r"\b((?:participant|call|application|commsoperation)-[a-z-]+\.[a-z0-9-]+)\b", text):
        assert name in known, name
