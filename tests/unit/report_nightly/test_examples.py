"""The pipelines that people copy: they parse, hold no secret, and every command of ours in them exists."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_graphcalls.cli import parser
from pytest_graphcalls.leakscan import scan
from pytest_graphcalls.report.nightly import DOCUMENT, SUMMARY

ROOT = Path(__file__).parents[3]
GITHUB = ROOT / ".github" / "workflows" / "nightly-example.yml"
AZURE = ROOT / "examples" / "azure-pipelines-nightly.yml"
FILES = [pytest.param(path, id=path.stem) for path in (GITHUB, AZURE)]


def scripts(value: Any) -> Iterator[str]:
    """Everything in a pipeline that a shell runs."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in {"run", "script", "inlineScript"}:
                yield inner
            else:
                yield from scripts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from scripts(inner)


def commands(path: Path) -> list[str]:
    text = "\n".join(scripts(yaml.safe_load(path.read_text(encoding="utf-8"))))
    return re.findall(r"^\s*(graphcalls .*?)(?: \|\| code=\$\?)?$", text.replace("\\\n", " "), re.MULTILINE)


COMMAND_LINES = [pytest.param(line, id=f"{path.stem}: {line}") for path in (GITHUB, AZURE) for line in commands(path)]


@pytest.mark.parametrize("path", FILES)
def test_a_pipeline_runs_the_night_once(path: Path) -> None:
    """Against a tenant, and into the folder that is uploaded."""
    (line,) = commands(path)
    assert line.startswith("graphcalls nightly --target live --out nightly")


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_a_command_of_a_pipeline_is_understood(line: str) -> None:
    """All arguments of the command are known; a shell's comment is none of them."""
    try:
        assert parser().parse_args(shlex.split(line, comments=True)[1:])
    except SystemExit as refused:
        pytest.fail(f"argparse has refused {line!r} with {refused.code}")


@pytest.mark.parametrize("path", FILES)
def test_a_pipeline_holds_no_secret_and_asks_for_none(path: Path) -> None:
    """Pipelines sign in by federation."""
    text = path.read_text(encoding="utf-8")
    assert {leak.kind for leak in scan(text)} <= {"name of a person"}  # what a step is called, in displayName
    assert "secrets." not in text
    assert "AZURE_CLIENT_SECRET" not in text
    assert "AZURE_FEDERATED_TOKEN_FILE" in text


def test_the_workflow_does_nothing_without_its_settings() -> None:
    """Here, for example, and in a fork."""
    workflow = yaml.safe_load(GITHUB.read_text(encoding="utf-8"))
    assert set(workflow[True]) == {"workflow_dispatch", "schedule"}  # YAML 1.1 reads the key "on" so
    assert [job["if"] for job in workflow["jobs"].values()] == [
        "vars.GRAPHCALLS_NIGHTLY == 'on' && !github.event.repository.fork"
    ]


def test_the_workflow_may_do_no_more_than_it_has_to() -> None:
    """The job's token is for the sign-in and for the issue."""
    workflow = yaml.safe_load(GITHUB.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["jobs"]["nightly"]["permissions"] == {"contents": "read", "id-token": "write", "issues": "write"}


def test_steps_after_the_night_run_when_it_fails_too() -> None:
    """Drift is a failed step; its report is what the job is for."""
    steps = yaml.safe_load(GITHUB.read_text(encoding="utf-8"))["jobs"]["nightly"]["steps"]
    at = next(number for number, step in enumerate(steps) if step.get("id") == "night")
    assert steps[at + 1 :]
    assert all(step["if"].startswith("always()") for step in steps[at + 1 :])
    steps = yaml.safe_load(AZURE.read_text(encoding="utf-8"))["jobs"][0]["steps"]
    at = next(number for number, step in enumerate(steps) if step.get("displayName") == "the night")
    assert steps[at + 1 :]
    assert all(step["condition"] == "always()" for step in steps[at + 1 :])


def test_a_job_that_is_run_again_keeps_its_history_too() -> None:
    """A cache is never written twice under one key."""
    assert GITHUB.read_text(encoding="utf-8").count("-${{ github.run_id }}-${{ github.run_attempt }}") == 2
    assert '| "$(Build.BuildId)" | "$(System.JobAttempt)"' in AZURE.read_text(encoding="utf-8")


def test_a_night_with_drift_keeps_its_history_on_azure_too() -> None:
    """A cache is kept of a job that succeeds, only; so another job is the one that fails."""
    looking, saying = yaml.safe_load(AZURE.read_text(encoding="utf-8"))["jobs"]
    (night,) = [step for step in looking["steps"] if step.get("name") == "night"]
    assert re.search(r"graphcalls nightly .* \|\| code=\$\?$", night["inputs"]["inlineScript"], re.MULTILINE)
    assert "setvariable variable=code;isOutput=true]$code" in night["inputs"]["inlineScript"]
    assert saying["dependsOn"] == looking["job"]
    assert saying["variables"] == {"code": f"$[ dependencies.{looking['job']}.outputs['night.code'] ]"}
    assert saying["steps"][-1]["script"] == 'exit "${CODE:-3}"'


@pytest.mark.parametrize("path", FILES)
def test_the_token_is_renewed_while_the_night_goes_on(path: Path) -> None:
    """A token is good for minutes, and tests with differences are repeated later than that."""
    (script,) = [
        one for one in scripts(yaml.safe_load(path.read_text(encoding="utf-8"))) if "graphcalls nightly" in one
    ]
    assert re.search(r"while sleep \d{2,3} .*fresh.*done &\n.*refreshing=\$!\n", script)
    assert 'kill "$refreshing"' in script


def test_the_key_of_the_pseudonyms_is_in_the_artifact() -> None:
    """The key is a hidden file; without it every promoted baseline would have other pseudonyms."""
    steps = yaml.safe_load(GITHUB.read_text(encoding="utf-8"))["jobs"]["nightly"]["steps"]
    (whole,) = [step["with"] for step in steps if step.get("with", {}).get("path") == "nightly"]
    assert whole["include-hidden-files"] is True


@pytest.mark.parametrize("path", FILES)
def test_how_a_first_night_becomes_the_baseline_is_said(path: Path) -> None:
    """Where people look who copy it, with the folder that the artifact is."""
    text = " ".join(path.read_text(encoding="utf-8").replace("\n#", " ").split())
    assert "`graphcalls drift promote --out nightly`, and commit graphcalls-baseline" in text


@pytest.mark.parametrize("path", sorted(GITHUB.parent.glob("*.yml")), ids=lambda path: path.stem)
def test_actions_are_pinned(path: Path) -> None:
    """Actions are pinned to a commit, with the release beside it, because a tag can be moved."""
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert used
    assert [one for one in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)] == []


@pytest.mark.parametrize("path", FILES)
def test_the_files_that_are_named_are_the_files_that_are_written(path: Path) -> None:
    """A renamed report is renamed here, too."""
    text = path.read_text(encoding="utf-8")
    named = {*re.findall(r"nightly/([\w.]+\.\w+)", text.replace("nightly/summary.md)", ""))}
    assert {DOCUMENT, SUMMARY} <= named
    script = re.search(r"python (\S+\.py)", text)
    assert script is not None
    assert (ROOT / script[1]).exists()


def test_the_jobs_token_goes_to_the_sign_in_and_the_one_work_item_only() -> None:
    """Azure gives the token to a script by name only. The suite does not get it."""
    steps = yaml.safe_load(AZURE.read_text(encoding="utf-8"))["jobs"][0]["steps"]
    night, last = [step for step in steps if "System.AccessToken" in str(step)]
    script = night["inputs"]["inlineScript"]
    assert script.index("unset SYSTEM_ACCESSTOKEN") < script.index("graphcalls nightly")
    assert last is steps[-1]
    assert last["env"] == {"SYSTEM_ACCESSTOKEN": "$(System.AccessToken)"}
    assert last["script"].splitlines()[0] == "if [ -f nightly/verdict.json ]; then"


@pytest.mark.parametrize("path", FILES)
def test_the_exit_codes_are_explained_in_the_log(path: Path) -> None:
    """The log of a red step is where users look first."""
    text = " ".join(path.read_text(encoding="utf-8").split())
    assert "0 no drift, 1 additions only, 2 breaking or behavioural, 3 could not check, 64 a setting" in text
