"""Kinds of site: one entry makes a case file, a run, a folder and a report of a new kind."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import trephine
from fake_kind import WELL, WellCase, WellRun
from trephine.case import kinds
from trephine.case.case import Case, of_any_kind, read
from trephine.case.course_case import CourseCase
from trephine.case.kinds import KINDS, part
from trephine.cli import main
from trephine.core.errors import InputError
from trephine.store.runs import load, load_any

PATIENT = {"age": "40 year", "sex": "female", "mass": "70 kg"}
WELL_CASE = """
name = "A well"
[patient]
age = "40 year"
sex = "female"
mass = "70 kg"
[site]
kind = "well"
depth = "30 cm"
"""
NEEDED = ("run", "rehearse", "write")


@pytest.fixture(autouse=True)
def _with_wells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "KINDS", (*KINDS, WELL))


@pytest.fixture
def well(tmp_path: Path) -> Path:
    path = tmp_path / "well.toml"
    path.write_text(WELL_CASE, encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.names[0])
def test_every_part_of_every_kind_exists(kind: kinds.Kind) -> None:
    assert issubclass(part(kind.document), CourseCase)
    assert callable(part(kind.product).summary)
    for place, name in zip((kind.course, kind.course, kind.report), NEEDED, strict=True):
        assert callable(getattr(part(place), name))
    if kind.names != ("shaft",):
        assert callable(part(kind.report).facts)
        assert callable(part(kind.report).visits)


def test_the_class_of_a_case_follows_its_site(well: Path) -> None:
    assert isinstance(read(well), WellCase)
    example = Path(trephine.__file__).parent / "cli/examples/femur-nonunion.toml"
    assert isinstance(read(example), Case)
    assert isinstance(read(well).changed({"site": {"kind": "pit"}}), WellCase)


def test_an_unknown_kind_is_refused_with_those_known() -> None:
    with pytest.raises(InputError, match=r"site.kind: 'wel' is unknown; .*'well'.*shaft"):
        of_any_kind({"site": {"kind": "wel"}}, "it")
    with pytest.raises(InputError, match=r"'ocean' is unknown; known: .*shaft"):
        of_any_kind({"site": {"kind": "ocean"}}, "it")


def test_what_only_another_kind_of_site_has_is_named() -> None:
    data = {"name": "x", "patient": PATIENT, "site": {"kind": "well", "fixation": {}}}
    with pytest.raises(
        InputError, match=r"site.fixation: a site of kind .* has no fixation, which belongs to"
    ):
        of_any_kind(data, "it")


def test_a_step_that_a_kind_does_not_know_is_refused() -> None:
    step = {"kind": "loading", "day": "1 d", "body_weights": 1.0}
    site = {"kind": "well", "depth": "1 m"}
    data = {"name": "x", "patient": PATIENT, "site": site, "plan": {"steps": [step]}}
    with pytest.raises(InputError, match=r"plan: steps.0 is of kind 'loading'.*known: medication"):
        of_any_kind(data, "it")


def test_a_run_of_any_kind_is_kept_and_comes_back(well: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert main.main(["run", str(well), "--out", str(folder), "--quiet"]) == 0
    assert {entry.name for entry in folder.iterdir()} == {
        "case.toml", "run.json", "products.json", "arrays.zarr", "report.html",
    }  # fmt: skip
    back = load_any(folder)
    assert isinstance(back, WellRun)
    np.testing.assert_array_equal(back.level, np.linspace(0.0, 0.3, 5))
    assert "How it filled &lt;fast&gt;" in (folder / "report.html").read_text(encoding="utf-8")
    (folder / "report.html").unlink()
    assert main.main(["report", str(folder)]) == 0
    assert (folder / "report.html").is_file()
    assert main.main(["show", str(folder)]) == 0
    with pytest.raises(InputError, match="kind 'well'"):
        load(folder)


def test_a_run_that_is_asked_to_resume_ends_with_the_same(well: Path, tmp_path: Path) -> None:
    folder = str(tmp_path / "run")
    assert main.main(["run", str(well), "--out", folder, "--quiet"]) == 0
    assert main.main(["run", str(well), "--out", folder, "--quiet", "--resume"]) == 0
    assert main.main(["run", str(well), "--out", folder, "--seed", "1", "--resume"]) == 2


@pytest.mark.parametrize(
    "words",
    [["dose"], ["plan"], ["compare", "--models", "callus,ulm"], ["run", "--model", "ulm"]],
    ids=" ".join,
)
def test_what_needs_a_shaft_says_so(
    words: list[str], well: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main([words[0], str(well), *words[1:]]) == 2
    said = capsys.readouterr().err
    assert "works on a site of kind 'shaft' alone, and this is one of kind 'well'" in said
    assert said.count("\n") == 1


def test_a_population_is_of_shafts(
    well: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trial = tmp_path / "trial.toml"
    arm = '[[arms]]\nname = "a"\nn = 2\n'
    trial.write_text(f'name = "x"\n[population]\nbase = "{well.name}"\n{arm}', encoding="utf-8")
    assert main.main(["trial", str(trial), "--out", str(tmp_path / "out")]) == 2
    assert "a population works on a site of kind 'shaft' alone" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["watch"], ["export", "--csv"]], ids=" ".join)
def test_what_needs_the_run_of_a_shaft_says_so(
    words: list[str], well: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "run")
    assert main.main(["run", str(well), "--out", folder, "--quiet"]) == 0
    capsys.readouterr()
    assert main.main([words[0], folder, *words[1:]]) == 2
    assert "kind 'shaft' alone" in capsys.readouterr().err


def test_the_schema_of_each_kind_and_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["schema", "--kind", "well"]) == 0
    assert "depth" in json.loads(capsys.readouterr().out)["$defs"]["Well"]["properties"]
    assert main.main(["schema", "--all"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert {"Case", "WellCase"} <= set(whole["$defs"])
    assert main.main(["schema", "--kind", "ocean"]) == 2


def test_a_rehearsal_says_what_would_be_done(
    well: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["run", str(well), "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["depth"] == 0.3
