"""Recording and replaying, as pytest sees it.

Two ways lead into a cassette. A test on a fixture of ours is recorded from what its :class:`.Recorder` saw; a project's
own ``@pytest.mark.vcr`` test is recorded by vcrpy, through the :class:`Persister` here. Both follow pytest-recording's
switches (``--record-mode``, ``--block-network``), and the rules of this page:

1. Nothing is written before the test is over, teardown included, and has passed. So a failing, interrupted or empty
   test leaves the older cassette as it was, in the mode ``rewrite`` too.
2. What belongs to Graph and its sign-in is redacted, also when a project has set up no filter of its own. A token
   that was asked for is noted, and neither request nor answer are kept; a replay answers with a token that opens
   nothing.
3. A cassette that holds nothing of Graph is left to whoever wrote it before.

This module is loaded by runs that record or replay, and by no others.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache, partial
from itertools import chain
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import pytest

from pytest_graphcalls import cassette
from pytest_graphcalls.cassette import Cassette, Incomplete, Kind, Passport, SignedIn
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.markers import PARAMETER
from pytest_graphcalls.options import REPLAY, SETTINGS_KEY, SIMULATOR, Settings
from pytest_graphcalls.redaction import Redactor, remembered
from pytest_graphcalls.replaying import ANYWHERE, Case, told
from pytest_graphcalls.wire import Exchange, Headers, Request, Response, encode_json

if TYPE_CHECKING:
    from pytest_graphcalls.session import Recorder
    from pytest_graphcalls.targets import Connection

PLUGIN = "graphcalls-recordings"
FACTS = "graphcalls_cassettes"
"""The attribute of a test's last report that says which cassettes it has played or written."""
KEY_FILE = ".graphcalls-key"
"""Beside the cassettes: what pseudonyms depend on, unless ``GRAPHCALLS_REDACTION_KEY`` says so."""
_SILENT = (None, "none")
_ALIASES = ("login.windows.net", "login.microsoft.com", "sts.windows.net", "login.partner.microsoftonline.cn")
"""Other names of the sign-in."""
_CALLS = re.compile(r"/(?:communications|app)/calls(?:[/?]|$)")
_VERSION = re.compile(r"/(v1\.0|beta)/")


# --- one test --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Tape:
    """What one test records and replays.

    Attributes:
        item: the test.
        rewriting: whether it starts from an empty cassette.
        waiting: what is to be written when the test has passed; each gives the cassette's facts.
        facts: the cassettes it has played or written, in a form that travels between processes.
    """

    item: pytest.Item
    rewriting: bool = False
    waiting: list[Callable[[], dict[str, Any] | None]] = field(default_factory=list)
    facts: list[dict[str, Any]] = field(default_factory=list)
    _passed: set[str] = field(default_factory=set)

    def phase(self, report: pytest.TestReport) -> None:
        """Note how a part of the test went."""
        if report.passed and report.when:
            self._passed.add(report.when)

    def commit(self) -> None:
        """Write what is waiting, if the test has passed; raises :class:`RecordingError`."""
        waiting, self.waiting = self.waiting, []
        if {"setup", "call"} <= self._passed:
            self.facts += filter(None, (write() for write in waiting))


TAPE = pytest.StashKey[Tape]()


def facts_of(found: Cassette, *, state: str) -> dict[str, Any]:
    """What a run's summary needs to know of a cassette; ``state`` is ``played`` or ``written``."""
    passport = found.passport
    return {
        "file": str(found.path),
        "state": state,
        "from": passport.kind.value if passport else "",
        "recorded": passport.recorded.isoformat() if passport else "",
        "contract": passport.contract if passport else "",
        "edited": found.edited,
    }


# --- which cassette --------------------------------------------------------------------------------------------------


def folder_of(config: pytest.Config, settings: Settings, *, to_read: bool) -> Path:
    """Where the recordings of the suite lie: what was given, the project's own, or for reading those shipped."""
    own = settings.cassettes or config.rootpath / "cassettes"
    if settings.cassettes or not to_read or any((own / version).is_dir() for version in ("v1.0", "beta")):
        return own
    from importlib.resources import files

    return Path(str(files("pytest_graphcalls.cassettes")))


def records(config: pytest.Config, target: str) -> bool:
    """Whether tests on fixtures of ours are recorded in this run; what runs in this process is not."""
    return target not in {REPLAY, SIMULATOR} and config.getoption("--record-mode", None) not in _SILENT


def case_of(item: pytest.Item, settings: Settings, target: str, version: str) -> Case | None:
    """The test's case, if it is recorded or replayed."""
    taped = records(item.config, target) and item.get_closest_marker("vcr") is None
    if target != REPLAY and not taped:
        return None
    folder = folder_of(item.config, settings, to_read=target == REPLAY)
    name = _test_name(item, version)
    path = folder / version / item.path.stem / f"{_file_name(name)}.yaml"
    again = (
        f"pytest '{item.nodeid}' --record-mode=rewrite --graphcalls-cassettes={_shown(folder)} "
        "--graphcalls-target=<the server it was recorded from>"
    )
    return Case(path, f"{item.path.parent.name}/{item.path.name}::{name}@{version}", again)


def _test_name(item: pytest.Item, version: str) -> str:
    """The test's name without its API version, which is the folder."""
    callspec = getattr(item, "callspec", None)
    name = item.name
    if callspec is not None and PARAMETER in callspec.params:
        others = "-".join(part for part in callspec.id.split("-") if part != version)
        name = f"{name.partition('[')[0]}[{others}]" if others else name.partition("[")[0]
    owner = getattr(item, "cls", None)
    return f"{owner.__name__}.{name}" if owner else name


def _file_name(name: str) -> str:
    """A name that every file system takes; where letters had to go, no two names become one."""
    from hashlib import blake2s

    safe = re.sub(r"[^\w.,=+\[\]-]", "-", name, flags=re.ASCII)[:_LONGEST_NAME]
    return safe if safe == name else f"{safe}-{blake2s(name.encode(), digest_size=4).hexdigest()}"


_LONGEST_NAME = 180


def _shown(folder: Path) -> str:
    with suppress(ValueError):
        return str(folder.relative_to(Path.cwd()))
    return str(folder)


def missing(item: pytest.Item, settings: Settings, version: str) -> str:
    """Why a contract test cannot be replayed, in one sentence; ``""`` when it can."""
    case = case_of(item, settings, REPLAY, version)
    if case is None or case.path.is_file():
        return ""
    return f"not checked: there is no recording of it ({_shown(case.path)}); record it with: {case.again}"


# --- the plugin ------------------------------------------------------------------------------------------------------


def join(config: pytest.Config) -> None:
    """Take part in this run."""
    if not config.pluginmanager.has_plugin(PLUGIN):
        config.pluginmanager.register(Recordings(config), PLUGIN)


def follow(item: pytest.Item, connection: Connection, recorder: Recorder) -> None:
    """Record a test on a connection, or say which cassette it plays."""
    recordings = cast("Recordings | None", item.config.pluginmanager.get_plugin(PLUGIN))
    if recordings is not None and connection.case is not None:
        recordings.follow(item.stash[TAPE], connection, recorder)


class Recordings:
    """Registered by runs that record or replay.

    Args:
        config: pytest's.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._settings = config.stash[SETTINGS_KEY]
        self._tape: Tape | None = None

    # --- what it knows ---------------------------------------------------------------------------------------------

    @cached_property
    def redactor(self) -> Redactor:
        """Redacts what is written and what is looked up; a project may have added to it."""
        made = Redactor("cassette", self._settings.redaction_key or self._key())
        self._config.hook.pytest_graphcalls_redact(redactor=made)
        return made

    @property
    def _key_file(self) -> Path:
        return folder_of(self._config, self._settings, to_read=False) / KEY_FILE

    def _key(self) -> str:
        with suppress(OSError):
            return self._key_file.read_text(encoding="ascii").strip()
        return self._new_key

    @cached_property
    def _new_key(self) -> str:
        return token_hex(16)

    def _keep_key(self) -> None:
        """Write down a key that was made for this run, so that the next one gives the same pseudonyms."""
        if self._settings.redaction_key or "_new_key" not in self.__dict__:
            return
        with suppress(FileExistsError):
            self._key_file.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._key_file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(f"{self._new_key}\n")

    @cached_property
    def _hosts(self) -> tuple[str, ...]:
        clouds = Contract.packaged().clouds.values()
        roots = (urlsplit(root).hostname or "" for one in clouds for root in (one.graph_root, one.authority_host))
        return (*roots, *_ALIASES, *self._settings.record_hosts)

    def ours(self, url: str) -> bool:
        """Whether what is exchanged with ``url`` is redacted: Graph, its sign-in, and hosts the project names."""
        host = urlsplit(url).hostname or ""
        return _CALLS.search(url) is not None or any(fnmatchcase(host, pattern) for pattern in self._hosts)

    # --- hooks -----------------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Begin a tape."""
        self._tape = item.stash[TAPE] = Tape(item)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Take the mode ``rewrite`` out of pytest-recording's hands: it deletes the cassette before the test runs."""
        result = yield
        if fixturedef.argname == "vcr_markers" and isinstance(result, list) and result:
            self._without_rewrite(request, result)
        return result

    def _without_rewrite(self, request: pytest.FixtureRequest, marks: list[pytest.Mark]) -> None:
        config: Mapping[str, Any] = request.getfixturevalue("vcr_config")
        said = (*(mark.kwargs for mark in marks), config, {"record_mode": request.config.getoption("--record-mode")})
        mode = next((one["record_mode"] for one in said if "record_mode" in one), None)
        if mode == "rewrite":
            request.node.stash[TAPE].rewriting = True
            marks.insert(0, pytest.mark.vcr(record_mode="new_episodes").mark)

    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_recording_configure(self, config: pytest.Config, vcr: Any) -> None:  # noqa: ARG002  the hook's names
        """Put our persister in front of vcrpy's, and let its matchers compare what is redacted."""
        if self._tape is not None:
            vcr.register_persister(Persister(self, self._tape, vcr.persister))
            for name, matcher in tuple(vcr.matchers.items()):
                vcr.register_matcher(name, partial(_redacted_match, self, matcher))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note how the test goes; its last report tells of its cassettes."""
        report = yield
        tape = item.stash.get(TAPE, None)
        if tape is not None:
            tape.phase(report)
            if report.when == "teardown" and tape.facts:
                vars(report)[FACTS] = tape.facts
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)  # around everything, so that every fixture is done
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        """Write what the test has recorded, now that nothing of it can fail any more."""
        yield
        try:
            item.stash[TAPE].commit()
        except RecordingError as error:
            pytest.fail(str(error), pytrace=False)
        finally:
            self._tape = None

    # --- tests on a connection -------------------------------------------------------------------------------------

    def follow(self, tape: Tape, connection: Connection, recorder: Recorder) -> None:
        """Record a test on a connection, or say which cassette it plays."""
        played = getattr(connection, "cassette", None)
        case = connection.case
        if played is not None:
            tape.facts.append(facts_of(played, state="played"))
        elif case and not (case.path.exists() and self._config.getoption("--record-mode") == "once"):
            before = cassette.state(case.path)
            tape.waiting.append(lambda: self._written(case, before, connection, recorder.exchanges))

    def _written(
        self, case: Case, before: str, connection: Connection, seen: Sequence[Exchange]
    ) -> dict[str, Any] | None:
        if not seen:
            return None
        _refuse_strangers(case)
        exchanges = [self.redactor.exchange(one) for one in _from_anywhere(seen, connection.root)]
        passport = Passport(
            datetime.now(UTC),
            cassette.kind_of(exchanges, _kind(connection)),
            (connection.version,),
            Contract.packaged().revision,
            test=case.name,
            **told(connection, self.redactor),
        )
        cassette.write(case.path, exchanges, passport, known=self.known(), before=before)
        self._keep_key()
        return facts_of(cassette.opened(case.path), state="written")

    def known(self) -> frozenset[str]:
        """The secrets of this run, to be looked for by value in what is about to be written."""
        return remembered() | {text for text in (self._settings.token, self._settings.redaction_key) if len(text) > 7}


def _kind(connection: Connection) -> Kind:
    return Kind.SERVER if connection.sandbox is None else Kind.LIVE


def _refuse_strangers(case: Case) -> None:
    """A cassette of another test is not written over; one that cannot be read is nobody's."""
    with suppress(RecordingError):
        old = cassette.opened(case.path).passport
        if old is not None and old.test not in {"", case.name}:
            problem = f"belongs to {old.test}, not to {case.name}. Rename one of them, or remove the file."
            raise _StrangerError(str(case.path), 0, problem)


class _StrangerError(RecordingError):
    """Passes what swallows unreadable files."""


def _from_anywhere(exchanges: Iterable[Exchange], root: str) -> Iterator[Exchange]:
    """The exchanges as if Graph had answered them, without what says how they travelled: so two recordings differ
    only where the service does.
    """
    parts = urlsplit(root)
    base = f"{parts.scheme}://{parts.netloc}"
    for one in exchanges:
        yield Exchange(
            Request(
                one.request.method,
                one.request.url.replace(base, ANYWHERE, 1),
                _moved(one.request.headers, base, _KEPT.__contains__),
                one.request.body.replace(base.encode(), ANYWHERE.encode()),
            ),
            Response(
                one.response.status,
                _moved(one.response.headers, base, lambda name: name not in _DROPPED),
                one.response.body.replace(base.encode(), ANYWHERE.encode()),
            ),
        )


_KEPT = frozenset({"authorization", "client-request-id", "content-type", "prefer"})
"""Headers of a request that the service acts on."""
_DROPPED = frozenset({"connection", "content-length", "content-encoding", "keep-alive", "server", "transfer-encoding"})
"""Headers of an answer that are about its way."""


def _moved(headers: Headers, base: str, kept: Callable[[str], bool]) -> Headers:
    return Headers([(name, text.replace(base, ANYWHERE)) for name, text in headers.pairs if kept(name.lower())])


# --- tests of vcrpy --------------------------------------------------------------------------------------------------


class _Given:
    """A serializer that hands over what was read, and takes what would be written."""

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        self._data = data

    def deserialize(self, _: str) -> Mapping[str, Any] | None:
        return self._data

    def serialize(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        return data


class Persister:
    """Loads and saves the cassette of one test in vcrpy's place.

    Args:
        recordings: knows what is to be redacted.
        tape: of the test.
        inner: the persister that was registered before; keeps cassettes that hold nothing of Graph.
    """

    def __init__(self, recordings: Recordings, tape: Tape, inner: Any) -> None:
        self._recordings = recordings
        self._tape = tape
        self._inner = inner
        self._before = ""

    # --- loading ---------------------------------------------------------------------------------------------------

    def load_cassette(self, cassette_path: str | Path, serializer: Any) -> Any:
        """See vcrpy. The metadata that vcrpy 9 knows comes along; extra cassettes of the mark follow the first."""
        from vcr.persisters.filesystem import CassetteNotFoundError

        path = Path(cassette_path)
        self._before = cassette.state(path)
        extra = [] if self._tape.rewriting else [Path(one) for one in getattr(self._inner, "extra_paths", ())]
        wanted = dict.fromkeys(([] if self._tape.rewriting else [path]) + extra)
        loaded = [self._loaded(one, serializer) for one in wanted if one.is_file()]
        requests, responses = (list(chain.from_iterable(part)) for part in ([], []))
        for one in loaded:
            requests += one[0]
            responses += one[1]
        if not requests:
            raise CassetteNotFoundError
        return (requests, responses, *loaded[0][2:])

    def _loaded(self, path: Path, serializer: Any) -> Any:
        from vcr.serialize import deserialize

        try:
            text = path.read_text(encoding="utf-8", errors="replace")
            if text.strip() and not self._concerns_us(text):
                return deserialize(text, serializer)
            found = cassette.opened(path)
        except (RecordingError, OSError) as error:
            pytest.fail(str(error), pytrace=False)
        self._tape.facts.append(facts_of(found, state="played"))
        return deserialize("", _Given(_with_sign_ins(found)))

    def _concerns_us(self, text: str) -> bool:
        return f"{cassette.MEMBER}:" in text or any(map(self._recordings.ours, set(_URL.findall(text))))

    # --- saving ----------------------------------------------------------------------------------------------------

    def save_cassette(self, cassette_path: str | Path, cassette_dict: Mapping[str, Any], serializer: Any) -> None:
        """See vcrpy. What concerns Graph is written when the test has passed."""
        from vcr.serialize import serialize

        data: Mapping[str, Any] = serialize(cassette_dict, _Given())
        if any(self._recordings.ours(str(row["request"]["uri"])) for row in data["interactions"]):
            self._tape.waiting.append(partial(self._written, Path(cassette_path), data, serializer))
        else:
            self._inner.save_cassette(cassette_path, cassette_dict, serializer)

    def _written(self, path: Path, data: Mapping[str, Any], serializer: Any) -> dict[str, Any]:
        rows, sign_ins, seen = _redacted(path, data["interactions"], self._recordings)
        passport = Passport(
            datetime.now(UTC),
            cassette.kind_of(seen, Kind.LIVE if any(map(_is_graph, seen)) else Kind.SERVER),
            tuple(sorted({found[1] for one in seen if (found := _VERSION.search(one.request.url))})),
            Contract.packaged().revision,
            test=f"{self._tape.item.path.name}::{self._tape.item.name}",
            sign_ins=sign_ins,
        )
        metadata = self._recordings.redactor.json(data["metadata"]) if data.get("metadata") else None
        made = {
            cassette.MEMBER: passport.sealed(rows).to_json(),
            "interactions": rows,
            **({"metadata": metadata} if metadata else {}),
            "version": data["version"],
        }
        text = serializer.serialize(made) if path.suffix == ".json" else cassette.dump(made)
        cassette.save(path, text, known=self._recordings.known(), before=self._before)
        self._recordings._keep_key()  # noqa: SLF001  the same page
        return facts_of(cassette.opened(path), state="written")


_URL = re.compile(r"https?://[^\s\"'<>]{3,2000}")


def _is_graph(exchange: Exchange) -> bool:
    return urlsplit(exchange.request.url).hostname in {
        urlsplit(one.graph_root).hostname for one in Contract.packaged().clouds.values()
    }


def _redacted(
    path: Path, rows: Iterable[Any], recordings: Recordings
) -> tuple[list[Any], tuple[SignedIn, ...], list[Exchange]]:
    """The rows to be written, the sign-ins among them, and what is redacted of them as exchanges."""
    kept: list[Any] = []
    sign_ins: list[SignedIn] = []
    seen: list[Exchange] = []
    for number, row in enumerate(rows, 1):
        if not recordings.ours(str(row["request"]["uri"])):
            kept.append(row)
            continue
        exchange = cassette.exchange(path, number, row)
        if isinstance(exchange, Incomplete):
            raise RecordingError(str(path), number, exchange.problem)
        safe = recordings.redactor.exchange(exchange)
        if recordings.redactor.recordable(exchange.request):
            seen.append(safe)
            kept.append(cassette.row(safe))
        else:
            sign_ins.append(SignedIn(safe.request.method, safe.request.url, safe.response.status))
    return kept, tuple(sign_ins), seen


def _with_sign_ins(found: Cassette) -> Mapping[str, Any]:
    """The cassette's data, with an answer for each token that was asked for while it was recorded."""
    sign_ins = found.passport.sign_ins if found.passport else ()
    return {**found.data, "interactions": [*map(_signed_in, sign_ins), *found.rows]}


def _signed_in(one: SignedIn) -> Any:
    body = _TOKEN if one.status < 400 else _NO_TOKEN
    answer = Response(one.status, Headers([("Content-Type", "application/json")]), encode_json(body))
    return cassette.row(Exchange(Request(one.method, one.url), answer))


_TOKEN = {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": "REDACTED"}
_NO_TOKEN = {"error": "invalid_client", "error_description": "A sign-in that failed while this was recorded."}


def _redacted_match(recordings: Recordings, matcher: Callable[[Any, Any], Any], one: Any, other: Any) -> Any:
    """Compare as vcrpy does, after both requests were redacted: one of them comes from a cassette."""
    return matcher(_safe(recordings, one), _safe(recordings, other))


def _safe(recordings: Recordings, request: Any) -> Any:
    if not recordings.ours(request.uri):
        return request
    body = request.body
    plain = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b""
    method, uri, content = _safely(recordings, request.method, request.uri, plain)
    return type(request)(method, uri, content if plain else body, request.headers)


@lru_cache(4096)
def _safely(recordings: Recordings, method: str, uri: str, body: bytes) -> tuple[str, str, bytes]:
    safe = recordings.redactor.request(Request(method, uri, body=body))
    return safe.method, safe.url, safe.body


# --- what the run says in the end ------------------------------------------------------------------------------------


class Shelf:
    """The cassettes that the tests of a run have played or written, of all its processes.

    Args:
        settings: how old one may be, and what that means.
        now: the present, aware.
    """

    def __init__(self, settings: Settings, now: datetime) -> None:
        self._settings = settings
        self._now = now
        self._played: dict[str, Mapping[str, Any]] = {}
        self._written: dict[str, Mapping[str, Any]] = {}

    def add(self, facts: Iterable[Mapping[str, Any]]) -> None:
        """Take in what one more test says."""
        for one in facts:
            (self._played if one["state"] == "played" else self._written)[one["file"]] = one

    def failing(self) -> bool:
        """Whether the run fails for the state of its cassettes."""
        return self._settings.strict_cassettes and bool(self._old() or self._edited())

    def lines(self) -> Iterator[str]:
        """What the summary says."""
        yield from self._worth()
        days = self._settings.cassette_days
        yield from _named(f"older than {days} days", self._old(), "record them again (--record-mode=rewrite)")
        yield from _named("edited since they were recorded", self._edited(), "record them again, or restore them")
        yield from _named("recorded for another revision of the contract", self._outdated(), "")
        if self.failing():
            yield "The run fails for that (--graphcalls-strict-cassettes)."
        if self._written:
            folders = sorted({str(Path(file).parent) for file in self._written})
            where = folders[0] if len(folders) == 1 else f"{folders[0]} and {len(folders) - 1} more folders"
            yield f"cassettes written: {len(self._written)} ({where}); the leak scan found nothing in them"

    def _worth(self) -> Iterator[str]:
        for kind, remark in _WORTH.items():
            moments = sorted(one["recorded"][:10] for one in self._played.values() if one["from"] == kind)
            if moments:
                span = moments[0] if moments[0] == moments[-1] else f"{moments[0]} to {moments[-1]}"
                yield f"recorded from: {kind}, {span} ({len(moments)} cassettes){remark}"

    def _old(self) -> list[str]:
        return [name for name, one in self._played.items() if one["recorded"] and self._days(one) > self._limit]

    @property
    def _limit(self) -> int:
        return self._settings.cassette_days

    def _days(self, one: Mapping[str, Any]) -> int:
        return (self._now - datetime.fromisoformat(one["recorded"])).days

    def _edited(self) -> list[str]:
        return [name for name, one in self._played.items() if one["edited"]]

    def _outdated(self) -> list[str]:
        revision = Contract.packaged().revision
        return [name for name, one in self._played.items() if one["contract"] not in {"", revision}]


_WORTH = {
    Kind.SIMULATOR.value: "; it says what the simulator does, and nothing about the service",
    Kind.LIVE.value: "",
    Kind.SERVER.value: "",
}


def _named(what: str, files: Sequence[str], step: str) -> Iterator[str]:
    if files:
        first = _shown(Path(sorted(files)[0]))
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        yield f"cassettes {what}: {first}{more}{f'; {step}' if step else ''}"
