"""``python -m tests.site`` makes the sources of the site in build/docs; ``--readme`` brings README in step instead, and
``--operations`` prints the table of operations with their rules, deviations, questions and sequences."""

from __future__ import annotations

import sys

from tests.site.build import bring_in_step, stage
from tests.site.contract import operations
from tests.site.pages import ROOT

if sys.argv[1:] == ["--readme"]:
    bring_in_step()
elif sys.argv[1:] == ["--operations"]:
    print(operations())
else:
    stage(ROOT / "build" / "docs")
