"""Switches for behaviour on which sources differ, and for known defects of the service."""

from __future__ import annotations

from types import MappingProxyType

from pytest_graphcalls.errors import UnknownNameError

CHOICES = MappingProxyType(
    {
        "unplayable": ("failed", "completed"),
        "hang_up": ("loses", "keeps"),
        "names": ("current", "older", "both"),
        "growing": ("restarts", "goes-on"),
    }
)
"""By switch: its values, the default first."""


class Switches:
    """Switches for behaviour on which sources differ, and for known defects of the service.

    Attributes:
        unplayable: how a prompt ends that cannot be fetched or has another format: ``failed``, as the sibling service
            has it today (inferred: s1.7), or ``completed`` without being heard, as captured in 2019 (reported: s1.6).
        hang_up: whether a hang-up ``loses`` the recording that it ends (reported: s2.14), or ``keeps`` it as if a pause
            had ended it.
        growing: whether a prompt ``restarts`` when the peer-to-peer call that it is played into turns into a group call
            (reported: s1.16), or ``goes-on``.
        names: the members that lead to a recording: ``current``, ``older`` or ``both`` (see :data:`.audio.NAMES`).
    """

    unplayable: str
    hang_up: str
    names: str
    growing: str

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Take the default of each."""
        for name, values in CHOICES.items():
            setattr(self, name, values[0])

    def choose(self, **choices: str) -> Switches:
        """Simulate other behaviours from now on.

        Raises:
            UnknownNameError: there is no such switch or value.
        """
        for name, value in choices.items():
            if name not in CHOICES:
                raise UnknownNameError("switch", name[:80], tuple(CHOICES), few=True)
            if value not in CHOICES[name]:
                raise UnknownNameError(f"value of {name}:", str(value)[:80], CHOICES[name], few=True)
        for name, value in choices.items():
            setattr(self, name, value)
        return self
