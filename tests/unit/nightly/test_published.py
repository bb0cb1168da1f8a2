"""A night that looks at published metadata and reference pages, too."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_graphcalls.drift import Kind, Origin, Outcome, Unchecked
from pytest_graphcalls.errors import PublishedFileError, SettingError
from pytest_graphcalls.nightly import NightSettings, run_night
from pytest_graphcalls.nightly.settings import published_of
from pytest_graphcalls.published.csdl import Form
from pytest_graphcalls.published.published import Published, of_metadata
from tests.unit.drift.published import checkout, forms
from tests.unit.nightly.conftest import READ, Fake, Phases, Said, answered


def metadata(folder: Path, *, without: str = "") -> Path:
    """Published metadata of v1.0, perhaps without a member of ``call``."""
    types = forms.types()
    types["entityTypes"]["call"]["properties"].pop(without, None)
    path = folder / "v1.0.xml"
    path.write_text(forms.csdl(types), encoding="utf-8")
    return path


def looking(settings: NightSettings, path: Path, pages: Path | None = None) -> NightSettings:
    return replace(settings, published=Published({"v1.0": (path, Form.CSDL)}, pages))


def test_published_files_that_fit_the_contract_are_no_drift(settings: NightSettings, tmp_path: Path) -> None:
    """Metadata and pages as the contract has them add nothing to a night."""
    seen = run_night(looking(settings, metadata(tmp_path), checkout.made(tmp_path / "pages")), Fake())
    assert (seen.verdict.outcome, seen.verdict.entries) == (Outcome.NO_DRIFT, ())


def test_published_metadata_that_moved_decides_a_night(settings: NightSettings, tmp_path: Path) -> None:
    """Such a difference is an entry like any other: with a fingerprint, in the history, in the reports."""
    wanted = looking(settings, metadata(tmp_path, without="subject"))
    first, second = run_night(wanted, Fake()), run_night(wanted, Fake())
    (entry,) = first.verdict.entries
    assert first.verdict.outcome is Outcome.BREAKING
    assert (entry.difference.kind, entry.difference.origin) == (Kind.MEMBER_GONE, Origin.METADATA)
    assert [one.count for one in second.verdict.entries] == [2]


def test_the_sides_stand_beside_one_another(settings: NightSettings, tmp_path: Path) -> None:
    """One row for a fact that the metadata sees otherwise than the pages and the service do."""
    pages = checkout.made(tmp_path / "pages")
    run_night(looking(settings, metadata(tmp_path, without="subject"), pages), Fake())
    (row,) = json.loads((settings.out / "verdict.json").read_text())["facts"]
    assert (row["fact"], row["version"], row["differ"]) == ("call.subject", "v1.0", ["metadata"])
    assert (row["contract"], row["documentation"], row["metadata"]) == ("Edm.String", "Edm.String", "nothing")
    assert "call.subject" in (settings.out / "report.html").read_text()


def test_a_fact_that_only_the_service_was_asked_about_is_no_row(settings: NightSettings) -> None:
    """A fact of one side alone has nothing to disagree with."""
    run_night(settings, Fake({run: {READ: Said((answered(),), "broken", "it lies")} for run in range(1, 4)}))
    assert json.loads((settings.out / "verdict.json").read_text())["facts"] == []


def test_metadata_is_reported_although_the_service_is_down(settings: NightSettings, tmp_path: Path) -> None:
    """A breaking change is reported, whatever could not be checked."""
    seen = run_night(looking(settings, metadata(tmp_path, without="subject")), Fake(problem="there is no answer."))
    assert seen.verdict.outcome is Outcome.BREAKING
    assert [one.subject for one in seen.verdict.unchecked if one.decides] == ["the whole run"]


def test_pages_of_another_product_could_not_be_checked(settings: NightSettings, tmp_path: Path) -> None:
    """A night whose pages are not there says neither that they moved nor that they did not."""
    (tmp_path / "pages").mkdir()
    seen = run_night(looking(settings, metadata(tmp_path), tmp_path / "pages"), Fake())
    assert seen.verdict.outcome is Outcome.COULD_NOT_CHECK


def test_a_damaged_file_stops_a_night_before_it_begins(settings: NightSettings, tmp_path: Path) -> None:
    """Nothing is run, and no night is entered."""
    path, fake = metadata(tmp_path), Fake()
    path.write_text(path.read_text()[:2000])
    with pytest.raises(PublishedFileError):
        run_night(looking(settings, path), fake)
    assert fake.orders == []
    assert not settings.history.exists()


def test_a_mistyped_path_is_reported_before_anything_runs(settings: NightSettings, tmp_path: Path) -> None:
    """The line names what is there; the night goes on, because a job whose download failed wants to know the rest."""
    (tmp_path / "metadata").mkdir()
    path, pages = metadata(tmp_path / "metadata"), checkout.made(tmp_path / "reference")
    progress, fake = Phases(), Fake()
    fake.before = lambda order: progress.phase("the suite")
    seen = run_night(looking(settings, path.with_name("v1.xml"), pages.with_name("refrence")), fake, progress)
    assert progress.phases[: progress.phases.index("the suite") - 1] == [
        "looking at what is published",
        f"could not check {path.with_name('v1.xml')}: there is no such file. Did you mean 'v1.0.xml'?",
        f"could not check documentation@v1.0: {pages.with_name('refrence')}: there is no such folder. "
        "Did you mean 'reference'?",
    ]
    assert seen.verdict.outcome is Outcome.COULD_NOT_CHECK
    (other,) = of_metadata(tmp_path / "metadta" / "v1.0.xml", Form.CSDL, "v1.0")
    assert isinstance(other, Unchecked)
    assert other.reason == "there is no such file. Did you mean 'metadata'?"


def test_a_file_says_its_version() -> None:
    """``beta=FILE``; without it is v1.0, also where the name has an equals sign."""
    found = published_of(["a=b.xml", "beta=c.xml"], [], "pages")
    assert found.metadata == {"v1.0": (Path("a=b.xml"), Form.CSDL), "beta": (Path("c.xml"), Form.CSDL)}
    assert found.origins == {Origin.METADATA, Origin.DOCUMENTATION}
    assert published_of([], ["v1.0=o.yaml"], None).metadata == {"v1.0": (Path("o.yaml"), Form.OPENAPI)}


def test_two_files_for_one_version_are_refused(tmp_path: Path) -> None:
    """Of two files for one version it is unknown which counts."""
    with pytest.raises(SettingError, match=r"--openapi=o\.yaml: expected one file for v1\.0\. a\.xml is that already"):
        published_of(["a.xml"], ["o.yaml"], None)
    (tmp_path / "pages").write_text("x")
    with pytest.raises(SettingError, match="--docs"):
        published_of([], [], str(tmp_path / "pages"))


def test_metadata_of_a_version_that_is_not_looked_at_is_refused() -> None:
    """A file that is not read would be a night without drift; a file without a version is that of v1.0."""
    with pytest.raises(SettingError) as caught:
        published_of(["beta.xml"], [], None, ("beta",))
    assert str(caught.value) == (
        "--csdl=beta.xml: expected metadata of beta, as --version says. "
        "Write beta=FILE, or let --version be v1.0 or both."
    )
    assert list(published_of(["beta=beta.xml"], [], None, ("beta",)).metadata) == ["beta"]
