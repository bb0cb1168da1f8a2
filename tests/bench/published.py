"""Reading published metadata: OpenAPI of 40 MB as YAML and as JSON, CSDL of 15 MB; each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.measure import Figure, at_most
from tests.unit.drift.published import forms

GOAL, MEMORY = 60.0, 500.0
"""Seconds and megabytes for one file."""
OPENAPI, CSDL = 40_000_000, 15_000_000
_CHILD = """
import resource, sys, time
from pathlib import Path
from pytest_graphcalls.contract.loading import ContractFiles
from pytest_graphcalls.drift import metadata
start = time.perf_counter()
read = getattr(metadata, sys.argv[1])(Path(sys.argv[2]))
files = ContractFiles()
types, overlay = files.read("types-v1.0.json", "types"), files.read("types-overlay.yaml", "overlay")
found = list(metadata.differences(types, read, overlay, "v1.0"))
assert not found, found[0]
unit = 1 if sys.platform == "darwin" else 1024
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6)
"""


def figures() -> Iterator[Figure]:
    """The files hold the calls among thousands of paths, schemas and types of other products."""
    with TemporaryDirectory() as folder:
        for name, read, path in _files(Path(folder)):
            yield Figure(name, f"{path.stat().st_size / 1e6:.0f} MB")
            done = subprocess.run([sys.executable, "-c", _CHILD, read, str(path)], capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(done.stderr)
            seconds, megabytes = map(float, done.stdout.split())
            yield at_most("  read and compared", seconds, GOAL, unit="s")
            yield at_most("  memory at most", megabytes, MEMORY, unit="MB")


def _files(folder: Path) -> Iterator[tuple[str, str, Path]]:
    types = forms.types()
    whole = forms.openapi(types)
    for form in ("yaml", "json"):
        path = folder / f"openapi.{form}"
        paths, schemas = _many(form)
        whole["paths"] = {"/others": {}, **forms.openapi(types)["paths"]}
        whole["components"]["schemas"]["microsoft.graph.others"] = {}
        text = forms.written(whole, form)
        # Put in as text: dumping them one by one would take longer than all the rest.
        text = text.replace(paths[0], paths[1], 1).replace(schemas[0], schemas[1], 1)
        path.write_text(text, encoding="utf-8")
        yield f"OpenAPI as {form.upper()}", "read_openapi", path
    path = folder / "metadata.xml"
    element = forms.csdl_type
    count = CSDL // len(element(0))
    path.write_text(forms.csdl(types, (element(number) for number in range(count))), encoding="utf-8")
    yield "CSDL", "read_csdl", path


def _many(form: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """What stands for the other products, and what it is replaced with: two thirds paths, one third schemas."""
    if form == "yaml":
        holes = "  /others: {}\n", "    microsoft.graph.others: {}\n"
        inner, join = (forms.yaml_path, forms.yaml_schema), ""
    else:
        holes = '"/others": {}', '"microsoft.graph.others": {}'
        inner, join = (forms.json_path, forms.json_schema), ",\n"
    parts = []
    for made, share in zip(inner, (2 / 3, 1 / 3), strict=True):
        count = int(OPENAPI * share) // len(made(0))
        parts.append(join.join(made(number) for number in range(count)))
    return (holes[0], parts[0]), (holes[1], parts[1])
