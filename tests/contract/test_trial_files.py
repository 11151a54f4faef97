"""Every example trial: its patients can be drawn and treated, and each law says why."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from trephine.case.document import validate
from trephine.case.population import Population, with_base
from trephine.case.trial import Trial, read
from trephine.catalogue.cohorts import cohorts, values
from trephine.core.rng import Streams
from trephine.study.patients import features, patient

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "write-a-trial.md"
FOLDER = Path(__file__).parents[2] / "examples" / "trials"
TRIALS = sorted(FOLDER.glob("*.toml"))


def population(path: Path) -> Population:
    return read(path).population


def test_there_are_trials() -> None:
    assert len(TRIALS) > 8


@pytest.mark.parametrize("path", TRIALS, ids=lambda path: path.stem)
def test_every_patient_of_a_trial_is_a_valid_case(path: Path) -> None:
    who = population(path)
    drawn = features(who, Streams(0), 25)
    assert len({patient(who, drawn, index).digest for index in range(25)}) == 25


@pytest.mark.parametrize("path", TRIALS, ids=lambda path: path.stem)
def test_every_law_says_why_or_where_from(path: Path) -> None:
    who = population(path)
    for said in (*who.vary.values(), *who.link):
        assert said.about
        assert said.source in cohorts() if said.source else "assumed" in said.about


@pytest.mark.parametrize("path", TRIALS, ids=lambda path: path.stem)
def test_no_law_comes_from_a_series_that_is_held_out(path: Path) -> None:
    sources = {said.source for said in population(path).vary.values() if said.source}
    assert sources <= set(cohorts("calibrate"))


@pytest.mark.parametrize("path", TRIALS, ids=lambda path: path.stem)
def test_what_a_trial_says_was_published_is_in_the_catalogue(path: Path) -> None:
    trial, published = read(path), values(cohorts())
    assert trial.endpoints
    for arm in trial.arms:
        study = cohorts()[trial.cohort]
        assert not arm.published or arm.published in study.arms
    for endpoint in trial.endpoints:
        value = published[f"{trial.cohort}.{endpoint.published}"]
        assert getattr(value, "outcome", endpoint.outcome) == endpoint.outcome
        assert getattr(value, "measure", endpoint.outcome) in {endpoint.measure, endpoint.outcome}


def test_the_guide_is_a_trial() -> None:
    fences = GUIDE.read_text(encoding="utf-8").split("```toml\n")[1:]
    people, arms = (tomllib.loads(text.split("```")[0]) for text in fences)
    people["population"] = with_base(people["population"], FOLDER)
    trial = validate(Trial, {**people, **arms}, "the guide")
    assert trial.problems() == []
    who = trial.population
    assert patient(who, features(who, Streams(0), 2), 1).site.bone == "tibia"
