"""Which of several recordings of a test are tonight's: those without what did not come again."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

from pytest_graphcalls.nightly.judging import Look
from pytest_graphcalls.nightly.tapes import cassettes


def keep_steady(looks: Sequence[Look], unsteady: Collection[str]) -> None:
    """Put later recordings in the place of first ones in which something was that did not come again.

    So that nobody makes an accident the baseline.

    Args:
        looks: the whole run, and the runs of some tests after it.
        unsteady: fingerprints of what did not come again.
    """
    if not unsteady:
        return
    first, *later = looks
    wanted = _unsteady(first, unsteady)
    folder = first.ran.order.cassettes
    for look in later:
        good = wanted & look.tests.keys() - _unsteady(look, unsteady)
        for name, path in _paths(look).items():
            if name in good:
                shutil.copyfile(path, folder / path.relative_to(look.ran.order.cassettes))
        wanted -= good


def _unsteady(look: Look, unsteady: Collection[str]) -> set[str]:
    return {name for met in look.met if met.difference.fingerprint in unsteady for name in look.where(met)}


def _paths(look: Look) -> dict[str, Path]:
    return {one.passport.test: one.path for one in cassettes(look.ran.order.cassettes) if one.passport}
