"""The source of the package as the rules of the house see it: files, the imports between them, their importers."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest_graphcalls

PACKAGE = "pytest_graphcalls"
HOUSE = Path(pytest_graphcalls.__file__).parent
MODULES = sorted(path.relative_to(HOUSE).as_posix() for path in HOUSE.rglob("*.py"))
_FILES = {".".join((PACKAGE, *path.removesuffix(".py").split("/"))).removesuffix(".__init__"): path for path in MODULES}
"""Every file by its dotted name."""


@cache
def tree(module: str) -> ast.Module:
    """A file, parsed."""
    return ast.parse((HOUSE / module).read_text(encoding="utf-8"))


@cache
def nodes(module: str) -> tuple[ast.AST, ...]:
    """Every node of a file, looked for once."""
    return tuple(ast.walk(tree(module)))


def lines(module: str) -> int:
    """How long a file is."""
    return (HOUSE / module).read_text(encoding="utf-8").count("\n")


def is_door(module: str) -> bool:
    """Whether a file is the ``__init__.py`` of its folder."""
    return module.rpartition("/")[2] == "__init__.py"


def _named(module: str) -> Iterator[tuple[str, str]]:
    """What ``module`` imports or names in a string, as a dotted module and a name in it, or ``""``."""
    loggers = {id(text) for call in _calls(module, "getLogger") for text in call.args}
    dynamic = any(_calls(module, "import_module"))
    for node in nodes(module):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in loggers:
            yield node.value.replace(":", ".") if "." in node.value else "", ""
            if dynamic:
                yield f"{PACKAGE}.{node.value}", ""
                yield f"{PACKAGE}.{module.rpartition('/')[0].replace('/', '.')}.{node.value}", ""


def _calls(module: str, function: str) -> Iterator[ast.Call]:
    for node in nodes(module):
        if isinstance(node, ast.Call) and function in {getattr(node.func, "id", ""), getattr(node.func, "attr", "")}:
            yield node


@cache
def imports() -> Mapping[str, frozenset[str]]:
    """The files that each file imports: at the top, in a function, for a type checker, or by a string."""
    found: dict[str, frozenset[str]] = {}
    for module in MODULES:
        files = {_FILES.get(f"{dotted}.{name}") or _FILES.get(dotted) for dotted, name in _named(module)}
        found[module] = frozenset(file for file in files if file is not None and file != module)
    return found


@cache
def importers() -> Mapping[str, frozenset[str]]:
    """The files that import each file; a name that an ``__init__.py`` hands on is imported from where it is made."""
    homes = {
        (dotted, name): _FILES[f"{source}.{name}" if f"{source}.{name}" in _FILES else source]
        for dotted, door in _FILES.items()
        if is_door(door)
        for source, name in _named(door)
        if source in _FILES and name
    }
    found: dict[str, set[str]] = {module: set() for module in MODULES}
    for module in MODULES:
        if is_door(module):
            continue
        for dotted, name in _named(module):
            file = _FILES.get(f"{dotted}.{name}") or homes.get((dotted, name)) or _FILES.get(dotted)
            if file is not None and file != module:
                found[file].add(module)
    return {module: frozenset(those) for module, those in found.items()}


def circles(graph: Mapping[str, frozenset[str]]) -> list[frozenset[str]]:
    """Groups in a graph of imports in which each one imports every other one, by itself or through others."""
    reached = {module: _reached(graph, module) for module in graph}
    groups = {frozenset(other for other in those if module in reached[other]) for module, those in reached.items()}
    return sorted(filter(None, groups), key=sorted)


def _reached(graph: Mapping[str, frozenset[str]], start: str) -> set[str]:
    found: set[str] = set()
    new = set(graph[start])
    while new:
        found |= new
        new = set().union(*(graph.get(one, frozenset()) for one in new)) - found
    return found
