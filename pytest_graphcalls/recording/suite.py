"""The cassette of a test on a fixture of ours: what its recorder saw, as if Graph itself had answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from pytest_graphcalls import cassette
from pytest_graphcalls.cassette import Kind, Passport
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.recording.safety import Safety
from pytest_graphcalls.recording.tape import Facts, facts_of
from pytest_graphcalls.replaying import told
from pytest_graphcalls.session import Recorder
from pytest_graphcalls.targets import GRAPH, Case, Connection
from pytest_graphcalls.wire import Exchange, Headers, Request, Response

_KEPT = frozenset({"authorization", "client-request-id", "content-type", "prefer"})
"""Headers of a request that the service acts on."""
_DROPPED = frozenset({"connection", "content-length", "content-encoding", "keep-alive", "server", "transfer-encoding"})
"""Headers of an answer that are about its way."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One test's recording, in the making.

    Attributes:
        safety: says what may be written.
        case: the test.
        connection: what it talks to.
        recorder: what it has seen.
        before: state of the file when the test began.
    """

    safety: Safety
    case: Case
    connection: Connection
    recorder: Recorder
    before: str

    def write(self) -> Facts | None:
        """Write it, if there was an exchange; raises :class:`RecordingError`."""
        seen = self.recorder.exchanges
        if not seen:
            return None
        _refuse_strangers(self.case)
        redactor = self.safety.for_writing()
        exchanges = [redactor.exchange(one) for one in _from_anywhere(seen, self.connection.root)]
        passport = self._passport(exchanges)
        if self.case.compared or self.connection.world is not None:
            passport = replace(passport, notifications=tuple(map(redactor.notification, self.recorder.notifications)))
        if self.case.compared:
            seconds, aside = tuple(one.seconds for one in exchanges), tuple(sorted(self.recorder.beside))
            passport = replace(passport, seconds=seconds, aside=aside)
        cassette.write(self.case.path, exchanges, passport, known=self.safety.known(), before=self.before)
        return facts_of(cassette.opened(self.case.path), state="written")

    def _passport(self, exchanges: Sequence[Exchange]) -> Passport:
        otherwise = Kind.SERVER if self.connection.sandbox is None else Kind.LIVE
        return Passport(
            datetime.now(UTC),
            cassette.kind_of(exchanges, otherwise),
            (self.connection.version,),
            Contract.packaged().revision,
            test=self.case.name,
            faults=cassette.faults_of(exchanges),
            **told(self.connection, self.safety.redactor),
        )


def _refuse_strangers(case: Case) -> None:
    """A cassette of another test is not written over; one that cannot be read is nobody's."""
    owner = ""
    with suppress(RecordingError):
        passport = cassette.opened(case.path).passport
        owner = passport.test if passport else ""
    if owner not in {"", case.name}:
        problem = f"belongs to {owner}, not to {case.name}. Rename one of them, or remove the file."
        raise RecordingError(str(case.path), 0, problem)


def _from_anywhere(exchanges: Iterable[Exchange], root: str) -> Iterator[Exchange]:
    """The exchanges as if Graph had answered, without what says how they travelled: two recordings then differ only
    where the service does.
    """
    parts = urlsplit(root)
    base = f"{parts.scheme}://{parts.netloc}"
    for one in exchanges:
        request, response = one.request, one.response
        yield Exchange(
            Request(
                request.method,
                request.url.replace(base, GRAPH, 1),
                _moved(request.headers, base, _KEPT.__contains__),
                request.body.replace(base.encode(), GRAPH.encode()),
            ),
            Response(
                response.status,
                _moved(response.headers, base, lambda name: name not in _DROPPED),
                response.body.replace(base.encode(), GRAPH.encode()),
            ),
            seconds=one.seconds,
        )


def _moved(headers: Headers, base: str, kept: Callable[[str], bool]) -> Headers:
    return Headers([(name, text.replace(base, GRAPH)) for name, text in headers.pairs if kept(name.lower())])
