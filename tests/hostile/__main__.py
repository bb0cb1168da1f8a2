"""``make hostile``: gives each hostile file to its command, and prints what it got, the seconds and the memory.

Exit code: 0, or 1 where one took longer than :data:`SECONDS`, more memory than :data:`MEMORY`, ended in a traceback,
wrote a control character, or said something else than it has to.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.hostile.attacks import ATTACKS, Attack
from tests.hostile.kills import KILLS, killed

SECONDS, MEMORY = float(os.environ.get("HOSTILE_SECONDS", "60")), 200
"""The most seconds and MB that a command may take."""
COMMAND = Path(sys.executable).with_name("graphcalls")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SHOWN = 100


def main(wanted: list[str]) -> int:
    """Run the attacks whose names hold one of the words ``wanted``, or all of them."""
    rows = []
    for attack in ATTACKS:
        if not wanted or any(word in attack.name for word in wanted):
            with tempfile.TemporaryDirectory() as folder:
                rows.append(_row(attack, Path(folder)))
            print("| " + " | ".join(rows[-1][:4]) + " |", flush=True)
    if not wanted or "kills" in wanted:
        with tempfile.TemporaryDirectory() as folder:
            start = time.monotonic()
            found = killed(Path(folder))
        got = f"{len(found)} cassettes lost, locks still held or drafts left behind"
        rows.append((f"{KILLS} kills within writes", got, f"{time.monotonic() - start:.1f}", "-", "; ".join(found)))
        print("| " + " | ".join(rows[-1][:4]) + " |", flush=True)
    wrong = [row for row in rows if row[4]]
    print(f"\n{len(rows)} files, {len(wrong)} of them not as they should be.")
    for row in wrong:
        print(f"{row[0]}: {row[4]}")
    return int(bool(wrong))


def _row(attack: Attack, folder: Path) -> tuple[str, str, str, str, str]:
    """Name, what it got, seconds, MB, and what is wrong with that."""
    path = folder / "given"
    _made(attack, path)
    words = [word.replace("{}", str(path)) for word in attack.words]
    with (folder / "out").open("w+b") as out:
        start = time.monotonic()
        process = subprocess.Popen([COMMAND, *words], stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd=folder)
        status, usage = _waited(process, start + SECONDS)
        seconds = time.monotonic() - start
        out.seek(0)
        said = out.read(1_000_000).decode(errors="replace")
    memory = usage / 1024
    got = "stopped" if status is None else f"{status}: {_short(said, folder)}"
    return attack.name, got, f"{seconds:.1f}", f"{memory:.0f}", "; ".join(_wrong(attack, status, said, memory))


def _made(attack: Attack, path: Path) -> None:
    """Make the file in a process of its own: a child's memory is measured from that of its parent."""
    child = os.fork()
    if not child:
        attack.make(path)
        os._exit(0)
    os.waitpid(child, 0)


def _wrong(attack: Attack, status: int | None, said: str, memory: float) -> list[str]:
    plain = " ".join(said.split())
    found = {
        "took too long": status is None,
        "traceback": "Traceback (most recent call last)" in said,
        "control character": bool(_CONTROL.search(said)),
        "too much memory": memory > MEMORY,
        f"does not say {attack.wanted!r}": attack.wanted not in plain,
        "too long a line": any(len(line) > 2_100 for line in said.splitlines()),
    }
    return [name for name, is_so in found.items() if is_so]


def _waited(process: subprocess.Popen[bytes], last: float) -> tuple[int | None, int]:
    """The exit status, or ``None`` after the last moment; and the most memory, in KB."""
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage.ru_maxrss
        if time.monotonic() > last:
            process.kill()
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = -9
            return None, usage.ru_maxrss
        time.sleep(0.02)


def _short(said: str, folder: Path) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    text = lines[-1] if "Traceback" in said else " ".join(lines)
    text = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
    text = " ".join(text.replace(f"{folder}/", "").replace("|", "¦").split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
