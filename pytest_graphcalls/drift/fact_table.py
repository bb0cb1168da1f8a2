"""A table of the facts that documentation, metadata and service disagree about, one row for each fact.

A difference says that one side disagrees with the contract. Here the three sides are shown side by side. A side that
was compared and has no difference agrees with the contract; the cell of one that was not compared is empty.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.contract.notifications import ENVELOPE
from pytest_graphcalls.contract.types import Member, TypeModel
from pytest_graphcalls.drift.difference import Difference, Origin, Severity
from pytest_graphcalls.findings import at_any_index

NOTHING = "nothing"
"""The text of a cell whose side lacks the element."""


class Side(StrEnum):
    """The three columns of the table."""

    DOCUMENTATION = "documentation"
    METADATA = "metadata"
    SERVICE = "service"


SIDES = {
    Origin.DOCUMENTATION: Side.DOCUMENTATION,
    Origin.METADATA: Side.METADATA,
    Origin.RECORDING: Side.SERVICE,
    Origin.CONTRACT: Side.SERVICE,
}
"""The side that a difference of each origin belongs to."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the table: what one side says about a fact.

    Attributes:
        says: in words; ``""`` where the side was not compared.
        differs: whether it disagrees with the contract.
        place: where it was found: a page and its line, a file, a test; ``""`` where it does not differ.
        page: address of a page about it, or ``""``.
    """

    says: str = ""
    differs: bool = False
    place: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class FactRow:
    """One row of the table: a fact, and what each side says about it.

    Attributes:
        version: ``v1.0`` or ``beta``.
        fact: its name: ``call.state``, ``call-reject status``, ``invite.participants``.
        contract: what the contract says.
        cells: what each side says, in the order of the columns.
        severity: the highest severity among its differences.
        fingerprints: of its differences, sorted.
    """

    version: str
    fact: str
    contract: str
    cells: Mapping[Side, Cell]
    severity: Severity
    fingerprints: tuple[str, ...]

    @property
    def disagree(self) -> bool:
        """Whether the sides disagree with one another; if not, only the contract is outdated."""
        return len({cell.says for cell in self.cells.values() if cell.says}) > 1


_WEIGHTS = tuple(Severity)
_STEP = re.compile(r"\.([^.\[\]]+)")


def rows(
    differences: Iterable[Difference], looked: Collection[Origin] = (), contract: Contract | None = None
) -> tuple[FactRow, ...]:
    """Make one row for each fact about which a side disagrees with the contract.

    Args:
        differences: of any origin.
        looked: the origins that were compared, besides those that differ: where they have no difference, their cell
            agrees with the contract. The cell of any other origin is empty.
        contract: resolves a place in a body to the member of a type, so that an observation at
            ``$.participants[0].endpointType`` is in the row of what the metadata says about that member.
    """
    found: dict[tuple[str, str], list[Difference]] = {}
    for difference in differences:
        found.setdefault((difference.version, _fact(difference, contract)), []).append(difference)
    seen = {SIDES[origin] for origin in looked}
    return tuple(_row(version, fact, found[version, fact], seen) for version, fact in sorted(found))


def _row(version: str, fact: str, differences: list[Difference], looked: Collection[Side]) -> FactRow:
    contract = next(filter(None, (one.before for one in differences)), NOTHING)
    cells = {side: Cell(contract) if side in looked else Cell() for side in Side}
    for side, says in _texts_by_side(differences):
        first = next(one for one in differences if SIDES[one.origin] is side)
        cells[side] = Cell(says, differs=True, place=first.place, page=first.page)
    heaviest = max((one.severity for one in differences), key=_WEIGHTS.index)
    fingerprints = tuple(sorted({one.fingerprint for one in differences}))
    return FactRow(version, fact, contract, cells, heaviest, fingerprints)


def _texts_by_side(differences: list[Difference]) -> Iterator[tuple[Side, str]]:
    for side in Side:
        words = dict.fromkeys(one.after or NOTHING for one in differences if SIDES[one.origin] is side)
        if words:
            yield side, "; ".join(words)


def _fact(difference: Difference, contract: Contract | None) -> str:
    """The name of the fact that a difference is about, as the other sides name it."""
    subject, where = difference.subject, at_any_index(difference.where)
    if contract is not None:
        model = contract.types(difference.version)
        found = _declared(model, subject, where) or _resolved(contract, model, difference, where)
        if found:
            return found
    # Ids of operations and rules have a hyphen; names of types, enumerations and actions have none.
    return f"{subject} {where}".strip() if "-" in subject else f"{subject}.{where}".rstrip(".")


def _declared(model: TypeModel, name: str, member: str) -> str:
    """``<type>.<member>`` by the type that declares it, or ``""``."""
    type_ = model.types.get(name)
    if type_ is None:
        return ""
    owners = [link for link in (name, *type_.bases) if member in model.types[link].members]
    return f"{owners[-1]}.{member}" if owners else ""


def _resolved(contract: Contract, model: TypeModel, difference: Difference, where: str) -> str:
    """Resolve a place in a body to ``<type>.<member>``; ``""`` if that is not possible."""
    before, sign, path = where.partition("$")
    if not sign:
        return ""
    steps = _STEP.findall(path)
    for root, skipped in _roots(contract, difference.subject, request=before.startswith("request")):
        if steps[: len(skipped)] == list(skipped):
            found = _walked(model, root, steps[len(skipped) :])
            if found:
                return found
    return ""


def _roots(contract: Contract, subject: str, *, request: bool) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The types that a body of the operation or the notification may have, and the members that wrap each one."""
    payload = contract.notifications.get(subject)
    if payload is not None:
        yield payload.type, ("value", "resourceData")
        yield ENVELOPE, ()
    operation = contract.operations.get(subject)
    if operation is not None and not request:
        for response in operation.responses.values():
            yield response.body, ("value",) if response.collection else ()
    if operation is not None:
        yield operation.action if operation.request.body == "action" else operation.request.body, ()


def _walked(model: TypeModel, root: str, steps: Sequence[str]) -> str:
    """Follow ``steps`` from a type or an action to ``<type>.<member>``."""
    found, owner = "", root
    for step in steps:
        action = model.actions.get(owner) if owner == root and owner not in model.types else None
        member = action.parameters.get(step) if action else _member(model, owner, step)
        if member is None:
            return ""
        found = f"{owner}.{step}" if action else _declared(model, _owner(model, owner, step), step)
        owner = member.type
    return found


def _member(model: TypeModel, name: str, step: str) -> Member | None:
    owner = _owner(model, name, step)
    return model.types[owner].members.get(step) if owner in model.types else None


def _owner(model: TypeModel, name: str, step: str) -> str:
    """The type that has the member: ``name``, or one derived from it."""
    candidates = (name, *sorted(model.subtypes(name))) if name in model.types else ()
    return next((one for one in candidates if step in model.types[one].members), "")
