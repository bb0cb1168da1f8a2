"""Each message once, word by word."""

from __future__ import annotations

import pytest

from pytest_graphcalls import errors


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            errors.ContractFileError("operations/call-reject.yaml", 7, "rules.x", "is empty."),
            "operations/call-reject.yaml:7 at rules.x: is empty.",
        ),
        (errors.ContractFileError("errors.yaml", 0, "", "is empty."), "errors.yaml: is empty."),
        (
            errors.UnknownNameError(
                "rule", "call-rejct.late", ("call-reject.late", "call-get.x"), "'graphcalls rules'"
            ),
            "there is no rule 'call-rejct.late'. Did you mean 'call-reject.late'? 'graphcalls rules' lists them all.",
        ),
        (errors.UnknownNameError("code", "zzz", ("8522",)), "there is no code 'zzz'."),
        (errors.UnknownNameError("action", "ring", ("stops_sharing", "answers")), "there is no action 'ring'."),
        (
            errors.UnknownNameError("action", "sharing", ("stops_sharing", "answers")),
            "there is no action 'sharing'. Did you mean 'stops_sharing'?",
        ),
        (
            errors.UnknownNameError("member", "context", ("clientContext",)),
            "there is no member 'context'. Did you mean 'clientContext'?",
        ),
        (
            errors.UnknownNameError("fault", "lost", ("drop", "hold"), few=True),
            "there is no fault 'lost'. Known are drop, hold.",
        ),
        (
            errors.UnknownNameError("fault", "hodl", ("drop", "hold"), few=True),
            "there is no fault 'hodl'. Did you mean 'hold'?",
        ),
        (
            errors.RecordingError("a.har", 3, "has no response."),
            "a.har, entry 3: has no response.",
        ),
        (errors.RecordingError("a.har", 0, "is empty."), "a.har: is empty."),
        (errors.DriftFileError("a.toml", 3, "is empty."), "a.toml:3: is empty."),
        (errors.DriftFileError("a.toml", 0, "is empty."), "a.toml: is empty."),
        (
            errors.PublishedFileError("v1.csdl", 3, 120, "ends in the middle."),
            "v1.csdl:3 (byte 120) ends in the middle.",
        ),
        (
            errors.SettingError("--graphcalls-version", "v2", "v1.0, beta or both", "Say --graphcalls-version=beta."),
            "--graphcalls-version=v2: expected v1.0, beta or both. Say --graphcalls-version=beta.",
        ),
        (
            errors.NotAllowedNowError("call 57da", "answer", "terminated", ()),
            "call 57da is terminated and cannot take 'answer'; from here: nothing, it is over.",
        ),
        (
            errors.NotAllowedNowError("call 57da", "connect", "incoming", ("answer", "reject")),
            "call 57da is incoming and cannot take 'connect'; from here: answer, reject.",
        ),
        (
            errors.StageError("a group call", "POST /communications/calls was answered 403", "call-get.x"),
            "not checked: a group call could not be staged; POST /communications/calls was answered 403."
            " See call-get.x.",
        ),
        (errors.ContractViolationError(["one", "two"]), "one\n\ntwo"),
    ],
)
def test_an_error_says_what_happened_and_what_to_do(error: errors.GraphCallsError, sentence: str) -> None:
    """An error is a record of facts and builds its sentence."""
    assert str(error) == sentence
    assert isinstance(error, errors.GraphCallsError)


def test_errors_of_the_same_facts_are_equal_and_can_be_raised_again() -> None:
    """Tests compare facts; contextlib may set the traceback."""
    first, second = (errors.StageError("a", "b") for _ in range(2))
    assert first == second
    assert hash(first) == hash(second)
    assert first.with_traceback(None) is first


def test_a_violation_is_a_failed_assertion() -> None:
    """Test runners show it as a failure, not as an error of ours."""
    assert issubclass(errors.ContractViolationError, AssertionError)


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("REJECT", ["reject", "invite"], "reject"),
        ("five", ["at-most-five-invitees", "busy"], "at-most-five-invitees"),
        ("", ["a"], ""),
        ("quite-different", ["a", "b"], ""),
        (
            "call-reject.resons",
            ["call-reject.rings-on", "call-reject.reasons-are-three"],
            "call-reject.reasons-are-three",
        ),
        ("cal-reject.reasons-ar", ["call-reject.token", "call-reject.reasons-are"], "call-reject.reasons-are"),
    ],
)
def test_the_nearest_name_is_found(name: str, known: list[str], expected: str) -> None:
    """By likeness, a word of it, or because it is a part; nothing is better than something far away."""
    assert errors.nearest(name, known) == expected
