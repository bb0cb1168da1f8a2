"""The documentation does what it says: its blocks run, its messages are current, its parts are complete."""

from __future__ import annotations

import json
import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest

from pytest_graphcalls import lifecycle
from pytest_graphcalls.cli.explain import CHECKED
from pytest_graphcalls.contract import Contract
from tests.house.test_language import PRIVATE
from tests.plugin.conftest import QUIET, _warm
from tests.site import code, drawings
from tests.site.build import PARTS, stage
from tests.site.contract import counts, operation_page, operations
from tests.site.pages import DOCS, README, ROOT, Block, blocks, navigation, sources

pytestmark = pytest.mark.skipif(not README.exists(), reason="needs README.md, which lies beside the source only")

__all__ = ["_warm"]

BLOCKS = [block for path in sources() for block in blocks(path)]
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in sources()}
VARIABLE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
BODY = re.compile(r"(?<=--data ').*(?=')")


def python(remark: str = "") -> list[Block]:
    return [block for block in BLOCKS if block.language == "python" and block.remark == remark]


def count_of_tests(block: Block) -> int:
    return len(re.findall(r"^ *def test_", block.text, re.MULTILINE))


def run(pytester: pytest.Pytester, *written: Block) -> pytest.RunResult:
    """Each block as a module of its own, in one run of pytest."""
    for block in written:
        pytester.makepyfile(**{f"test_{block.name}": block.text})
    return pytester.runpytest_inprocess(*QUIET)


def test_every_block_runs_as_it_stands(pytester: pytest.Pytester) -> None:
    """Copied into an empty project, each one passes; a block without a test shows nothing that can be run."""
    shown = python()
    assert [f"{block.page}:{block.line}" for block in shown if not count_of_tests(block)] == []
    result = run(pytester, *shown)
    assert result.ret == pytest.ExitCode.OK, result.stdout.str()
    result.assert_outcomes(passed=sum(map(count_of_tests, shown)))


@pytest.mark.skipif(not find_spec("msgraph"), reason="needs msgraph-sdk, which 'make test-sdk' installs")
def test_the_blocks_with_an_sdk_run_as_they_stand(pytester: pytest.Pytester) -> None:
    """Blocks with Microsoft's SDK pass where it is installed."""
    result = run(pytester, *python("sdk"))
    assert result.ret == pytest.ExitCode.OK, result.stdout.str()


@pytest.mark.parametrize("block", python("conftest"), ids=lambda block: block.page)
def test_a_conftest_that_is_shown_is_taken(block: Block, pytester: pytest.Pytester) -> None:
    """A hook in a shown conftest is known to pytest, and does something possible."""
    pytester.makeconftest(block.text)
    pytester.makepyfile("def test_nothing(graphcalls):\n    graphcalls.simulator.incoming_call()\n")
    pytester.runpytest_inprocess(*QUIET).assert_outcomes(passed=1)


@pytest.mark.parametrize("failing", python("fails"), ids=lambda block: block.page)
def test_a_failing_example_fails_with_the_message_that_is_shown(failing: Block, pytester: pytest.Pytester) -> None:
    """What a user reads first is what a user will see."""
    shown = next(
        block for block in blocks(ROOT / failing.page) if block.language == "text" and block.line > failing.line
    )
    result = run(pytester, failing)
    result.assert_outcomes(failed=1)
    seen = BODY.sub(tight, VARIABLE.sub("ID", result.stdout.str()))
    for line in VARIABLE.sub("ID", shown.text).strip().splitlines():
        assert line.strip().removesuffix("…") in seen, line


def tight(body: re.Match[str]) -> str:
    """A body as httpx writes it since 0.28; before, it put spaces in."""
    return json.dumps(json.loads(body[0]), separators=(",", ":"))


def command_lines() -> list[str]:
    texts = [block.text for block in BLOCKS if block.language == "console"]
    return sorted({line[2:] for text in texts for line in text.splitlines() if line.startswith("$ graphcalls ")})


@pytest.mark.parametrize("line", command_lines())
def test_a_command_line_is_understood(line: str) -> None:
    """Every command with its options exists."""
    from pytest_graphcalls.cli import parser

    words = shlex.split(line, comments=True)[1:]
    assert parser().parse_args(words)


def test_rules_that_are_named_exist() -> None:
    """A renamed rule is renamed here as well."""
    contract = Contract.packaged()
    known = {*contract.rules, *contract.questions}
    operations = "|".join(contract.operations)
    for page, text in PAGES.items():
        named = re.findall(rf"\b((?:{operations})\.[a-z0-9-]+)\b(?!\.)", text)
        assert [name for name in named if name not in known and not name.endswith((".md", ".yaml"))] == [], page


def test_options_that_are_named_exist() -> None:
    """A renamed option is renamed here as well."""
    known = PARTS["options"]()
    for page, text in PAGES.items():
        assert [name for name in re.findall(r"--graphcalls-[a-z-]+", text) if f"`{name}`" not in known] == [], page


def test_every_fixture_is_in_the_table(pytester: pytest.Pytester) -> None:
    """The table lists what ``pytest --fixtures`` lists."""
    shown = pytester.runpytest_inprocess("--fixtures", *QUIET).stdout.str()
    names = set(re.findall(r"^(graphcalls\w*)", shown, re.MULTILINE))
    assert names
    listed = re.findall(r"^\| `(\w+)`", code.fixtures(), re.MULTILINE)
    assert (listed[0], set(listed)) == ("graphcalls", names)


def test_the_page_of_the_fixture_does_not_show_how_it_is_made() -> None:
    """A test never makes or closes it."""
    shown = PARTS["facade"]()
    assert [name for name in ("Parameters", "connection", "`close`") if name in shown.partition("### `run`")[0]] == []
    assert "- `token`: the bearer token" in shown


def test_every_generated_part_is_on_a_page() -> None:
    """Every generated part has a page, and no page names an unknown one."""
    used = [name for text in PAGES.values() for name in re.findall(r"<!-- generated: ([\w-]+) -->", text)]
    assert {*used, "links"} == {*PARTS, "links"}


def test_every_page_is_in_the_menu() -> None:
    listed = {name for _, inside in navigation() for _, name in inside}
    assert listed == {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}


def test_every_operation_has_a_page_and_every_page_is_in_the_index(tmp_path: Path) -> None:
    """The index for language models, llms.txt, names each page with a sentence about it."""
    stage(tmp_path)
    index = (tmp_path / "llms.txt").read_text(encoding="utf-8")
    pages = [path.relative_to(tmp_path).as_posix().removesuffix(".md") for path in tmp_path.rglob("*.md")]
    assert {f"reference/operations/{id}" for id in Contract.packaged().operations} <= set(pages)
    assert [page for page in pages if page != "index" and not re.search(rf"/{page}/\): \S", index)] == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_written_in_plain_words(page: str) -> None:
    """Words that only their author understands; blocks and names aside."""
    text = re.sub(r"```.*?```|`[^`]*`|<!--.*?-->", "", PAGES[page], flags=re.DOTALL)
    assert re.findall(rf"\b(?:{'|'.join([*PRIVATE, 'as above'])})\b", text, re.IGNORECASE) == []


EXAMPLES = sorted((ROOT / "tests" / "examples").glob("*.*"))
LONGEST_EXAMPLE = 80


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_shown_and_short(path: Path) -> None:
    """What the site shows is the file that runs; long examples are not read."""
    assert len(path.read_text(encoding="utf-8").splitlines()) < LONGEST_EXAMPLE
    included = f"<!-- file: {path.relative_to(ROOT).as_posix()} -->"
    assert [page for page, text in PAGES.items() if included in text], f"{path.name} is on no page of docs/examples"


@pytest.mark.parametrize("subject", drawings.TABLES)
def test_a_drawing_of_states_has_each_row_of_its_table(subject: str) -> None:
    """A drawing has the states, transitions, events, beginnings and ends of the table."""
    machine, starts = drawings.TABLES[subject]
    drawn = drawings.states(subject)
    for state, row in machine.items():
        assert f">{state}</text>" in drawn
        for event, target in row.items():
            assert f"{event} → `{target}`" in drawn
            assert re.search(rf"<text[^>]*>(?:[\w ]+, )*{event}(?:, [\w ]+)*</text>", drawn)
    assert drawn.count('"box begins"') == len(starts)
    assert drawn.count('"box ends"') == sum(not row for row in machine.values())


def test_the_drawings_begin_where_the_tables_do() -> None:
    """What nothing leads to is a beginning."""
    for machine, starts in drawings.TABLES.values():
        reached = {target for row in machine.values() for target in row.values()}
        assert {str(state) for state in machine if state not in reached} <= set(starts)
    assert len(drawings.TABLES) == sum(isinstance(one, type(lifecycle.CALL)) for one in vars(lifecycle).values())


def test_the_table_of_operations_adds_up() -> None:
    """Each rule has its deviation there, and the last row has the sums."""
    counted = counts()
    assert all(rules == deviations > 0 for rules, deviations, *_ in counted.values())
    total = operations().splitlines()[-1]
    assert total.startswith(f"| **{len(counted)} operations** |")
    assert f"| {sum(one[0] for one in counted.values())} |" in total


@pytest.mark.parametrize("id", Contract.packaged().operations)
def test_a_page_of_an_operation_names_every_permission_that_opens_it(id: str) -> None:
    operation = Contract.packaged().operation(id)
    (named,) = (line for line in operation_page(operation).splitlines() if "application permissions" in line)
    wanted = {*operation.permissions.least, *operation.permissions.higher}
    assert set(re.findall(r"`([^`]+)`", named)) == wanted
    assert ("(least privileged)" in named) == bool(operation.permissions.higher)
    assert CHECKED[operation.permissions.checked] in named
