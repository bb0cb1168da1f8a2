"""Files that would fill the memory, hang or crash a reader, each with the command that is given it.

Every one is made at run time: the small ones for ``test_files.py``, the large ones for ``make hostile`` only.
"""

from __future__ import annotations

import gzip
import json
import os
import socket
import sqlite3
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from pytest_graphcalls.drift.history import History

MB = 2**20
CALL = "https://graph.microsoft.com/v1.0/communications/calls/57da"
EDM = "http://docs.oasis-open.org/odata/ns/edm"
CHECK = ("check", "{}")
STATUS = ("cassettes", "status", "{}")
SCAN = ("cassettes", "scan", "{}")
CSDL = ("drift", "metadata", "--csdl", "{}")
REFRESH = ("contracts", "refresh", "--csdl", "{}")
OPENAPI = ("drift", "metadata", "--openapi", "{}")
ACCEPTED = ("drift", "prune", "--file", "{}", "--verdict", "{}.verdict")
VERDICT = ("drift", "prune", "--file", "{}.toml", "--verdict", "{}")
INTO = ("contracts", "refresh", "--csdl", "{}/v1.0.csdl", "--into", "{}")
HISTORY = ("history", "--history", "{}")
PAGES = ("drift", "docs", "{}", "--version", "v1.0")

Make = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Attack:
    """One hostile file.

    Attributes:
        name: what it is.
        words: the command's words; ``{}`` is the file.
        make: writes it.
        wanted: a part of what the command has to say.
        large: whether it is for ``make hostile`` only.
    """

    name: str
    words: tuple[str, ...]
    make: Make
    wanted: str = ""
    large: bool = False


def text(content: str | bytes) -> Make:
    """A file with this content."""
    raw = content if isinstance(content, bytes) else content.encode()
    return lambda path: path.write_bytes(raw) and None


def cassette(body: str = '""', *, status: str = "200", headers: str = "{}") -> str:
    """A cassette of one interaction, its parts as YAML."""
    return (
        f"interactions:\n- request: {{method: GET, uri: {CALL}, body: '', headers: {{}}}}\n"
        f"  response: {{status: {{code: {status}}}, headers: {headers}, body: {{string: {body}}}}}\nversion: 1\n"
    )


def har(*, text: str = "{}", encoding: str = "", headers: list[dict[str, str]] | None = None, **request: str) -> str:
    """A HAR file of one entry."""
    content = {"text": text, "encoding": encoding} if encoding else {"text": text}
    sent = {"method": "GET", "url": CALL, "headers": []} | request
    row = {"request": sent, "response": {"status": 200, "headers": headers or [], "content": content}}
    return json.dumps({"log": {"entries": [row]}})


def laughs(levels: int = 9) -> str:
    """A few hundred bytes of YAML that stand for ten to the power of ``levels`` texts."""
    rows = ['a0: &a0 ["lol"]'] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(rows) + "\n" + cassette(f"*a{levels - 1}")


def merged(levels: int = 22) -> str:
    """Mappings that are merged into each other twice a level."""
    rows = ["a0: &a0 {k: v}"] + [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, levels)]
    return "\n".join(rows) + "\ninteractions: []\nversion: 1\n"


def edmx(inner: str = "", head: str = "") -> str:
    """A CSDL document with ``inner`` in its schema."""
    return (
        f'{head}<Edmx xmlns="{EDM}x"><DataServices><Schema xmlns="{EDM}" Namespace="microsoft.graph">'
        f'<EntityType Name="call"><Property Name="state" Type="Edm.String"/></EntityType>{inner}'
        "</Schema></DataServices></Edmx>"
    )


def entity(name: str, base: str) -> str:
    """An entity type."""
    return f'<EntityType Name="{name}" BaseType="{base}"/>'


def chained(number: int) -> str:
    """A file with so many types, each the base of the next one."""
    return entity("t0", "microsoft.graph.call") + "".join(
        entity(f"t{one}", f"microsoft.graph.t{one - 1}") for one in range(1, number)
    )


def page(line: str) -> Make:
    """A checkout of the reference pages whose page of an operation has this line."""

    def make(path: Path) -> None:
        folder = path / "api-reference" / "v1.0" / "api"
        folder.mkdir(parents=True)
        (folder / "call-reject.md").write_text(f"# reject\n\n## HTTP request\n\n{line}\n", encoding="utf-8")

    return make


def paged(make: Make) -> Make:
    """A checkout whose page of an operation is something else."""

    def made(path: Path) -> None:
        folder = path / "api-reference" / "v1.0" / "api"
        folder.mkdir(parents=True)
        make(folder / "call-reject.md")

    return made


def foldered(make: Make, name: str = "test_bot.yaml") -> Make:
    """A folder with one cassette."""

    def made(path: Path) -> None:
        (path / "test_bot").mkdir(parents=True)
        make(path / "test_bot" / name)

    return made


def contract(make: Make, name: str) -> Make:
    """A folder of the contract with one hostile file, and metadata to compare it with."""

    def made(path: Path) -> None:
        path.mkdir()
        (path / "v1.0.csdl").write_text(edmx(), encoding="utf-8")
        for other in ("types-v1.0.json", "types-overlay.yaml"):
            packaged = files("pytest_graphcalls.contracts").joinpath(other)
            if other != name:
                (path / other).write_bytes(packaged.read_bytes())
        make(path / name)

    return made


def fifo(path: Path) -> None:
    """A named pipe, which no process writes to."""
    os.mkfifo(path)


def linked(target: str) -> Make:
    """A symbolic link."""
    return lambda path: path.symlink_to(target)


def linked_fifo(path: Path) -> None:
    """A symbolic link to a named pipe."""
    pipe = path.with_name("pipe")
    os.mkfifo(pipe)
    path.symlink_to(pipe)


def listening(path: Path) -> None:
    """A socket."""
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


def accepted(content: str) -> Make:
    """A file of accepted differences, with a verdict beside it."""

    def make(path: Path) -> None:
        path.write_text(content, encoding="utf-8")
        verdict = {"outcome": "no-drift", "differences": [], "unchecked": [], "night": {}}
        Path(f"{path}.verdict").write_text(json.dumps(verdict), encoding="utf-8")

    return make


def history(*statements: str) -> Make:
    """A history of one night in which these statements were executed."""

    def make(path: Path) -> None:
        with History(path) as made:
            made.begin("simulator")
        with closing(sqlite3.connect(path)) as line:
            for statement in statements:
                line.execute(statement)
            line.commit()

    return make


_ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT"


def repeated(head: str, row: Callable[[int], str], tail: str, size: int) -> Make:
    """A file of ``size`` bytes or a little more."""

    def make(path: Path) -> None:
        with path.open("w", encoding="utf-8") as file:
            file.write(head)
            number = 0
            while file.tell() < size:
                file.write("".join(row(number + one) for one in range(200)))
                number += 200
            file.write(tail)

    return make


def _body(number: int) -> str:
    return json.dumps({"error": {"code": "8522", "message": f"Call not found {number}. " + "x" * 1500}})


def _har_row(number: int) -> str:
    content = {"text": _body(number), "mimeType": "application/json"}
    row = {
        "request": {"method": "GET", "url": CALL, "headers": []},
        "response": {"status": 404, "headers": [], "content": content},
    }
    return ("," if number else "") + json.dumps(row)


def _bomb(path: Path) -> None:
    body = b64encode(gzip.compress(b"\0" * (300 * MB), 1)).decode()
    path.write_text(har(text=body, encoding="base64", headers=[{"name": "content-encoding", "value": "gzip"}]))


def _yaml_row(number: int) -> str:
    return (
        f"- request: {{method: GET, uri: {CALL}, body: '', headers: {{}}}}\n"
        f"  response: {{status: {{code: 404}}, headers: {{}}, body: {{string: '{_body(number)}'}}}}\n"
    )


_ACCEPTED = "format = 1\n\n[0123456789ab]\naccepted = 2026-01-01\nreason = {}\n"
_ESCAPES = "\x1b]0;owned\x07\x1b[2J\u202egnp\u2066\x9b31m"


def _cassettes() -> Iterator[Attack]:
    """What is given as a cassette or as a HAR file."""
    yield Attack("YAML: billion laughs", CHECK, text(laughs()), "alias")
    yield Attack("YAML: billion laughs, in a folder", STATUS, foldered(text(laughs())), "alias")
    yield Attack("YAML: an alias of itself", CHECK, text("interactions: &a [*a]\nversion: 1\n"), "alias")
    yield Attack("YAML: merges of merges", CHECK, text(merged()), "alias")
    yield Attack("YAML: a merge without an alias", CHECK, text("<<: {interactions: [], version: 1}\n"))
    yield Attack("YAML: 100,000 levels", CHECK, text("[" * 100_000), "deep")
    yield Attack("YAML: 3,000 levels of blocks", CHECK, text("".join(f"{' ' * n}a:\n" for n in range(3000))), "deep")
    yield Attack("YAML: 5,000 digits", CHECK, text(cassette(status="9" * 5000)), "digits")
    yield Attack("YAML: 5,000 digits in base 16", CHECK, text(cassette(status="0x" + "f" * 5000)), "digits")
    yield Attack("YAML: 5,000 digits in base 60", CHECK, text(cassette(status="1:" + "59:" * 5000 + "0")), "digits")
    yield Attack("YAML: a text of 5,000 digits", CHECK, text(cassette(status=f"'{'9' * 5000}'")), "status")
    for tag in ("timestamp", "bool", "int", "float", "binary", "omap", "set", "pairs"):
        yield Attack(f"YAML: !!{tag} of a text", CHECK, text(cassette(f"!!{tag} x")))
        yield Attack(f"YAML: !!{tag} of nothing", CHECK, text(cassette(f"!!{tag} ''")))
    for tag in ("object/new:_io.BytesIO", "object/apply:builtins.iter", "tuple"):
        yield Attack(f"YAML: !!python/{tag} of a text", CHECK, text(cassette(f"!!python/{tag} x")))
        yield Attack(f"YAML: !!python/{tag} of numbers", CHECK, text(cassette(f"!!python/{tag} {{state: 5, args: 5}}")))
    yield Attack("YAML: keys of several sorts", STATUS, foldered(text(cassette("{1: a, b: c, null: d}"))))
    yield Attack("YAML: a list as a key", CHECK, text(cassette("{[a]: b}")))
    yield Attack("YAML: a month 99", CHECK, text(cassette("2026-99-99")))
    yield Attack("YAML: a passport of other sorts", STATUS, foldered(text(f"graphcalls: [1]\n{cassette()}")))
    for member in ("versions: 5", "made: 5", "sign_ins: 5", "notifications: [5]", "seconds: x", "sandbox: 5"):
        head = f"graphcalls: {{format: 1, recorded: '2026-01-01T00:00:00Z', from: live, {member}}}\n"
        yield Attack(f"YAML: a passport with {member}", STATUS, foldered(text(head + cassette())))
    yield Attack("JSON: 5,000 digits", CHECK, text('{"log": {"entries": [' + "9" * 5000 + "]}}"), "digits")
    yield Attack("JSON: 100,000 levels", CHECK, text('{"log": {"entries": [' + "[" * 100_000), "deep")
    deep = '{"a":' * 600 + "1" + "}" * 600
    vcr = '{"interactions": [{"request": {"method": "GET", "uri": "%s"}, "response": {"status": 200, "body": %s}}]'
    for words, make in ((CHECK, text), (STATUS, lambda content: foldered(text(content)))):
        yield Attack(f"JSON: a body of 600 levels ({words[0]})", words, make(vcr % (CALL, deep) + ', "version": 1}'))
    yield Attack("JSON: 100,000 levels in a body", CHECK, text(har(text="[" * 100_000)))
    yield Attack("JSON: 100,000 levels, sixty at a time", CHECK, text('{"a":' * 100_000), "deep")
    yield Attack("HAR: half a surrogate pair", CHECK, text(har(text='"\ud800"')))
    yield Attack("HAR: escape sequences in an address", CHECK, text(har(url=f"{CALL}/{_ESCAPES}")))
    yield Attack("HAR: escape sequences in a body", CHECK, text(har(text=json.dumps({_ESCAPES: _ESCAPES}))))
    yield Attack("HAR: escape sequences as JSON", ("check", "--format=json", "{}"), text(har(url=f"{CALL}/{_ESCAPES}")))
    yield Attack("HAR: escape sequences in a key", CHECK, text(json.dumps({_ESCAPES: 1})))
    packed = {"name": "content-encoding", "value": "gzip"}
    body = b64encode(gzip.compress(b'{"state": "established"}')).decode()
    yield Attack("HAR: a packed body", CHECK, text(har(text=body, encoding="base64", headers=[packed])))
    yield Attack(
        "HAR: a body that grows to 300 MB",
        CHECK,
        _bomb,
        "grows to more than",
        large=True,
    )
    yield Attack(
        "HAR: 200 MB in small entries",
        CHECK,
        repeated('{"log": {"entries": [', _har_row, "]}}", 200 * MB),
        "exchanges",
        large=True,
    )
    yield Attack("HAR: a body of 100 MB", CHECK, lambda path: text(har(text="x" * 100 * MB))(path), "MB", large=True)
    yield Attack(
        "HAR: a body of 60 MB, one letter of four bytes",
        CHECK,
        lambda path: text(har(text="x" * 60 * MB + "@").replace("@", "\U0001f600"))(path),
        "MB",
        large=True,
    )
    yield Attack(
        "cassette: 200 MB in small interactions",
        CHECK,
        repeated("interactions:\n", _yaml_row, "version: 1\n", 200 * MB),
        "",
        large=True,
    )
    yield Attack(
        "cassette: 100 MB in small interactions, in a folder",
        STATUS,
        foldered(repeated("interactions:\n", _yaml_row, "version: 1\n", 100 * MB)),
        "",
        large=True,
    )
    yield Attack(
        "cassette: a body of 100 MB", CHECK, lambda path: text(cassette("x" * 100 * MB))(path), "MB", large=True
    )
    yield Attack(
        "HAR: 200 MB, leak scan", SCAN, repeated('{"log": {"entries": [', _har_row, "]}}", 200 * MB), "", large=True
    )
    yield Attack(
        "HAR: a body of 100 MB, leak scan", SCAN, lambda path: text(har(text="x " * 50 * MB))(path), large=True
    )
    yield Attack(
        "HAR: an entry of three million lists",
        CHECK,
        repeated('{"log": {"entries": [[[]', lambda _: ",[]", "]]}}", 9 * MB),
        large=True,
    )
    yield Attack(
        "cassette: an interaction of 100 MB of small values",
        CHECK,
        repeated("interactions:\n- a:\n", lambda n: f"  - a{n}\n", "version: 1\n", 100 * MB),
        "MB",
        large=True,
    )
    yield Attack(
        "cassette: nine million lists, in a folder",
        STATUS,
        foldered(repeated('{"interactions": [[]', lambda _: ",[]", '], "version": 1}', 29 * MB)),
        large=True,
    )
    yield Attack(
        "JSON: 200 MB of members that no recording has",
        CHECK,
        repeated('{"a": 1', lambda n: f',"{n}": "{"y" * 300}"', "}", 200 * MB),
        "has the keys",
        large=True,
    )
    yield Attack("a folder that is huge", ("check", "/"), text(""), "is a folder")


def _special() -> Iterator[Attack]:
    """What is no file at all."""
    for name, words in (
        ("check", CHECK),
        ("scan", SCAN),
        ("--csdl", CSDL),
        ("refresh", REFRESH),
        ("--openapi", OPENAPI),
        ("--file", ACCEPTED),
        ("--verdict", VERDICT),
        ("history", HISTORY),
        ("status", STATUS),
    ):
        yield Attack(f"{name}: a named pipe", words, fifo, "named pipe")
        yield Attack(f"{name}: a link to a named pipe", words, linked_fifo, "named pipe")
        yield Attack(f"{name}: a link to /dev/zero", words, linked("/dev/zero"), "device")
        yield Attack(f"{name}: a socket", words, listening, "socket")
        yield Attack(f"{name}: a link to itself", words, lambda path: path.symlink_to(path), "")
    yield Attack("status: a named pipe in a folder", STATUS, foldered(fifo))
    yield Attack("docs: a page that is a named pipe", PAGES, paged(fifo), "named pipe")
    yield Attack("docs: a page that is a link to /dev/zero", PAGES, paged(linked("/dev/zero")), "device")


def _metadata() -> Iterator[Attack]:
    """What is given as published metadata."""
    for encoding in ("utf-7", "utf-32", "rot13", "zip", "idna", "cp037", "none-such", "unicode_escape", "big5"):
        head = f'<?xml version="1.0" encoding="{encoding}"?>'
        yield Attack(f"CSDL: in {encoding}", CSDL, text(edmx(head=head)), "encoding")
    entities = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
    yield Attack("CSDL: entities", CSDL, text(edmx("&b;", entities)), "document type")
    for words in (CSDL, REFRESH):
        of = words[0]
        yield Attack(f"CSDL: a foreign base ({of})", words, text(edmx(entity("participant", "other.ns.thing"))))
        yield Attack(
            f"CSDL: its own base ({of})", words, text(edmx(entity("participant", "microsoft.graph.participant")))
        )
        pair = entity("participant", "microsoft.graph.b") + entity("b", "microsoft.graph.participant")
        yield Attack(f"CSDL: bases in a circle ({of})", words, text(edmx(pair)))
        yield Attack(f"CSDL: a chain of 3,000 bases ({of})", words, text(edmx(chained(3000))))
        number = f'<EnumType Name="e"><Member Name="a" Value="{"9" * 5000}"/></EnumType>'
        yield Attack(f"CSDL: 5,000 digits ({of})", words, text(edmx(number)), "digits")
    yield Attack(
        "CSDL: a number with two signs",
        CSDL,
        text(edmx('<EnumType Name="e"><Member Name="a" Value="--5"/></EnumType>')),
    )
    yield Attack("CSDL: 100,000 levels", CSDL, text(edmx("<a>" * 100_000)), "deep")
    yield Attack(
        "CSDL: escape sequences",
        CSDL,
        text(edmx('<EnumType Name="callState"><Member Name="&#x9b;31m&#x202e;"/></EnumType>')),
    )
    yield Attack("CSDL: a wrong element with a long name", CSDL, text(f"<{'a' * 5000}/>"), "outermost")
    yield Attack(
        "CSDL: an attribute of 100 MB", CSDL, lambda path: text(edmx(entity("a" * 100 * MB, "b")))(path), "", large=True
    )
    yield Attack(
        "CSDL: an attribute of 100 MB of >",
        CSDL,
        lambda path: text(edmx(entity(">" * 100 * MB, "b")))(path),
        "",
        large=True,
    )
    yield Attack(
        "CSDL: a comment of 300 MB", CSDL, repeated("<!--", lambda _: "x" * 5000, "-->", 300 * MB), "", large=True
    )
    yield Attack(
        "CSDL: 300 MB of types",
        CSDL,
        repeated(
            edmx().partition("</Schema>")[0],
            lambda n: entity(f"t{n}", "b"),
            "</Schema></DataServices></Edmx>",
            300 * MB,
        ),
        "",
        large=True,
    )
    yield Attack(
        "CSDL: a chain of 200,000 bases", CSDL, lambda path: text(edmx(chained(200_000)))(path), "", large=True
    )
    yield Attack("OpenAPI: billion laughs", OPENAPI, text(laughs().replace("interactions", "paths")), "alias")
    yield Attack("OpenAPI: an alias as a key", OPENAPI, text("a: &a b\n*a : c\npaths: {}\n"), "")
    yield Attack("OpenAPI: 100,000 levels of YAML", OPENAPI, text("paths:\n  x: " + "[" * 100_000), "deep")
    yield Attack("OpenAPI: 100,000 levels of JSON", OPENAPI, text('{"info": ' + "[" * 100_000), "deep")
    yield Attack("OpenAPI: 5,000 digits of JSON", OPENAPI, text('{"info": ' + "9" * 5000 + ', "paths": {}}'), "digits")
    yield Attack("OpenAPI: 5,000 digits of YAML", OPENAPI, text(f"info: {'9' * 5000}\npaths: {{}}\n"), "")
    yield Attack("OpenAPI: utf-16", OPENAPI, text('{"paths": {}}'.encode("utf-16")), "")
    yield Attack("OpenAPI: escape sequences in a key", OPENAPI, text('{"a": nothing, "\\u001b": 1}'), "")
    yield Attack(
        "OpenAPI: a JSON text of 100 MB",
        OPENAPI,
        lambda path: text('{"info": "' + "x" * 100 * MB + '", "paths": {}}')(path),
        "MB",
        large=True,
    )
    yield Attack(
        "OpenAPI: 200 MB of JSON",
        OPENAPI,
        repeated('{"x": {"a": 1', lambda n: f',"{n}": "{"y" * 300}"', '}, "paths": {}}', 200 * MB),
        "",
        large=True,
    )
    yield Attack(
        "OpenAPI: a YAML text of 100 MB",
        OPENAPI,
        lambda path: text(f"info: {'x' * 100 * MB}\npaths: {{}}\n")(path),
        "MB",
        large=True,
    )
    yield Attack(
        "OpenAPI: a YAML text of 100 MB deep inside",
        OPENAPI,
        lambda path: text(f"info:\n  a:\n  - {'x' * 100 * MB}\npaths: {{}}\n")(path),
        "MB",
        large=True,
    )
    yield Attack(
        "OpenAPI: 200 MB of YAML",
        OPENAPI,
        repeated("x:\n", lambda n: f"  k{n}: {'y' * 300}\n", "paths: {}\n", 200 * MB),
        "",
        large=True,
    )


def _contracts() -> Iterator[Attack]:
    """What lies in a folder that is given as the contract's, or as that of the ledgers."""
    for name, make, wanted in (
        ("types-v1.0.json", fifo, "named pipe"),
        ("types-v1.0.json", text("9" * 5000), "digits"),
        ("types-v1.0.json", text("[" * 100_000), "deep"),
        ("types-overlay.yaml", text(laughs()), "alias"),
        ("types-overlay.yaml", text(f"a: {'9' * 5000}"), "digits"),
        ("types-overlay.yaml", text("[" * 900), ""),
    ):
        yield Attack(f"--into: {name}, {wanted or 'levels'}", INTO, contract(make, name), wanted)


def _drift() -> Iterator[Attack]:
    """What is given as accepted differences, a verdict, a history or a page."""
    deep = chr(10).join("[" * 100 for _ in range(50))
    yield Attack("TOML: arrays of 5,000 levels", ACCEPTED, accepted(f"a = {deep}\n"), "deep")
    yield Attack(
        "TOML: arrays of 5,000 levels in a line", ACCEPTED, accepted(f"a = {'[' * 5000}{']' * 5000}\n"), "line"
    )
    yield Attack("TOML: tables of 1,000 levels", ACCEPTED, accepted(f"a = {'{a=' * 1000}1{'}' * 1000}\n"), "deep")
    yield Attack("TOML: a name of 5,000 parts", ACCEPTED, accepted(f"format = 1\n[{'.'.join(['a'] * 5000)}]\n"), "")
    dotted = _ACCEPTED.format('""') + "about." + ".".join(["a"] * 5000) + " = 1\n"
    yield Attack("TOML: a member of 5,000 parts", ACCEPTED, accepted(dotted), "")
    yield Attack("TOML: 5,000 digits", ACCEPTED, accepted(f"format = {'9' * 5000}\n"), "Invalid number")
    yield Attack("TOML: 5,000 digits in base 16", ACCEPTED, accepted(_ACCEPTED.format("0x" + "f" * 5000)), "")
    yield Attack("TOML: escape sequences", ACCEPTED, accepted(_ACCEPTED.format("1") + '"\\u001b]0;x\\u0007" = 1\n'), "")
    yield Attack(
        "TOML: a wrong value of 60,000 letters", ACCEPTED, accepted(_ACCEPTED.format(f"['{'x' * 60_000}']")), ""
    )
    yield Attack(
        "TOML: 30,000 acceptances",
        ACCEPTED,
        lambda path: accepted(
            "format = 1\n" + "".join(f'\n[{n:012x}]\naccepted = 2026-01-01\nreason = "x"\n' for n in range(30_000))
        )(path),
        "",
        large=True,
    )
    yield Attack("TOML: 100 MB", ACCEPTED, lambda path: accepted(f"a = '{'x' * 100 * MB}'\n")(path), "MB", large=True)
    yield Attack("verdict: 5,000 digits", VERDICT, text('{"outcome": ' + "9" * 5000 + "}"), "digits")
    yield Attack("verdict: 100,000 levels", VERDICT, text("[" * 100_000), "deep")
    yield Attack(
        "verdict: three million lists", VERDICT, repeated("[[]", lambda _: ",[]", "]", 9 * MB), "lists", large=True
    )
    yield Attack("verdict: a list", VERDICT, text("[]"), "")
    yield Attack("verdict: a number as fingerprint", VERDICT, text('{"differences": [{"fingerprint": []}]}'), "")
    yield Attack(
        "verdict: 100 MB", VERDICT, lambda path: text(f'{{"outcome": "{"x" * 100 * MB}"}}')(path), "MB", large=True
    )
    yield Attack("history: an empty file", HISTORY, text(""), "empty")
    yield Attack("history: no database", HISTORY, text("x" * 5000), "not a history")
    yield Attack("history: a database that is cut", HISTORY, text(b"SQLite format 3\0" + b"\0" * 84), "")
    endless = (
        f"{_ENDLESS} 1 AS number, '' AS id, '' AS started, '' AS ended, '' AS target, '' AS outcome, '' AS note FROM c"
    )
    for name, statements in (
        ("an outcome that is none", ("UPDATE nights SET outcome = 'x'",)),
        ("a moment that is none", ("UPDATE nights SET started = char(27) || '[2J'",)),
        ("a number as a moment", ("UPDATE nights SET started = 5",)),
        ("a difference that is no JSON", ("INSERT INTO differences VALUES ('a', '', '', 1, 'x')",)),
        ("a difference of 5,000 digits", (f"INSERT INTO differences VALUES ('a', '', '', 1, '{'9' * 5000}')",)),
        ("a difference of 100,000 levels", (f"INSERT INTO differences VALUES ('a', '', '', 1, '{'[' * 100_000}')",)),
        ("a table that is missing", ("DROP TABLE broken",)),
        ("a view without an end", ("DROP TABLE nights", f"CREATE VIEW nights AS {endless}")),
    ):
        yield Attack(f"history: {name}", HISTORY, history(*statements))
    for name, line in (
        ("a link that never ends", "[" * 100_000),
        ("an include that never ends", "[!INCLUDE[" * 20_000),
        ("a heading of blanks", f"## a{' ' * 100_000}b"),
        ("a table of blanks", f"a | b\n-{' ' * 100_000}x"),
        ("a row of brackets", f"| Property | Type |\n|:--|:--|\n| {'[' * 100_000} | {'{' * 100_000} |"),
        ("a path of braces", f"```http\nPOST /{'{' * 100_000}\n```"),
        ("an address without an end", f"```http\nPOST https://{'microsoftgraph' * 20_000}\n```"),
        ("a comment of 100,000 levels", f"<!-- {'[' * 100_000} -->"),
        ("an example of 5,000 digits", f"```json\n{'9' * 5000}\n```"),
        ("an example of 100,000 levels", f"```json\n{'[' * 100_000}\n```"),
        ("escape sequences", f"```http\nPOST /communications/calls/{_ESCAPES}\n```"),
    ):
        yield Attack(f"docs: {name}", PAGES, page(line))
    yield Attack("docs: a page of 100 MB", PAGES, lambda path: page("x" * 100 * MB)(path), "MB", large=True)


ATTACKS = (*_cassettes(), *_special(), *_metadata(), *_contracts(), *_drift())
NAMED = {attack.name: attack for attack in ATTACKS}
