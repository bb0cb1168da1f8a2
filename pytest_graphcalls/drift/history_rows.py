"""Serialise differences for the history file, as redacted JSON text, and read them back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pytest_graphcalls.drift.difference import Difference
from pytest_graphcalls.drift.model import Acceptance, Entry, Sample, Status
from pytest_graphcalls.leakscan import scan
from pytest_graphcalls.redaction import OF_REPORTS, remembered
from pytest_graphcalls.sanitize import clean_json
from pytest_graphcalls.wire import Exchange, Headers, Notification, Request, Response

_FORM = "%Y-%m-%dT%H:%M:%SZ"


def text(moment: datetime) -> str:
    """Format a time in UTC, to the second; texts of this form sort by time."""
    return moment.astimezone(UTC).strftime(_FORM)


def moment(written: str) -> datetime:
    """Read the time that :func:`text` wrote."""
    return datetime.strptime(written, _FORM).replace(tzinfo=UTC)


def facts(entry: Entry) -> str:
    """Serialise a difference without secrets; an example that the leak scan refuses as a whole is dropped."""
    data = {
        "difference": entry.difference.to_json(),
        "standing": entry.status.value,
        "places": list(entry.places),
        "repeated": list(entry.repeated),
        "acceptance": entry.acceptance.to_json() if entry.acceptance else None,
        "sample": _sample(entry.sample) if entry.sample else None,
    }
    clean: dict[str, Any] = clean_json(data, people=True).value
    written = json.dumps(clean, ensure_ascii=False, separators=(",", ":"))
    if entry.sample is None or not any(scan(written, known=remembered())):
        return written
    return json.dumps({**clean, "sample": None}, ensure_ascii=False, separators=(",", ":"))


def entry(written: str, first: str, last: str, count: int) -> Entry:
    """Read the difference that :func:`facts` wrote, and the columns beside it: first and last night, and count."""
    data = json.loads(written)
    accepted, sample = data["acceptance"], data["sample"]
    return Entry(
        Difference.from_json(data["difference"]),
        Status(data["standing"]),
        tuple(data["places"]),
        moment(first),
        moment(last),
        count,
        repeated=(data["repeated"][0], data["repeated"][1]),
        acceptance=Acceptance.from_json(accepted) if accepted else None,
        sample=Sample(_read(sample["observed"]), _read(sample["expected"]), sample["where"]) if sample else None,
    )


def _sample(sample: Sample) -> dict[str, Any]:
    return {"observed": _seen(sample.observed), "expected": _seen(sample.expected), "where": sample.where}


def _seen(raw: Exchange | Notification | None) -> dict[str, Any] | None:
    """One side of a sample, redacted."""
    one = OF_REPORTS.seen(raw)
    if one is None:
        return None
    if isinstance(one, Notification):
        return {"posted_to": one.posted_to, "body": one.body, "at": one.at, "headers": list(one.headers.pairs)}
    request, response = one.request, one.response
    return {
        "request": [request.method, request.url, list(request.headers.pairs), _text(request.body)],
        "response": [response.status, list(response.headers.pairs), _text(response.body)],
        "seconds": one.seconds,
    }


def _read(data: Mapping[str, Any] | None) -> Exchange | Notification | None:
    if data is None:
        return None
    if "posted_to" in data:
        return Notification(data["posted_to"], data["body"], data["at"], _headers(data["headers"]))
    method, url, sent, asked = data["request"]
    status, received, answer = data["response"]
    return Exchange(
        Request(method, url, _headers(sent), asked.encode()),
        Response(status, _headers(received), answer.encode()),
        seconds=data["seconds"],
    )


def _headers(pairs: list[list[str]]) -> Headers:
    return Headers([(name, value) for name, value in pairs])


def _text(body: bytes) -> str:
    # Bytes that are not UTF-8 are kept as escapes.
    return body.decode("utf-8", "backslashreplace")
