"""Operations are data: no code but the table of handlers names one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.simulator.handlers import HANDLERS
from tests.every import every
from tests.house.source import MODULES, tree

TABLE = "simulator/handlers.py"
"""Where the table of handlers is."""
_NAMED = re.compile(rf"({'|'.join(Contract.packaged().operation_ids)})(\.(?P<slug>.*))?")
_FACT = re.compile(r"[rc][0-9]{2}([ ,].*)?|example[0-9]|termination_codes")
"""What follows the id in a source: evidence names facts that were collected by operation."""


def named(module: ast.AST) -> Iterator[str]:
    """Operations and their rules in the strings of a module, docstrings left out; examples inside a text are none."""
    nodes = list(ast.walk(module))
    texts = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in texts:
            found = _NAMED.fullmatch(node.value)
            if found and not (found["slug"] and _FACT.fullmatch(found["slug"])):
                yield node.value


def without_table(module: ast.Module) -> ast.Module:
    """A module without the table of handlers."""
    body = module.body
    kept = [one for one in body if not (isinstance(one, ast.AnnAssign) and ast.unparse(one.target) == "HANDLERS")]
    assert len(kept) == len(body) - 1
    return ast.Module(kept, [])


@every("module", MODULES)
def test_code_names_no_operation(module: str) -> None:
    """What one needs, and what it does to a call, stands in its file of the contract."""
    whole = tree(module)
    assert list(named(without_table(whole) if module == TABLE else whole)) == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("x == 'call-get'", ["call-get"]),
        ("rule = 'call-get.success-is-200-with-call'", ["call-get.success-is-200-with-call"]),
        ("f'call-get.{slug}'", ["call-get."]),
        ("documented('call-get.r01')", []),
        ("help = 'one operation, e.g. call-get'", []),
        ("'call-get'", []),
    ],
)
def test_a_name_in_code_is_seen(code: str, found: list[str]) -> None:
    """A string that is an operation id, or a rule's id, is seen; facts, examples and docstrings are not."""
    assert list(named(ast.parse(code))) == found


def test_every_operation_has_a_handler() -> None:
    """There is no handler of an unknown operation, either."""
    assert set(HANDLERS) == set(Contract.packaged().operation_ids)
