"""Stands between vcrpy and the disk, for tests with ``@pytest.mark.vcr``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from pytest_graphcalls import cassette
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.recording.played import with_sign_ins
from pytest_graphcalls.recording.safety import Safety
from pytest_graphcalls.recording.tape import Facts, Tape, facts_of
from pytest_graphcalls.recording.written import passport_of, redacted

_URL = re.compile(r"https?://[^\s\"'<>]{3,2000}")


class Persister:
    """Loads and saves the cassette of one test in vcrpy's place.

    Args:
        safety: says what is to be redacted.
        tape: of the test.
        inner: the persister that was registered before; it keeps cassettes that hold nothing of Graph.
    """

    def __init__(self, safety: Safety, tape: Tape, inner: Any) -> None:
        self._safety = safety
        self._tape = tape
        self._inner = inner
        self._before = ""

    def load_cassette(self, cassette_path: str | Path, serializer: Any) -> Any:
        """See vcrpy. The metadata of vcrpy 9 come along; extra cassettes of the mark follow the first one.

        In the mode ``rewrite`` nothing of the first one is loaded.
        """
        from vcr.persisters.filesystem import CassetteNotFoundError

        path = Path(cassette_path)
        self._before = cassette.state(path)
        wanted = ([] if self._tape.rewriting else [path]) + [Path(one) for one in self._extra_paths]
        loaded = [self._loaded(one, serializer) for one in dict.fromkeys(wanted) if one.is_file()]
        requests, responses = (list(chain.from_iterable(one[part] for one in loaded)) for part in (0, 1))
        if not requests:
            raise CassetteNotFoundError
        return (requests, responses, *loaded[0][2:])

    @property
    def _extra_paths(self) -> Iterable[str]:
        paths: Iterable[str] = getattr(self._inner, "extra_paths", ())
        return paths

    def _loaded(self, path: Path, serializer: Any) -> Any:
        from vcr.serialize import deserialize

        try:
            text = path.read_text(encoding="utf-8", errors="replace")
            if text.strip() and not self._concerns_us(text):
                return deserialize(text, serializer)
            found = cassette.opened(path)
        except RecordingError as error:
            pytest.fail(str(error), pytrace=False)
        self._tape.facts.append(facts_of(found, state="played"))
        return deserialize("", _Given(with_sign_ins(found)))

    def _concerns_us(self, text: str) -> bool:
        return cassette.MEMBER in text or any(map(self._safety.ours, set(_URL.findall(text))))

    def save_cassette(self, cassette_path: str | Path, cassette_dict: Mapping[str, Any], serializer: Any) -> None:
        """See vcrpy. What concerns Graph is written when the test has passed."""
        from vcr.serialize import serialize

        data: Mapping[str, Any] = serialize(cassette_dict, _Given())
        if any(self._safety.ours(str(row["request"]["uri"])) for row in data["interactions"]):
            self._tape.waiting.append(partial(self._written, Path(cassette_path), data, serializer))
        else:
            self._inner.save_cassette(cassette_path, cassette_dict, serializer)

    @property
    def _test(self) -> str:
        return f"{self._tape.item.path.name}::{self._tape.item.name}"

    def _written(self, path: Path, data: Mapping[str, Any], serializer: Any) -> Facts:
        redactor = self._safety.for_writing()
        safe = redacted(path, data["interactions"], self._safety)
        metadata = redactor.json(data["metadata"]) if data.get("metadata") else None
        made = {
            cassette.MEMBER: passport_of(safe, self._safety, self._test).sealed(safe.rows).to_json(),
            "interactions": safe.rows,
            **({"metadata": metadata} if metadata else {}),
            "version": data["version"],
        }
        text = serializer.serialize(made) if path.suffix == ".json" else cassette.dump(made)
        cassette.save(path, text, known=self._safety.known(), before=self._before)
        return facts_of(cassette.opened(path), state="written")


class _Given:
    """A serializer that hands over what was read already, and takes what is to be written as it is."""

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        self._data = data

    def deserialize(self, _: str) -> Mapping[str, Any] | None:
        return self._data

    def serialize(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        return data
