"""Records the cassettes that are shipped, and knows which tests have one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pytest_graphcalls.contract import Contract

SUCCESS_ONLY = frozenset(
    {
        *("call-record", "call-subscribetotone", "call-updaterecordingstatus"),
        *("call-list-contentsharingsessions", "call-logteleconferencedevicequality", "contentsharingsession-get"),
        *("call-startrecording", "call-stoprecording", "call-starttranscription", "call-stoptranscription"),
        "participant-reportsyntheticmedia",
        *("onlinemeeting-create", "onlinemeeting-delete", "onlinemeeting-find", "onlinemeeting-get"),
    }
)
"""Operations that ship cassettes of their success only; on replay their other rules are not recorded."""
SUITE = Path(__file__).parents[2] / "contracts"


def named_tests(operation: str, *, rule: str | None = None) -> list[str]:
    """The tests of an operation, or those of one rule, read from the source."""
    text = _module_of(operation).read_text(encoding="utf-8")
    if rule is None:
        return re.findall(r"^def (test_\w+)", text, re.MULTILINE)
    parts = (part.partition("def ")[2].partition("(")[0] for part in text.split(f'@rule("{rule}"')[1:])
    return [name for name in parts if name]


def unrecorded() -> Iterator[str]:
    """The tests, as pytest names them, of which no cassette is shipped."""
    for operation in sorted(SUCCESS_ONLY):
        recorded = named_tests(operation, rule=Contract.packaged().operation(operation).success_rule)
        yield from (
            f"contracts/{_module_of(operation).name}::{one}" for one in named_tests(operation) if one not in recorded
        )


def _module_of(operation: str) -> Path:
    return SUITE / f"test_{operation.replace('-', '_')}.py"
