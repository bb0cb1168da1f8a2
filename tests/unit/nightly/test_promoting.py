"""Making a night's recordings the baseline."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from pytest_graphcalls.atomic import hold, restored
from pytest_graphcalls.cassette import Kind, opened
from pytest_graphcalls.errors import RecordingError, SettingError
from pytest_graphcalls.nightly import NightSettings, SuiteRequest, promote
from pytest_graphcalls.nightly.baseline import Promoted
from tests.unit.nightly.conftest import READ, Fake, Said, answered
from tests.unit.nightly.test_night import everything


@pytest.fixture
def tonight(tmp_path: Path) -> Path:
    """The recordings of a night."""
    return recorded(tmp_path / "night", Fake())


def recorded(folder: Path, fake: Fake) -> Path:
    order = SuiteRequest(folder / "1", "simulator", ("v1.0",))
    order.folder.mkdir(parents=True)
    fake.run(order, lambda done, total: None)
    return order.cassettes


def test_the_whole_folder_takes_the_place_of_the_older_one(tonight: Path, settings: NightSettings) -> None:
    """Nothing is left beside it."""
    (tonight / ".graphcalls-key").write_text("key\n")
    assert promote(tonight, settings.baseline) == Promoted(2, 0, 0)
    assert everything(settings.baseline) == everything(tonight)
    later = recorded(tonight.parents[1] / "later", Fake({1: {READ: Said((answered(direction="incoming"),))}}))
    assert promote(later, settings.baseline) == Promoted(2, 0, 0)
    assert (settings.baseline / ".graphcalls-key").read_text() == "key\n"
    assert b"incoming" in b"".join(everything(settings.baseline).values())
    assert [path.name for path in settings.baseline.parent.iterdir() if path.name.startswith(".")] == []


def test_a_recording_that_tonight_lacks_is_kept_while_its_test_exists(tonight: Path, settings: NightSettings) -> None:
    """An outage removes nothing from the baseline; the recording of a removed test is removed."""
    promote(tonight, settings.baseline)
    here = settings.baseline / "v1.0" / "test_call_get"
    real = "test_a_call_that_was_created_can_be_read"
    text = (here / "test_read.yaml").read_text()
    (here / f"{real}.yaml").write_text(text.replace("::test_read@", f"::{real}@"))
    (here / "test_of_old.yaml").write_text(text.replace("::test_read@", "::test_of_old@"))
    assert promote(tonight, settings.baseline) == Promoted(2, 1, 1)
    assert sorted(path.stem for path in here.iterdir()) == [real, "test_not_found", "test_read"]


def test_recordings_with_a_leak_are_not_promoted(tonight: Path, settings: NightSettings) -> None:
    """A recording that was edited may hold a secret."""
    promote(tonight, settings.baseline)
    before = everything(settings.baseline)
    path = tonight / "v1.0" / "test_call_get" / "test_read.yaml"
    path.write_text(path.read_text().replace("outgoing", "sesame-open-now"))
    with pytest.raises(RecordingError) as caught:
        promote(tonight, settings.baseline, known=["sesame-open-now"])
    assert "the leak scan has found what may not be committed (" in str(caught.value)
    assert "secret of this run). The baseline is as it was." in str(caught.value)
    assert everything(settings.baseline) == before


def test_without_a_night_there_is_nothing_to_promote(settings: NightSettings) -> None:
    """The error says what to do first."""
    with pytest.raises(SettingError, match=r"the recordings of a night\. Run 'graphcalls nightly' first"):
        promote(settings.out / "cassettes", settings.baseline)


def test_a_baseline_of_another_target_is_not_replaced(tonight: Path, settings: NightSettings) -> None:
    """Recordings of a tenant are not lost to those of the simulator."""
    promote(recorded(tonight.parents[1] / "live", Fake(kind=Kind.LIVE)), settings.baseline)
    before = everything(settings.baseline)
    with pytest.raises(SettingError) as caught:
        promote(tonight, settings.baseline)
    assert str(caught.value) == (
        f"--baseline={settings.baseline}: expected recordings from simulator, as tonight's are. It holds some from "
        "live. Give each target a baseline of its own."
    )
    assert everything(settings.baseline) == before


@pytest.mark.parametrize("broken", ["new", "old"])
def test_on_a_full_disk_the_older_baseline_is_kept(
    tonight: Path, settings: NightSettings, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """Whether the copy fails, or the last step, when the older one has been moved aside already."""
    promote(tonight, settings.baseline)
    before = everything(settings.baseline.parent)
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if f".{broken}-" in path.name or (broken == "old" and f".{broken}-" in Path(target).name):
            monkeypatch.setattr(Path, "rename", rename)
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(RecordingError, match=r"No space left on device\. The older baseline is as it was"):
        promote(tonight, settings.baseline)
    assert everything(settings.baseline.parent) == before


def test_a_killed_swap_is_repaired(tonight: Path, settings: NightSettings) -> None:
    """Between the two renames there is no baseline; the next one to look puts the older one back."""
    promote(tonight, settings.baseline)
    before = everything(settings.baseline)
    settings.baseline.rename(settings.baseline.parent / ".baseline.old-1234")
    said = f"{settings.baseline} was put back: an earlier job was killed while it replaced it."
    assert promote(tonight, settings.baseline) == Promoted(2, 0, 0, (said,))
    assert everything(settings.baseline) == before
    assert next(opened(path) for path in sorted(settings.baseline.rglob("*.yaml"))).passport is not None


def test_a_killed_swap_of_tonights_recordings_is_repaired(tonight: Path, settings: NightSettings) -> None:
    """Promoting them does not say that there was no night."""
    tonight.rename(tonight.parent / ".cassettes.old-1234")
    assert promote(tonight, settings.baseline).repaired == (
        f"{tonight} was put back: an earlier job was killed while it replaced it.",
    )


def test_the_next_promotion_removes_the_rest_of_a_killed_one(tonight: Path, settings: NightSettings) -> None:
    """A rest is removed at once, but not what a running process is making."""
    promote(tonight, settings.baseline)
    before, folder = everything(settings.baseline), settings.baseline.parent
    shutil.copytree(settings.baseline, folder / ".baseline.old-1234")
    for name in (".baseline.new-5678", ".baseline.new-9999"):
        (folder / name).mkdir()
    held = hold(folder / ".baseline.new-9999")
    assert held is not None
    assert restored(settings.baseline) == (
        ".baseline.old-1234, .baseline.new-5678 was removed: a job that was killed had left it beside "
        f"{settings.baseline}."
    )
    assert (folder / ".baseline.new-9999").exists()
    os.close(held)
    assert ".baseline.new-9999 was removed: " in restored(settings.baseline)
    assert restored(settings.baseline) == ""
    assert everything(settings.baseline) == before


def test_the_latest_of_several_old_baselines_is_put_back(settings: NightSettings) -> None:
    """Whatever its name; and a name with brackets in it is no pattern."""
    folder = settings.baseline.with_name("base[1]")
    earlier, later = (folder.parent / f".base[1].old-{name}" for name in ("9", "1"))
    (earlier / "9").mkdir(parents=True)
    (later / "1").mkdir(parents=True)
    while later.stat().st_ctime <= earlier.stat().st_ctime:  # until the disk's clock has ticked
        os.utime(later)
    assert restored(folder).startswith(f"{folder} was put back")
    assert [one.name for one in folder.iterdir()] == ["1"]
