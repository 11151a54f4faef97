"""The commands that talk to a patient: what they print of a worn ankle and a knee."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from trephine.case.case import of_any_kind
from trephine.cli.example import written
from trephine.cli.main import main
from trephine.models.plan_harms import expected
from trephine.study.studied import results


@pytest.fixture
def ankle(tmp_path: Path) -> Path:
    path = tmp_path / "ankle.toml"
    path.write_text(written("ankle-candidacy"), encoding="utf-8")
    return path


def test_who_asks_of_an_ankle_hears_that_there_is_no_evidence(
    ankle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["candidacy", str(ankle), "--out", str(ankle.parent)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Marrow concentrate: not in this catalogue" in said
    assert "recommends nothing" in said
    assert "Not in this catalogue" in (ankle.parent / "candidacy.html").read_text(encoding="utf-8")


def test_only_what_the_file_itself_states_counts(
    ankle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["candidacy", str(ankle), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    standing = {one["asks"]: one["standing"] for one in told["cautions"]}
    assert standing["anticoagulated"] == "applies"
    assert standing["smoker"] == "does not apply"
    assert standing["diabetes"] == standing["cancer"] == standing["platelets"] == "not stated"
    assert told["options"][0]["studies"] == {}
    assert told["results"] == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"injection"', '"exosome_injection"', "'exosome_injection' is unknown; known: cord_cell"),
        ('"injection"', '"injektion"', "did you mean 'injection'?"),
        ("value = 62", "value = 620", "site.pain.value: must be at least 0 and at most 100"),
    ],
)
def test_what_is_not_accepted_is_told_with_what_would_be(
    ankle: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, words: str
) -> None:
    ankle.write_text(ankle.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert main(["candidacy", str(ankle)]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "autograft" not in said
    assert "did you mean 'saline" not in said


def test_an_example_says_the_command_that_it_is_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, command in (("ankle-candidacy", "candidacy"), ("femur-nonunion", "run")):
        out = tmp_path / f"{name}.toml"
        assert main(["example", name, "--out", str(out)]) == 0
        assert f"run it with: trephine {command} {out}" in capsys.readouterr().err


def test_aftercare_is_dated_and_written(ankle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["aftercare", str(ankle), "--start", "2027-03-01", "--out", str(ankle.parent)]
    assert main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert any(line["when"] == "Mon 1 March 2027" for line in told["lines"])
    assert "no medical advice" in told["not_advice"]
    assert (ankle.parent / "aftercare.html").is_file()
    assert main(["aftercare", str(ankle), "--start", "tomorrow"]) == 2


def test_fluid_in_the_knee_is_expected_of_knees_and_of_no_ankle() -> None:
    knee = of_any_kind(tomllib.loads(written("knee-osteoarthritis")), "knee")
    found = {harm.event: harm for harm in expected(knee)}
    assert found["effusion"].asked is not None
    assert found["effusion"].asked.mean == pytest.approx(0.18, abs=0.03)
    assert found["effusion"].told is not None
    assert found["effusion"].told.basis == "scaled"
    ankle = of_any_kind(tomllib.loads(written("ankle-candidacy")), "ankle")
    assert "effusion" not in {harm.event for harm in expected(ankle)}


def test_the_null_trials_of_the_knee_are_among_what_was_studied() -> None:
    knee = of_any_kind(tomllib.loads(written("knee-osteoarthritis")), "knee")
    found = results(knee)
    assert {"Shapiro2017", "MILES2023"} <= {r.study for r in found if r.design == "randomised"}
    assert found[0].design == "randomised"
