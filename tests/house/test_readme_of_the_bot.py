"""The README's tables of faults and of assertions about a bot are those of the code."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from pytest_graphcalls.bot.assertions import Assertions
from pytest_graphcalls.simulator import FAULTS
from pytest_graphcalls.simulator.faults import Side, parameters_of

README = Path(__file__).parents[2] / "README.md"

pytestmark = pytest.mark.skipif(not README.exists(), reason="needs README.md, which lies beside the source only")


def rows(heading: str) -> list[str]:
    """The rows of the table under a row of headings."""
    text = README.read_text(encoding="utf-8")
    assert text.count(f"{heading}\n| ---") == 1, heading
    return re.match(r"\|[ |-]+\n((?:\|.*\n)*)", text.partition(f"{heading}\n")[2])[1].splitlines()  # type: ignore[index]  # fails where there is no table


def _parameters(name: str) -> str:
    own = FAULTS[name].parameters.items()
    return "; ".join(f"`{parameter}`: {facts.says}" for parameter, facts in own)


@pytest.mark.parametrize("side", Side)
def test_every_fault_is_in_its_table(side: Side) -> None:
    """With what it does and its own parameters, in the words of the code."""
    expected = [
        f"| `{name}` | {sort.says} | {_parameters(name)} |" for name, sort in FAULTS.items() if sort.side is side
    ]
    assert rows(f"| fault of {_ARTICLES[side]} {side} | what happens | parameters |") == expected


_ARTICLES = {Side.ANSWER: "an", Side.NOTIFICATION: "a"}


def test_everything_that_faults_are_selected_by_is_in_its_table() -> None:
    shared: dict[str, str] = {}
    for name, sort in FAULTS.items():
        for parameter, facts in parameters_of(name).items():
            if parameter not in sort.parameters:
                shared.setdefault(parameter, facts.says)
    assert rows("| selects | |") == [f"| `{parameter}` | {says} |" for parameter, says in shared.items()]


def test_every_assertion_is_in_the_table() -> None:
    """With its arguments and the first sentence of what it says about itself."""
    found = {name: function for name, function in vars(Assertions).items() if name.startswith("assert_")}
    assert found
    expected = [f"| `.{name}({_arguments(function)})` | {_sentence(function)} |" for name, function in found.items()]
    assert rows("| assertion of `graphcalls.bot` | passes when |") == expected


def _arguments(function: object) -> str:
    given = list(inspect.signature(function).parameters.values())[1:]  # type: ignore[arg-type]  # every one is a function
    return ", ".join(one.name if one.default is one.empty else f"{one.name}={one.default:g}" for one in given)


def _sentence(function: object) -> str:
    return (inspect.getdoc(function) or "").partition("\n")[0].removesuffix(".").replace("``", "`")
