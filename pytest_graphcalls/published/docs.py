"""What the reference pages state, and what the contract has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_graphcalls.contract import Contract, Operation
from pytest_graphcalls.contract.types import Member, TypeModel
from pytest_graphcalls.drift.difference import Difference, Kind, Origin
from pytest_graphcalls.drift.model import Unchecked
from pytest_graphcalls.published import docs_page
from pytest_graphcalls.published.docs_page import Include, Page, Row, Table

__all__ = ["Page", "differences"]

_ROUTE = re.compile(r"^\s*(GET|POST|PUT|PATCH|DELETE)\s+(\S+)", re.IGNORECASE)
_HOST = re.compile(r"^https?://[^/]+/(?:v1\.0|beta)(?=/)", re.IGNORECASE)
_KEY = re.compile(r"\{[^{}]*\}|<[^<>]*>")
_NAME = re.compile(r"\b[A-Z]\w*(?:\.\w+){1,3}\b")
_STATUS = re.compile(r"`?\b([1-5]\d\d)\b(?:,?\s+[A-Z]\w+|`)")
_LINK = re.compile(r"\[([^\[\]]++)\]\([^()]*+\)")
_VALUES = re.compile(r"`([A-Za-z]\w*)`")
_VALUES_FOLLOW = re.compile(r"possible values(?: are)?\s*:?", re.IGNORECASE)
REQUEST, RESPONSE, PERMISSIONS = "http request", "response", "permissions"
"""The headings that pages have, in small letters."""


@dataclass(frozen=True, slots=True)
class Stated:
    """One thing that a page states, and the line it stands on."""

    what: str
    line: int


@dataclass(frozen=True, slots=True)
class Permission:
    """A name in a table of permissions.

    Attributes:
        name: as it is printed.
        delegated: whether it is in a row of delegated permissions instead of application permissions.
        place: page, or included file, and line.
    """

    name: str
    delegated: bool
    place: str


@dataclass(frozen=True, slots=True)
class Documented:
    """A member or a parameter in a table.

    Attributes:
        name: its name.
        types: the types that its column names, without links; several where it may be one of them.
        collection: whether it is a list of that.
        values: the values that its description lists.
        line: where it stands.
    """

    name: str
    types: tuple[str, ...]
    collection: bool
    values: tuple[str, ...]
    line: int


def routes(page: Page) -> Iterator[Stated]:
    """Methods and paths of the block below "HTTP request", keys left open: ``POST /communications/calls/{}/reject``."""
    for block in page.blocks:
        if block.section != REQUEST:
            continue
        for offset, line in enumerate(block.text.splitlines()):
            if found := _ROUTE.match(line):
                yield Stated(f"{found.group(1).upper()} {open_keys(found.group(2))}", block.line + offset)


def open_keys(path: str) -> str:
    """A path without host, version and query, its keys left open."""
    return _KEY.sub("{}", _HOST.sub("", path).partition("?")[0].rstrip("/"))


def statuses(page: Page) -> Iterator[Stated]:
    """The statuses of success that the text below "Response" names."""
    for line, text in page.texts.get(RESPONSE, ()):
        yield from (Stated(status, line) for status in _STATUS.findall(text) if status.startswith("2"))


def permission_tables(page: Page, root: Path) -> Iterator[tuple[Page, Table] | Include]:
    """The tables of permissions, in the page or in files that it includes; an include that is not there as itself."""
    yield from ((page, table) for table in page.tables_of(PERMISSIONS) if _is_permissions(table))
    for include in page.includes:
        if include.section != PERMISSIONS:
            continue
        found = page.path.parent / include.target
        if not found.is_file() or root.resolve() not in found.resolve().parents:
            yield include
        else:
            other = Page.read(found.resolve(), root.resolve())
            yield from ((other, table) for table in other.tables if _is_permissions(table))


def permissions(page: Page, table: Table) -> Iterator[Permission]:
    """The names in a table of permissions, in the older layout (least to most) or the newer one (least, higher)."""
    for row in table.rows:
        if row.cells and row.cells[0]:
            sort = row.cells[0].lower()
            for name in _NAME.findall(" ".join(map(_unlinked, row.cells[1:]))):
                yield Permission(name, not sort.startswith("application"), page.at(row.line))


def _is_permissions(table: Table) -> bool:
    return bool(table.head) and table.head[0] == "permission type"


def documented(tables: Sequence[Table] | Iterator[Table]) -> Iterator[Documented]:
    """The members in tables whose columns are a name, a type and a description."""
    for table in tables:
        if len(table.head) >= 2 and table.head[0] in _NAME_HEADS and table.head[1] == "type":
            yield from filter(None, map(_documented, table.rows))


_NAME_HEADS = frozenset({"property", "parameter", "name", "relationship"})


def _documented(row: Row) -> Documented | None:
    name = _unlinked(row.cells[0]).strip("*`_ ")
    if len(row.cells) < 2 or not re.fullmatch(r"[A-Za-z]\w*", name):
        return None
    column = row.cells[1]
    words = _unlinked(column).replace("`", "").replace("*", "")
    collection = bool(re.search(r"\bcollection\b", words, re.IGNORECASE))
    types = tuple(
        word.rpartition(".")[2] for word in re.findall(r"[A-Za-z][\w.]*", words) if word.lower() not in _NO_TYPE
    )
    description = row.cells[2] if len(row.cells) > 2 else ""
    listed = _VALUES_FOLLOW.split(description, maxsplit=1)
    values = tuple(_VALUES.findall(listed[1].partition(". ")[0])) if len(listed) > 1 else ()
    return Documented(name, types, collection, values, row.line)


_NO_TYPE = frozenset({"collection", "or", "of", "and", "a", "an", "the", "list"})


def _unlinked(text: str) -> str:
    return _LINK.sub(r"\1", text)


Found = Difference | Unchecked
_SECTIONS = ("properties", "relationships")
_PRIMITIVES = frozenset({"String", "Boolean", "Int16", "Int32", "Int64", "Double", "Single", "Decimal", "Guid"}) | {
    "DateTimeOffset",
    "Duration",
    "Binary",
}


def differences(root: Path, contract: Contract, version: str) -> Iterator[Found]:
    """Where the pages of a checkout differ from the contract, and what of it could not be looked at.

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
    known = _by_name(pages)
    resources = _by_name(pages.parent / "resources")
    operations = [operation for operation in contract.operations.values() if version in operation.versions]
    if not any(operation.id in known for operation in operations):
        reason = f"none of the pages about calls is in {pages}; is it another product's?"
        yield Unchecked(f"documentation@{version}", reason)
        return
    for operation in operations:
        page = known.get(operation.id)
        if page is None:
            yield Unchecked(f"{operation.id}@{version}", f"there is no page {operation.id}.md in {pages}.")
        else:
            yield from _Page(Page.read(page, root), root, contract, operation, version).found()
    model = contract.types(version)
    needed = {name for operation in operations for name in _bodies(operation)}
    for name in sorted(model.types):
        place = resources.get(name.lower())
        if place is not None:
            yield from _resource(Page.read(place, root), model, name)
        elif name in needed:
            reason = f"there is no page {name.lower()}.md in {pages.parent / 'resources'}."
            yield Unchecked(f"{name}@{version}", reason)


def _by_name(folder: Path) -> dict[str, Path]:
    """The pages of a folder by their names in small letters: links to them are written either way."""
    return {path.stem.lower(): path for path in sorted(folder.glob("*.md"))}


def _bodies(operation: Operation) -> Iterator[str]:
    yield from (response.body for response in operation.responses.values() if response.body)
    if operation.request.body not in {"none", "action"}:
        yield operation.request.body


@dataclass(frozen=True, slots=True)
class _Page:
    """The page of one operation."""

    page: Page
    root: Path
    contract: Contract
    operation: Operation
    version: str

    def found(self) -> Iterator[Found]:
        yield from self._routes()
        yield from self._permissions()
        yield from self._statuses()
        yield from self._body()
        address = self.operation.page(self.version)
        yield from docs_page.differences(self.page, self.contract, self.operation.id, self.version, address)

    def _difference(self, kind: Kind, where: str, before: str, after: str, place: str, hint: str = "") -> Difference:
        subject, page = self.operation.id, self.operation.page(self.version)
        return Difference(kind, Origin.DOCUMENTATION, self.version, subject, where, before, after, place, page, hint)

    def _unchecked(self, what: str, reason: str) -> Unchecked:
        return Unchecked(f"{self.operation.id}.{what}@{self.version}", f"{self.page.place}: {reason}")

    def _routes(self) -> Iterator[Found]:
        stated = list(routes(self.page))
        if not stated:
            yield self._unchecked("path", "below 'HTTP request' stands no method with a path.")
            return
        promised = {
            f"{self.operation.method} {open_keys(path)}".lower(): path for path in self.operation.paths(self.version)
        }
        said = {one.what.lower(): one for one in stated}
        for route, path in promised.items():
            if route not in said:
                where = f"{self.operation.method} {open_keys(path)}"
                yield self._difference(Kind.PATH_GONE, where, where, "", self.page.at(stated[0].line))
        for route, one in said.items():
            if route not in promised and not self._elsewhere(one.what):
                yield self._difference(Kind.PATH_NEW, one.what, "", one.what, self.page.at(one.line))

    def _elsewhere(self, route: str) -> bool:
        """Whether the route is a known address of this operation that the version's page need not name."""
        method, _, path = route.partition(" ")
        match = self.contract.match(method, f"/{self.version}{path}")
        return getattr(match, "operation", None) == self.operation

    def _permissions(self) -> Iterator[Found]:
        tables = list(permission_tables(self.page, self.root))
        for include in tables:
            if isinstance(include, Include):
                yield self._unchecked("permissions", f"it includes {include.target}, which is not there.")
        printed = [
            permission for found in tables if not isinstance(found, Include) for permission in permissions(*found)
        ]
        if not tables:
            yield self._unchecked("permissions", "below 'Permissions' stands no table and no included file.")
        if len(tables) == sum(not isinstance(found, Include) for found in tables) > 0:
            yield from self._printed(printed, self._first_place(tables))

    def _first_place(self, tables: Iterable[object]) -> str:
        first = next(found for found in tables if isinstance(found, tuple))
        page, table = first
        return str(page.at(table.rows[0].line if table.rows else 1))

    def _printed(self, printed: list[Permission], place: str) -> Iterator[Difference]:
        promised = self.operation.permissions
        known = {spelling.lower() for spelling in promised.accepted}
        applications = {one.name.lower() for one in printed if not one.delegated}
        for one in {(one.name.lower(), one.delegated): one for one in printed}.values():
            if one.delegated:
                where = "permissions, delegated"
                yield self._difference(Kind.PERMISSION_NEW, where, "", one.name, one.place)
            elif one.name.lower() not in known:
                yield self._difference(Kind.PERMISSION_NEW, "permissions", "", one.name, one.place)
        for name in (*promised.least, *promised.higher):
            spellings = {name.lower(), *(other.lower() for other in promised.spellings.get(name, ()))}
            if not spellings & applications:
                where = f"permissions, {name}"
                yield self._difference(Kind.PERMISSION_GONE, where, name, "", place)

    def _statuses(self) -> Iterator[Found]:
        stated = {one.what: one for one in statuses(self.page)}
        promised = {str(status) for status in self.operation.responses}
        if not stated:
            yield self._unchecked("status", "the text below 'Response' names no status.")
            return
        before = " or ".join(sorted(promised))
        for status, one in stated.items():
            if status not in promised:
                yield self._difference(Kind.STATUS_CHANGED, "status", before, status, self.page.at(one.line))

    def _body(self) -> Iterator[Difference]:
        action = self.contract.types(self.version).actions.get(self.operation.action)
        stated = {one.name: one for one in documented(self.page.tables_of("request body"))}
        if self.operation.request.body != "action" or action is None or not stated:
            return
        page = self.operation.page(self.version)
        for name, one in stated.items():
            if name not in action.parameters:
                facts = (name, "", " or ".join(one.types), self.page.at(one.line), page)
                yield Difference(Kind.PARAMETER_NEW, Origin.DOCUMENTATION, self.version, action.name, *facts)
            else:
                known = action.parameters[name]
                yield from _values(self.contract.types(self.version), action.name, one, known, self.page.at(one.line))
        line = next(iter(stated.values())).line
        for name, member in action.parameters.items():
            if name not in stated:
                facts = (name, member.type, "", self.page.at(line), page)
                yield Difference(Kind.MEMBER_UNMENTIONED, Origin.DOCUMENTATION, self.version, action.name, *facts)


def _resource(page: Page, model: TypeModel, name: str) -> Iterator[Found]:
    """The members in the tables of a resource's page."""
    stated = {one.name: one for one in documented(page.tables_of(*_SECTIONS))}
    if not stated:
        return
    members = model.types[name].members
    for member, one in stated.items():
        known = members.get(member)
        place = page.at(one.line)
        respelled = next((other for other in members if other.lower() == member.lower()), "")
        if known is not None:
            yield from _member(model, name, one, known, place)
        elif respelled and _spelled(page, respelled):
            continue  # a slip of the table that the page's own JSON puts right
        elif respelled:
            yield _said(
                Kind.LETTER_CASE_CHANGED, model, name, member=respelled, before=respelled, after=member, place=place
            )
        else:
            after = " or ".join(one.types) or "a value"
            yield _said(Kind.MEMBER_NEW, model, name, member=member, before="", after=after, place=place)
    spelled = {member.lower() for member in stated}
    last = max(one.line for one in stated.values())
    for member, known in members.items():
        if member.lower() not in spelled and _own(model, name, member):
            facts = {"member": member, "before": known.type, "after": "", "place": page.at(last)}
            yield _said(Kind.MEMBER_UNMENTIONED, model, name, **facts)


def _own(model: TypeModel, name: str, member: str) -> bool:
    """Whether the metadata declares the member for this very type; of no other a table has to speak."""
    inherited = any(member in model.types[base].members for base in model.types[name].bases)
    return not inherited and member not in model.added.get(name, ())


def _spelled(page: Page, member: str) -> bool:
    return any(f'"{member}"' in block.text for block in page.blocks if block.section == "json representation")


def _member(model: TypeModel, name: str, one: Documented, known: Member, place: str) -> Iterator[Difference]:
    yield from _values(model, name, one, known, place)
    if not _may_be(model, one, known):
        words = (f"list of {known.type}" if known.collection else known.type, _words(one))
        yield _said(Kind.TYPE_CHANGED, model, name, member=one.name, before=words[0], after=words[1], place=place)


def _values(model: TypeModel, name: str, one: Documented, known: Member, place: str) -> Iterator[Difference]:
    """The values that a description lists, and the enumeration does not have."""
    if known.type not in model.enums:
        return
    members = {member.lower() for member in model.enums[known.type].members}
    for value in one.values:
        if value.lower() not in members:
            facts = (known.type, value, "", value, place)
            hint = f"Listed for {name}.{one.name}."
            yield Difference(Kind.ENUM_MEMBER_NEW, Origin.DOCUMENTATION, model.version, *facts, hint=hint)


def _may_be(model: TypeModel, one: Documented, known: Member) -> bool:
    """Whether the types of the column go with the model's; what the column does not name counts as going with it."""
    names = {"edm." + type_.lower() if type_ in _PRIMITIVES else type_.lower() for type_ in one.types}
    if not names or known.type == "Edm.Untyped":
        return True
    if one.collection != known.collection:
        return False
    if known.type in model.enums:
        return bool(names & {known.type.lower(), "edm.string"}) or not _known(model, names)
    family = {known.type}
    if known.type in model.types:
        family |= {*model.subtypes(known.type), *model.types[known.type].bases}
    return bool(names & {member.lower() for member in family}) or not _known(model, names)


def _known(model: TypeModel, names: Iterable[str]) -> bool:
    """Whether all ``names`` are of the model: what is not is another product's word for it, or a typing error."""
    all_names = {name.lower() for name in (*model.types, *model.enums)}
    return all(name in all_names or name.startswith("edm.") for name in names)


def _words(one: Documented) -> str:
    words = " or ".join(one.types)
    return f"list of {words}" if one.collection else words


def _said(kind: Kind, model: TypeModel, name: str, *, member: str, before: str, after: str, place: str) -> Difference:
    return Difference(kind, Origin.DOCUMENTATION, model.version, name, member, before, after, place)
