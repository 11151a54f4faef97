"""Every example trial: its patients can be drawn and treated, and each law says why."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from trephine.case.document import validate
from trephine.case.population import Population, with_base
from trephine.catalogue.cohorts import cohorts
from trephine.core.rng import Streams
from trephine.study.patients import features, patient

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "write-a-trial.md"
FOLDER = Path(__file__).parents[2] / "examples" / "trials"
TRIALS = sorted(FOLDER.glob("*.toml"))


def population(path: Path) -> Population:
    data = tomllib.loads(path.read_text(encoding="utf-8"))["population"]
    return validate(Population, with_base(data, FOLDER), path.name)


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


def test_the_population_of_the_guide_is_accepted() -> None:
    text = GUIDE.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    who = validate(Population, with_base(tomllib.loads(text)["population"], FOLDER), "the guide")
    assert patient(who, features(who, Streams(0), 2), 1).site.bone == "tibia"
