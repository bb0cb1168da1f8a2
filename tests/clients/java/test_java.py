"""The samples with Microsoft's SDKs for Java."""

from __future__ import annotations

import os
from pathlib import Path

from tests.clients.compiled import Compiled, done, tool
from tests.clients.programs import Command

HERE = Path(__file__).parent


class TestJava(Compiled):
    runtime = "java"
    error = "ODataError"
    sign_in_error = "RuntimeException"
    """azure-identity's own one is its cause's cause."""
    running = None

    @classmethod
    def built(cls, version: str, folder: Path) -> Command:
        java, javac, maven = (tool(name) for name in ("java", "javac", "mvn"))
        listed = folder / "classpath"
        done(
            [maven, "-B", "-q", "-f", HERE / "pom.xml", "dependency:build-classpath", f"-Dmdep.outputFile={listed}"],
            folder,
            downloads="the dependencies of java/pom.xml",
        )
        text = (HERE / "Calls.java").read_text(encoding="utf-8")
        if version == "beta":
            text = text.replace("import com.microsoft.graph.", "import com.microsoft.graph.beta.")
        (folder / "Calls.java").write_text(text, encoding="utf-8")
        classes = os.pathsep.join([str(folder), listed.read_text(encoding="utf-8")])
        done([javac, "-encoding", "UTF-8", "-cp", classes, "Calls.java"], folder)
        return [java, "-cp", classes, "Calls"]
