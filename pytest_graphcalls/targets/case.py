"""What makes a test ask the same questions each time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5


@dataclass(frozen=True, slots=True)
class Case:
    """A test that is recorded or replayed.

    Attributes:
        path: its cassette.
        name: ``file::test``; another test's cassette is never written over.
        again: the command that records it.
        made: what the test makes up, by what it stands for: the number of an id, or a name. It goes into the passport,
            so that a cassette plays whatever pseudonyms look like in a later version.
        compared: whether its recording is compared with another night's; then a service that fails is no answer.
    """

    path: Path
    name: str
    again: str
    made: dict[str, str] = field(default_factory=dict, compare=False)
    compared: bool = False

    def ids(self) -> Iterator[str]:
        """Ids for what the test makes up: the same each time, no other test's, and left alone by redaction."""
        for number in map(str, count(1)):
            yield self.made.get(number) or self._make(
                "guid", number, str(uuid5(NAMESPACE_URL, f"{self.name}:{number}"))
            )

    def called(self, name: str) -> str:
        """A display name of the test's own, in a form that redaction leaves alone."""
        return self.made.get(name) or self._make("name", name, name)

    def _make(self, kind: str, what: str, text: str) -> str:
        from pytest_graphcalls.redaction.fields import Kind
        from pytest_graphcalls.redaction.pseudonyms import Pseudonyms

        self.made[what] = Pseudonyms(b"").of(Kind(kind), text)
        return self.made[what]
