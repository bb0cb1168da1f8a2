"""microsoft-graph 6 and microsoft-graph-beta with azure-identity."""

from __future__ import annotations

import os
from pathlib import Path

from tests.clients.compiled import done, tool
from tests.clients.programs import Command

HERE = Path(__file__).parent


def compiled(source: Path, version: str, folder: Path) -> Command:
    """Compile a program into a folder, for an API version; skips where something is missing."""
    java, javac, maven = (tool(name) for name in ("java", "javac", "mvn"))
    listed = folder / "classpath"
    listing = [maven, "-B", "-q", "-f", HERE / "pom.xml", "dependency:build-classpath", f"-Dmdep.outputFile={listed}"]
    done(listing, folder, downloads="the dependencies of java/pom.xml")
    text = source.read_text(encoding="utf-8")
    if version == "beta":
        text = text.replace("import com.microsoft.graph.", "import com.microsoft.graph.beta.")
    (folder / source.name).write_text(text, encoding="utf-8")
    classes = os.pathsep.join([str(folder), listed.read_text(encoding="utf-8")])
    done([javac, "-encoding", "UTF-8", "-cp", classes, source.name], folder)
    return [java, "-cp", classes, source.stem]
