"""``python -m tests.site`` makes the sources of the site in build/docs; with ``--readme`` it brings README in step."""

from __future__ import annotations

import sys

from tests.site.build import bring_in_step, stage
from tests.site.pages import ROOT

if sys.argv[1:] == ["--readme"]:
    bring_in_step()
else:
    stage(ROOT / "build" / "docs")
