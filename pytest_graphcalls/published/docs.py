"""Comparison of the statements of reference pages with the contract."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pytest_graphcalls.contract import Contract, Operation
from pytest_graphcalls.contract.loading import ContractFiles
from pytest_graphcalls.contract.types import Member, TypeModel
from pytest_graphcalls.drift.difference import Difference, Kind, Origin
from pytest_graphcalls.drift.model import Unchecked
from pytest_graphcalls.published import docs_examples
from pytest_graphcalls.published.csdl import SENTINEL
from pytest_graphcalls.published.docs_page import (
    REQUEST_BODY,
    RESPONSE,
    Documented,
    Include,
    Page,
    Permission,
    Table,
    documented,
    durations,
    limits,
    open_keys,
    permission_tables,
    permissions,
    routes,
    statuses,
)

_NO_REQUEST_BODY = re.compile(
    r"\b(?:do not|don.t|does not|doesn.t|no need to)\b[^.]*\bbody\b|\bno (?:request )?body\b", re.IGNORECASE
)
_NO_RESPONSE_BODY = re.compile(r"\b(?:does not|doesn.t|not) return anything\b|\bno (?:response )?body\b", re.IGNORECASE)
_TYPES = re.compile(r"\[(\w+)\]\(")
Found = Difference | Unchecked
_SECTIONS = ("properties", "relationships")
_PRIMITIVES = frozenset({"String", "Boolean", "Int16", "Int32", "Int64", "Double", "Single", "Decimal", "Guid"}) | {
    "DateTimeOffset",
    "Duration",
    "Binary",
}


def differences(root: Path, contract: Contract, version: str) -> Iterator[Found]:
    """The differences between the pages of a checkout and the contract, and the parts not looked at.

    Args:
        root: the checkout; its pages lie in ``api-reference/<version>/api`` and ``…/resources``.
        contract: the contract.
        version: ``v1.0`` or ``beta``.

    Raises:
        OSError: a page is there and cannot be read.
    """
    pages = root / "api-reference" / version / "api"
    if not pages.is_dir():
        reason = f"{pages} is no folder; expected a checkout of the reference of Microsoft Graph."
        yield Unchecked(f"documentation@{version}", reason)
        return
    known, resources = _by_name(pages), _by_name(pages.parent / "resources")
    operations = [one for one in contract.operations.values() if version in one.versions]
    if not any(_page_name(operation, version) in known for operation in operations):
        reason = f"none of the pages about calls is in {pages}; is it another product's?"
        yield Unchecked(f"documentation@{version}", reason)
        return
    stated = ContractFiles().read("pages.yaml", "pages")
    for operation in operations:
        name = _page_name(operation, version)
        if name not in known:
            reason = f"there is no page for {operation.page(version)} in {pages}."
            yield Unchecked(f"{operation.id}@{version}", reason)
        else:
            page = Page.read(known[name], root)
            yield from _OperationPage(page, contract, version, stated, root, operation).found()
    model = contract.types(version)
    needed = {body for operation in operations for body in _bodies(operation)}
    for name in sorted(model.types):
        place = resources.get(name.lower())
        if place is not None:
            yield from _ResourcePage(Page.read(place, root), contract, version, stated, name).found()
        elif name in needed:
            reason = f"there is no page {name.lower()}.md in {pages.parent / 'resources'}."
            yield Unchecked(f"{name}@{version}", reason)


def _by_name(folder: Path) -> dict[str, Path]:
    """The pages of a folder by their names in small letters: links to them are written either way."""
    return {path.stem.lower(): path for path in sorted(folder.glob("*.md"))}


def _page_name(operation: Operation, version: str) -> str:
    """The name of the page of an operation: the last part of its address."""
    return urlsplit(operation.page(version)).path.rpartition("/")[2]


def _bodies(operation: Operation) -> Iterator[str]:
    yield from (response.body for response in operation.responses.values() if response.body)
    if operation.request.body not in {"none", "action"}:
        yield operation.request.body


@dataclass(frozen=True, slots=True)
class _Compared:
    """A page with the part of the contract that it is compared with."""

    page: Page
    contract: Contract
    version: str
    stated: Mapping[str, Any]

    @property
    def model(self) -> TypeModel:
        """The types of the version."""
        return self.contract.types(self.version)

    def _difference(
        self, kind: Kind, subject: str, where: str, before: str, after: str, line: int | str, **more: str
    ) -> Difference:
        place = self.page.at(line) if isinstance(line, int) else line
        return Difference(kind, Origin.DOCUMENTATION, self.version, subject, where, before, after, place, **more)

    def _values(self, subject: str, one: Documented, known: Member) -> Iterator[Difference]:
        """The values that a description lists besides those of the enumeration, and those that it lists no longer."""
        if known.type not in self.model.enums or not one.values:
            return
        hint = f"Listed for {subject}.{one.name}."
        members = {member.lower(): member for member in self.model.enums[known.type].members}
        listed = {value.lower(): value for value in one.values}
        for value in listed.keys() - members.keys():
            facts = (known.type, listed[value], "", listed[value], one.line)
            yield self._difference(Kind.ENUM_MEMBER_NEW, *facts, hint=hint)
        unlisted = {SENTINEL, *self.stated["unlisted"].get(f"{subject}.{one.name}", ())}
        for value in sorted(members.keys() - listed.keys() - {name.lower() for name in unlisted}):
            facts = (known.type, members[value], members[value], "", one.line)
            hint = f"Not listed for {subject}.{one.name} any more."
            yield self._difference(Kind.ENUM_MEMBER_GONE, *facts, hint=hint)


@dataclass(frozen=True, slots=True)
class _OperationPage(_Compared):
    """The page of an operation."""

    root: Path
    operation: Operation

    def found(self) -> Iterator[Found]:
        yield from self._routes()
        yield from self._permissions()
        yield from self._statuses()
        yield from self._parameters()
        yield from self._request_body()
        yield from self._response_body()
        yield from self._limits()
        yield from self._durations()
        yield from docs_examples.differences(
            self.page, self.contract, self.operation.id, self.version, self.operation.page(self.version)
        )

    def _own(self, kind: Kind, where: str, before: str, after: str, line: int | str) -> Difference:
        page = self.operation.page(self.version)
        return self._difference(kind, self.operation.id, where, before, after, line, page=page)

    def _unchecked(self, what: str, reason: str) -> Unchecked:
        return Unchecked(f"{self.operation.id}.{what}@{self.version}", f"{self.page.place}: {reason}")

    def _routes(self) -> Iterator[Found]:
        stated = list(routes(self.page))
        if not stated:
            yield self._unchecked("path", "below 'HTTP request' stands no method with a path.")
            return
        paths = (f"{self.operation.method} {open_keys(path)}" for path in self.operation.paths(self.version))
        promised = {path.lower(): path for path in paths}
        printed = {one.what.lower(): one for one in stated}
        for route in promised.keys() - printed.keys():
            yield self._own(Kind.PATH_GONE, promised[route], promised[route], "", stated[0].line)
        for route, one in printed.items():
            if route not in promised and not self._elsewhere(one.what) and one.what not in self._unjudged():
                yield self._own(Kind.PATH_NEW, one.what, "", one.what, one.line)

    def _elsewhere(self, route: str) -> bool:
        """Whether the route is a known address of this operation, or of the other operation that shares the page."""
        method, _, path = route.partition(" ")
        found = getattr(self.contract.match(method, f"/{self.version}{path}"), "operation", None)
        return found is not None and found.page(self.version) == self.operation.page(self.version)

    def _unjudged(self) -> Collection[str]:
        """Addresses and delegated permissions on the page that the contract does not judge."""
        found: list[str] = self.stated["unjudged"].get(self.page.path.stem.lower(), [])
        return found

    def _permissions(self) -> Iterator[Found]:
        tables: list[tuple[Page, Table]] = []
        missing = False
        for found in permission_tables(self.page, self.root):
            if isinstance(found, Include):
                missing = True
                yield self._unchecked("permissions", f"it includes {found.target}, which is not there.")
            else:
                tables.append(found)
        if tables and not missing:
            page, table = tables[0]
            printed = [one for found in tables for one in permissions(*found)]
            yield from self._printed(printed, page.at(table.rows[0].line if table.rows else 1))
        elif not missing:
            yield self._unchecked("permissions", "below 'Permissions' stands no table and no included file.")

    def _printed(self, printed: list[Permission], place: str) -> Iterator[Difference]:
        promised = self.operation.permissions
        known = {spelling.lower() for spelling in promised.accepted}
        applications = {one.name.lower() for one in printed if not one.delegated}
        for one in {(one.name.lower(), one.delegated): one for one in printed}.values():
            if one.name not in self._unjudged() if one.delegated else one.name.lower() not in known:
                where = "permissions, delegated" if one.delegated else "permissions"
                yield self._own(Kind.PERMISSION_NEW, where, "", one.name, one.place)
        for name in (*promised.least, *promised.higher):
            spellings = {name.lower(), *(other.lower() for other in promised.spellings.get(name, ()))}
            if not spellings & applications:
                yield self._own(Kind.PERMISSION_GONE, f"permissions, {name}", name, "", place)

    def _statuses(self) -> Iterator[Found]:
        stated = {one.what: one for one in statuses(self.page)}
        promised = {str(status) for status in self.operation.responses}
        if not stated:
            yield self._unchecked("status", "the text below 'Response' names no status.")
            return
        before = " or ".join(sorted(promised))
        for status, one in stated.items():
            if status not in promised:
                yield self._own(Kind.STATUS_CHANGED, "status", before, status, one.line)

    def _rows(self) -> dict[str, Documented]:
        """The parameters or members in the table of the request body."""
        return {one.name: one for one in documented(self.page.tables_of(REQUEST_BODY))}

    def _parameters(self) -> Iterator[Difference]:
        action, stated = self.model.actions.get(self.operation.action), self._rows()
        if self.operation.request.body != "action" or action is None or not stated:
            return
        page = self.operation.page(self.version)
        for name, one in stated.items():
            known = action.parameters.get(name)
            if known is None:
                facts = (action.name, name, "", " or ".join(one.types), one.line)
                yield self._difference(Kind.PARAMETER_NEW, *facts, page=page)
            else:
                yield from self._values(action.name, one, known)
        line = next(iter(stated.values())).line
        for name in action.parameters.keys() - stated.keys():
            facts = (action.name, name, action.parameters[name].type, "", line)
            yield self._difference(Kind.MEMBER_UNMENTIONED, *facts, page=page)

    def _request_body(self) -> Iterator[Difference]:
        """Whether the page asks for a body as the contract does."""
        lines = self.page.texts.get(REQUEST_BODY, [])
        promised = self.operation.request.body != "none"
        stated = bool(self._rows()) or not any(_NO_REQUEST_BODY.search(text) for _, text in lines)
        if lines and promised != stated:
            kind, words = (Kind.BODY_NEW, ("", "a body")) if stated else (Kind.BODY_GONE, ("a body", ""))
            yield self._own(kind, "request body", *words, lines[0][0])

    def _response_body(self) -> Iterator[Difference]:
        """Whether the text below "Response" names the type of the answer, where it names one."""
        lines = self.page.texts.get(RESPONSE, [])
        types = {name.lower(): name for name in self.model.types}
        named = {
            types[word.lower()]: line for line, text in lines for word in _TYPES.findall(text) if word.lower() in types
        }
        empty = [line for line, text in lines if _NO_RESPONSE_BODY.search(text)]
        body = next(iter(self.operation.responses.values())).body
        if not body and named and not empty:
            yield self._own(Kind.BODY_NEW, "response body", "", ", ".join(named), next(iter(named.values())))
        elif body and named and not set(self._family(body)) & named.keys():
            yield self._own(Kind.TYPE_CHANGED, "response body", body, ", ".join(named), next(iter(named.values())))
        elif body and empty and not named:
            yield self._own(Kind.BODY_GONE, "response body", body, "", empty[0])

    def _family(self, name: str) -> tuple[str, ...]:
        return name, *self.model.subtypes(name), *self.model.types[name].bases

    def _limits(self) -> Iterator[Difference]:
        """The numbers that the page states as limits of a parameter, in its row or in a sentence with its name."""
        promised: dict[str, set[int]] = {}
        request = self.operation.request
        for one in request.constraints if request.body == "action" else ():  # a type has a page of its own
            numbers = {value for keyword, value in one.limits.items() if keyword != "pattern"}
            promised.setdefault(one.at, set()).update(numbers)
        rows = self._rows()
        for at, numbers in promised.items():
            row, noun = rows.get(at), at.rpartition(".")[2]
            stated = {number: line for line, text in self.page.lines() for number in limits(text, noun)}
            stated |= dict.fromkeys(limits(row.description), row.line) if row else {}
            if numbers:
                yield from self._numbers(f"{at}, limit", numbers, stated)

    def _durations(self) -> Iterator[Difference]:
        """The durations that the page states, unit by unit."""
        entries = self.stated["durations"].get(self.operation.id, {})
        promised = {duration: where for text, where in entries.items() for duration in durations(text)}
        stated = {duration: line for line, text in self.page.lines() for duration in durations(text)}
        for unit in sorted({unit for _, unit in promised}):
            wanted = {number: where for (number, other), where in promised.items() if other == unit}
            found = {number: line for (number, other), line in stated.items() if other == unit}
            yield from self._numbers(next(iter(wanted.values())), wanted.keys(), found, f" {unit}s")

    def _numbers(
        self, where: str, promised: Collection[float], stated: Mapping[int, int], unit: str = ""
    ) -> Iterator[Difference]:
        """Differences between the numbers that a page states and the promised ones."""
        gone, new = sorted({*promised} - stated.keys()), sorted(stated.keys() - {*promised})
        before, after = (", ".join(f"{number}{unit}" for number in numbers) for numbers in (gone, new))
        if new:
            before = before or ", ".join(f"{number}{unit}" for number in sorted(promised))
            yield self._own(Kind.VALUE_CHANGED, where, before, after, stated[new[0]])
        elif gone and self.page.texts:
            yield self._own(Kind.MEMBER_UNMENTIONED, where, before, "", 1)


@dataclass(frozen=True, slots=True)
class _ResourcePage(_Compared):
    """The page of a type."""

    name: str

    def found(self) -> Iterator[Found]:
        """The members in its tables that differ from those of the type."""
        stated = {one.name: one for one in documented(self.page.tables_of(*_SECTIONS))}
        if not stated:
            return
        members = self.model.types[self.name].members
        for member, one in stated.items():
            respelled = next((other for other in members if other.lower() == member.lower()), "")
            if member in members:
                yield from self._values(self.name, one, members[member])
                yield from self._type(one, members[member])
            elif not respelled:
                after = " or ".join(one.types) or "a value"
                yield self._difference(Kind.MEMBER_NEW, self.name, member, "", after, one.line)
            elif not self._spelled(respelled):  # else a slip of the table that the page's own JSON puts right
                yield self._difference(Kind.LETTER_CASE_CHANGED, self.name, respelled, respelled, member, one.line)
        spelled = {member.lower() for member in stated}
        last = max(one.line for one in stated.values())
        for member, known in members.items():
            if member.lower() not in spelled and self._declared(member):
                yield self._difference(Kind.MEMBER_UNMENTIONED, self.name, member, known.type, "", last)

    def _declared(self, member: str) -> bool:
        """Whether the metadata declares the member for this very type; of no other a table has to speak."""
        inherited = any(member in self.model.types[base].members for base in self.model.types[self.name].bases)
        return not inherited and member not in self.model.added.get(self.name, ())

    def _spelled(self, member: str) -> bool:
        blocks = (block for block in self.page.blocks if block.section == "json representation")
        return any(f'"{member}"' in block.text for block in blocks)

    def _type(self, one: Documented, known: Member) -> Iterator[Difference]:
        if not _may_be(self.model, one, known):
            before = f"list of {known.type}" if known.collection else known.type
            words = " or ".join(one.types)
            after = f"list of {words}" if one.collection else words
            yield self._difference(Kind.TYPE_CHANGED, self.name, one.name, before, after, one.line)


def _may_be(model: TypeModel, one: Documented, known: Member) -> bool:
    """Whether the types of the column go with the model's; what the column does not name counts as going with it."""
    names = {"edm." + type_.lower() if type_ in _PRIMITIVES else type_.lower() for type_ in one.types}
    if not names or known.type == "Edm.Untyped":
        return True
    if one.collection != known.collection:
        return False
    family = {known.type}
    if known.type in model.enums:
        family.add("edm.string")
    if known.type in model.types:
        family |= {*model.subtypes(known.type), *model.types[known.type].bases}
    return bool(names & {member.lower() for member in family}) or not _known(model, names)


def _known(model: TypeModel, names: Iterable[str]) -> bool:
    """Whether all ``names`` are of the model: what is not is another product's word for it, or a typing error."""
    all_names = {name.lower() for name in (*model.types, *model.enums)}
    return all(name in all_names or name.startswith("edm.") for name in names)
