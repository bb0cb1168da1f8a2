"""Compare an answer with its own request: what it repeats of the body, of the path, or of an earlier answer.

The places are data of an operation's file (``responses.<status>.repeats``). A list of people is compared by the ids in
their identities, because the service adds names and tenants to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_graphcalls.contract.model import Repeat
from pytest_graphcalls.wire import path_segments

_ID = re.compile(r"^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A place of an answer that says something other than it should repeat.

    Attributes:
        where: its JSON path.
        wanted: what it should be; of people a tuple of their ids.
        got: what it is; ``None`` where it is absent or null.
        rule: slug of the rule that says so, or ``""``.
        spelling: whether the two are one id in different spellings.
    """

    where: str
    wanted: Any
    got: Any
    rule: str
    spelling: bool = False


def disagreements(repeat: Repeat, known: Any, answer: Any) -> list[Disagreement]:
    """Compare one place.

    Args:
        repeat: the place, and what it repeats.
        known: the JSON that holds what is repeated: the request's body, the keys of the path, or an earlier answer.
        answer: the decoded body of the answer.
    """
    wanted, got = member(known, repeat.name), member(answer, repeat.at)
    if wanted is None or wanted == got or (repeat.any_case and str(wanted).lower() == str(got).lower()):
        return []
    if repeat.at == "@odata.type" and str(wanted).lstrip("#") == str(got).lstrip("#"):
        return []  # its spelling is reported by the check of the shape
    if repeat.people is not None:
        return list(_people(repeat, repeat.people, wanted, got))
    if got is None and repeat.of != "request":
        return []  # an id or type that is absent is reported by the check of the shape
    if not isinstance(wanted, str) or wanted.startswith("{"):
        return []  # of another type, which is reported for the request; or a placeholder, as the pages print it
    return [Disagreement(f"$.{repeat.at}", wanted, got, repeat.rule, same_id(wanted, got))]


def _people(repeat: Repeat, members: Mapping[str, str], asked: Any, shown: Any) -> Iterator[Disagreement]:
    if not isinstance(asked, list) or not asked:
        return
    wanted = {person(one): one for one in asked}
    got = {person(one): index for index, one in enumerate(shown)} if isinstance(shown, list) else {}
    if "" in wanted:
        return  # a person without an id cannot be recognised
    if wanted.keys() != got.keys():
        # With replacesCallId the first entry alone counts; whether the others are listed is an open question.
        replacing = any(member(one, "replacesCallId") for one in asked)
        if not (replacing and got and got.keys() <= wanted.keys()):
            yield Disagreement(f"$.{repeat.at}", tuple(sorted(wanted)), tuple(sorted(got)), repeat.rule)
    for name, rule in members.items():
        for id, one in wanted.items():
            value = member(one, name)
            if value is not None and id in got and value != member(shown[got[id]], name):
                place = f"$.{repeat.at}[{got[id]}].{name}"
                yield Disagreement(place, value, member(shown[got[id]], name), rule)


def person(entry: Any) -> str:
    """The id of the person or phone that an invitation names, in one spelling; ``""`` where it names none."""
    identity = member(entry, "identity")
    for one in identity.values() if isinstance(identity, dict) else ():
        id = member(one, "id")
        if isinstance(id, str):
            return id.lower()
    return ""


def member(value: Any, path: str) -> Any:
    """The value at a dotted ``path``, or ``None``; names of members are compared without letter case."""
    for name in (path,) if path[0] == "@" or "." not in path else path.split("."):
        if type(value) is not dict:
            return None
        found = value.get(name)
        if found is None and name not in value:
            length = len(name)
            others = [key for key in value if len(key) == length and key.lower() == name.lower()]
            found = value[others[0]] if others else None
        value = found
    return value


def same_id(one: Any, other: Any) -> bool:
    """Whether both are the same GUID, written with other letters or without dashes."""
    return (
        isinstance(one, str)
        and isinstance(other, str)
        and _ID.match(one) is not None
        and one.replace("-", "").lower() == other.replace("-", "").lower()
    )


@dataclass(frozen=True, slots=True)
class Address:
    """How an address compares with the one that a header should have.

    Attributes:
        wanted: the template, with what is known of its keys filled in.
        form: whether the address has the segments of the template.
        ids: whether it names the ids, too; those that are not known may be any.
        spelling: whether they differ in their spelling alone.
    """

    wanted: str
    form: bool = True
    ids: bool = True
    spelling: bool = False


def address(template: str, value: str, keys: Mapping[str, str], answer: Any) -> Address:
    """Compare an address with a template.

    Args:
        template: e.g. ``/communications/calls/{call-id}/operations/{id}``.
        value: the address, absolute or not.
        keys: the keys of the request's path.
        answer: the decoded body of the answer, where the other keys of the template are looked up.
    """
    wanted = _KEY.sub(lambda found: _filled(found[1], keys, answer), template)
    if "{" not in wanted and value.endswith(wanted):
        return Address(wanted)
    parts, should = path_segments(template), path_segments(wanted)
    got = path_segments(value.partition("?")[0])[-len(parts) :]
    if len(got) != len(parts):
        return Address(wanted, form=False)
    triples = list(zip(parts, should, got, strict=True))
    form = all(part.startswith("{") or part.lower() == one.lower() for part, _, one in triples)
    ids = [(right, one) for part, right, one in triples if part.startswith("{") and not right.startswith("{")]
    equal = all(right == one for right, one in ids)
    return Address(wanted, form, equal, not equal and all(right == one or same_id(right, one) for right, one in ids))


_KEY = re.compile(r"\{([^}]+)\}")


def _filled(name: str, keys: Mapping[str, str], answer: Any) -> str:
    value = keys.get(name) or member(answer, name)
    return value if isinstance(value, str) and "{" not in value else f"{{{name}}}"
