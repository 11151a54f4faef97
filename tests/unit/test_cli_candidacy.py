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
    assert "Marrow concentrate: no evidence" in said
    assert "recommends nothing" in said
    assert "No evidence" in (ankle.parent / "candidacy.html").read_text(encoding="utf-8")


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
