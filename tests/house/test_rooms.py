"""Who may import whom: the floors of the house, kept by reading the source.

A room may import rooms of the floors below it, and rooms of its own floor only where the table says so.
Only the top floor knows pytest; only one module knows each HTTP client.
"""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from tests.every import every
from tests.house.source import HOUSE, MODULES, circles, importers, imports, is_door, lines, nodes, tree

FLOORS: dict[int, set[str]] = {
    0: {
        "_version",
        "wire",
        "findings",
        "errors",
        "compression",
        "validation",
        "atomic",
        "parsing",
        "records",
        "streaming",
    },
    1: {"contract", "lifecycle", "redaction", "leakscan", "sanitize"},
    2: {"simulator", "cassette", "auth", "sandbox", "drift"},
    3: {"stage", "targets", "session", "report", "clients", "server", "bot", "published", "doctor"},
    4: {"plugin", "cli", "nightly"},
}
FLOOR = {room: floor for floor, rooms in FLOORS.items() for room in rooms}
NEIGHBOURS = {0, 1, 3, 4}
"""Floors whose rooms may know each other. Those of floor 2 meet as wire values only."""
OWNERS = {
    "httpx": {"clients/httpx.py", "clients/network.py", "clients/msgraph.py", "bot/posting.py"},
    "requests": {"clients/requests.py"},
    "urllib3": {"clients/requests.py"},
    "aiohttp": {"clients/aiohttp.py"},
    "h11": {"clients/aiohttp.py"},
    "uvicorn": {"server/http.py"},
    "jwt": {"simulator/keys.py"},
    "cryptography": {"server/tls.py", "simulator/keys.py"},
    "msal": {"auth.py"},
    "trustme": {"server/tls.py"},
    "deepdiff": {"drift/responses.py"},
    "vcr": {"plugin/vcr.py"},
    "jinja2": {"report/nightly/page.py"},
    "markupsafe": {"report/nightly/page.py"},
    "jsonschema": {"contract/schema.py", "contract/check.py", "contract/loading.py"},
    "yaml": {"contract/loading.py", "cassette/loading.py", "cassette/writing.py", "streaming.py"},
}
"""Outside packages and the only modules that may name them."""

TABLES: dict[str, str] = {}
"""Files that may be longer than 450 lines, each with its reason."""
SMALL_ON_PURPOSE: dict[str, str] = {
    "clients/everywhere.py": "one way for four libraries, loaded only where a test asks for it",
    "plugin/keeper.py": "a program that runs by its path, beside pytest and longer than it",
    "plugin/hookspecs.py": "pytest takes the hooks that a project may implement as a module of their own",
}
"""Files under 90 lines that stay apart from their only importer, each with its reason."""
SMALL_ROOMS = {"leakscan": "it must not know redaction, so it lies apart"}
"""Folders of fewer than three files, each with its reason."""
DOORS_WITH_LOGIC = {"__init__.py": "pytest imports it in every run, so each name is fetched when it is asked for"}
"""``__init__.py`` files that do more than hand names on, each with its reason."""


@cache
def imported(module: str) -> tuple[str, ...]:
    """Every dotted name that ``module`` imports, type-checking blocks included."""
    names: list[str] = []
    for node in nodes(module):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno} imports relatively"
            names += [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(names)


def room(module: str) -> str:
    """The room a module lies in: its top folder, or its own name."""
    return module.partition("/")[0].removesuffix(".py")


@every("module", [name for name in MODULES if name != "__init__.py"])
def test_imports_go_down_only(module: str) -> None:
    """A module imports its own room, lower floors, and neighbours where the table allows."""
    here = room(module)
    for name in imported(module):
        first, _, rest = name.partition(".")
        other = rest.partition(".")[0]
        if first != "pytest_graphcalls" or other in {"", here} or other not in FLOOR:
            continue
        allowed = FLOOR[other] < FLOOR[here] or (FLOOR[other] == FLOOR[here] and FLOOR[here] in NEIGHBOURS)
        assert allowed, f"{module} (floor {FLOOR[here]}) imports {name} (floor {FLOOR[other]})"


def test_no_files_import_each_other_in_a_circle() -> None:
    """A file is read after those it imports; a circle has no first page. Lazy, typing and string imports count."""
    assert [sorted(circle) for circle in circles(imports())] == []


def test_rooms_know_each_other_one_way() -> None:
    """Of two rooms on one floor only one may import the other, by itself or through further rooms."""
    graph: dict[str, set[str]] = {room(module): set() for module in MODULES if module != "__init__.py"}
    for module, others in imports().items():
        graph.get(room(module), set()).update({room(other) for other in others} - {room(module), "__init__"})
    found = circles({one: frozenset(others) for one, others in graph.items()})
    assert [sorted(circle) for circle in found] == []


def test_a_file_is_at_most_450_lines_long() -> None:
    """A longer one holds two things, unless it is a table."""
    assert {module for module in MODULES if lines(module) > 450} <= set(TABLES)


def test_a_small_file_has_more_than_one_importer() -> None:
    """A file with one importer belongs into that importer, unless it is a table or an adapter."""
    small = {module for module in MODULES if lines(module) < 90 and not is_door(module)}
    found = {module for module in small if len(importers()[module]) == 1}
    assert found <= set(SMALL_ON_PURPOSE)


def test_a_folder_holds_at_least_three_files() -> None:
    """Fewer are files of the room above."""
    folders = [module.rpartition("/")[0] for module in MODULES if not is_door(module)]
    assert {folder for folder in folders if folder and folders.count(folder) < 3} <= set(SMALL_ROOMS)


@every("module", [module for module in MODULES if is_door(module)])
def test_a_door_only_hands_names_on(module: str) -> None:
    """``__init__.py`` has a docstring, imports and ``__all__``; what decides something has a name of its own."""
    allowed = (ast.Import, ast.ImportFrom)
    first, *rest = tree(module).body
    assert isinstance(first, ast.Expr), "it says what the room is for"
    names = {ast.unparse(node.targets[0]) for node in rest if isinstance(node, ast.Assign)}
    does_more = names - {"__all__"} or [node for node in rest if not isinstance(node, (*allowed, ast.Assign))]
    assert not does_more or module in DOORS_WITH_LOGIC


@pytest.mark.parametrize("name", ["words", "names", "table", "files"])
def test_a_vague_file_name_is_used_once_at_most(name: str) -> None:
    """One word per thing: such a name says nothing about which room's it is."""
    found = [module for module in MODULES if module.rpartition("/")[2] == f"{name}.py"]
    assert len(found) <= 1


def test_every_room_has_a_floor() -> None:
    """A new room is entered into the table before it is built."""
    assert {room(module) for module in MODULES} - {"__init__"} == set(FLOOR) & {room(module) for module in MODULES}


def test_the_house_is_described_as_it_is() -> None:
    """The table in CONTRIBUTING.md names every room, on its floor."""
    text = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([0-9]) \| ([^|]+) \|", text, re.MULTILINE)
    assert {int(floor): set(re.findall(r"`(\w+)`", rooms)) for floor, rooms in rows} == FLOORS


@every("module", [name for name in MODULES if FLOOR.get(room(name), 0) < 4])
def test_only_the_top_floor_knows_pytest(module: str) -> None:
    """What a test runner is, nothing below floor 4 knows."""
    assert not {name for name in imported(module) if name.partition(".")[0] in {"pytest", "_pytest"}}


@every("module", MODULES)
def test_nothing_private_of_pytest_is_used(module: str) -> None:
    """_pytest changes without notice."""
    assert not {name for name in imported(module) if name.partition(".")[0] == "_pytest"}


def test_a_room_needs_no_section_banners() -> None:
    """One that does is two rooms."""
    root = Path(__file__).parents[2]
    folders = (root / name for name in ("pytest_graphcalls", "contracts", "tests"))
    files = (path for folder in folders for path in folder.rglob("*") if path.suffix in {".py", ".js", ".css"})
    banner = re.compile(r"^\s*(#|//|/\*) ?[-=]{3,}", re.MULTILINE)
    assert [path.name for path in files if banner.search(path.read_text(encoding="utf-8"))] == []


def test_every_room_is_shipped() -> None:
    """A folder that the setuptools configuration does not list is missing in the wheel."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    folders = {path.parent.relative_to(HOUSE.parent).as_posix() for path in HOUSE.rglob("__init__.py")}
    assert {name.replace("/", ".") for name in folders} <= set(project["tool"]["setuptools"]["packages"])


@pytest.mark.parametrize("package", sorted(OWNERS))
def test_an_outside_package_has_one_owner(package: str) -> None:
    """One file changes when a client or a library is exchanged."""
    users = {module for module in MODULES if any(name.partition(".")[0] == package for name in imported(module))}
    assert users <= OWNERS[package]


def test_the_simulator_reads_no_wall_clock_and_no_unseeded_randomness() -> None:
    """Time and ids come from simulator/clock.py, which is handed in."""
    for module in MODULES:
        if room(module) != "simulator":
            continue
        names = set(imported(module))
        assert not names & {"time", "secrets", "uuid.uuid4", "os.urandom"}, module
        assert "random" not in names or module == "simulator/clock.py", module
        source = (HOUSE / module).read_text(encoding="utf-8")
        assert not any(call in source for call in (".now(tz", "datetime.now(", "utcnow(", ".today(")), module


@every("module", MODULES)
def test_an_assert_only_narrows_a_type(module: str) -> None:
    """``python -O`` removes asserts, so nothing may happen, or be guarded, in one."""
    for node in nodes(module):
        if isinstance(node, ast.Assert):
            assert ast.unparse(node.test).endswith(" is not None"), f"{module}:{node.lineno}"
