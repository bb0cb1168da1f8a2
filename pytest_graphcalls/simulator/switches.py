"""Switches for behaviour on which sources differ, and for known defects of the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args, get_type_hints

from pytest_graphcalls.errors import UnknownNameError


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
        transfer_end: how a transferred call ends: ``documented`` is 200/7015, after a consultative transfer the reason
            AppTransferred instead; ``code-200``, ``code-0`` (0/7015, as printed) and ``reason`` are always that (s9.2).
        transfer_states: whether transferring and transferAccepted are ``posted`` (documented: s9.2), or only the end of
            the call (``silent``, reported: s9.3).
        transfer_failure: the member with 7000 or 7700 after a failed transfer: ``subcode``, as all captures have it
            (observed 5.5), or ``subCode``, as printed.
        group_transfer: whether a person is transferred out of a group call (``taken``, documented:
            call-transfer.r04), or each such request ``refused`` (reported: s9.7).
        resource_accounts: whether a bot as the target of a transfer or redirect is ``refused`` (three reports), or
            ``reached`` (one: s9.9).
        voicemail: whether a target of the type voicemail ``fails`` (since 2022), or ``takes`` the call if the person
            has one (before; reported: s9.11).
        redirect_end: when the bot is notified of a redirected call's end: ``at-once``, when it is ``answered`` or
            refused by all targets, or ``by-target``: when it is answered if a phone is rung, because answeredBy is
            known only then (inferred: s10.3).
    """

    unplayable: Literal["failed", "completed"]
    hang_up: Literal["loses", "keeps"]
    names: Literal["current", "older", "both"]
    growing: Literal["restarts", "goes-on"]
    transfer_end: Literal["documented", "code-200", "code-0", "reason"]
    transfer_states: Literal["posted", "silent"]
    transfer_failure: Literal["subcode", "subCode"]
    group_transfer: Literal["taken", "refused"]
    resource_accounts: Literal["refused", "reached"]
    voicemail: Literal["fails", "takes"]
    redirect_end: Literal["by-target", "at-once", "answered"]

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Take the default of each."""
        self.choose(**{name: values[0] for name, values in CHOICES.items()})

    def choose(self, **choices: str) -> Switches:
        """Simulate other behaviours from now on.

        Raises:
            UnknownNameError: there is no such switch or value.
        """
        for name, value in choices.items():
            _require(name, value)
        for name, value in choices.items():
            setattr(self, name, value)
        return self

    def __setattr__(self, name: str, value: str) -> None:
        _require(name, value)
        super().__setattr__(name, value)


CHOICES: Mapping[str, tuple[str, ...]] = {name: get_args(kind) for name, kind in get_type_hints(Switches).items()}
"""By switch: its values, the default first."""


def _require(name: str, value: str) -> None:
    if name not in CHOICES:
        raise UnknownNameError("switch", name[:80], tuple(CHOICES), few=True)
    if value not in CHOICES[name]:
        raise UnknownNameError(f"value of {name}:", str(value)[:80], CHOICES[name], few=True)
