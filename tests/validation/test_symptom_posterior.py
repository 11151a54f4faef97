"""The shipped posterior of symptoms: sampled well, made from today's evidence, and sober."""

from __future__ import annotations

import tomllib
from importlib import resources

import numpy as np
import pytest

from trephine.catalogue.cohorts import fingerprint
from trephine.catalogue.load import catalogue
from trephine.catalogue.symptom_posterior import FOLDER, symptom_posterior
from trephine.core.errors import SolverError
from trephine.models.symptom_layout import PRODUCTS
from trephine.study.symptom_arms import evidence, symptom_studies
from trephine.study.symptom_fit import (
    arms_seen,
    checked,
    laws_of,
    priors_digest,
    problems,
)
from trephine.study.symptom_left_out import Expected, coverage, expected, folds, parted

FOUND, LAWS = symptom_posterior(), laws_of(catalogue())
TABLE = tomllib.loads(
    (resources.files("trephine.catalogue") / "data" / FOLDER / "table.toml").read_text()
)
KNEE = {str(p): FOUND.draws["benefit_of"][:, 0, k] for k, p in enumerate(PRODUCTS)}


def test_it_is_sampled_well_enough_and_made_from_this_catalogue() -> None:
    assert problems(FOUND.diagnostics) == []
    again = "run 'make symptoms'"
    assert FOUND.evidence == fingerprint(symptom_studies("calibrate")), again
    assert FOUND.priors == priors_digest(catalogue()), again
    assert FOUND.arms == arms_seen(evidence("calibrate", LAWS)), again


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("worst_r_hat", 1.2, "R-hat reaches 1.200"),
        ("worst_r_hat", float("nan"), "R-hat"),
        ("least_effective", 20.0, "20 effective draws"),
        ("divergent", 0.1, "10.00% of the steps diverged"),
    ],
)
def test_a_badly_sampled_fit_is_refused(name: str, value: float, words: str) -> None:
    bad = type(FOUND)(
        FOUND.draws, {**FOUND.diagnostics, name: value}, FOUND.evidence, FOUND.priors, FOUND.arms
    )
    with pytest.raises(SolverError, match=words):
        checked(bad)


def test_the_knee_shows_no_benefit_of_concentrate_beyond_the_randomised_arms() -> None:
    low, middle, high = np.quantile(KNEE["concentrate"], (0.05, 0.5, 0.95))
    alone = TABLE["randomised_only"]["concentrate"]
    assert low < 0.0 < high, "over saline"
    assert middle <= alone[1] + 1.5, "series without comparison must not raise it"
    assert low <= alone[0] + 1.5
    shares = np.exp(-365.0 / FOUND.draws["waning"])
    at_a_year = KNEE["concentrate"] * shares[:, 2] - KNEE["corticosteroid"] * shares[:, 0]
    assert np.quantile(at_a_year, 0.05) < 0.0, "over a corticosteroid at a year"


def test_a_corticosteroid_relieves_for_weeks_and_not_for_a_year() -> None:
    assert np.mean(KNEE["corticosteroid"] > 0.0) > 0.9
    assert np.median(KNEE["corticosteroid"]) > 5.0
    assert np.median(FOUND.draws["waning"][:, 0]) < 150.0


def told(one: Expected) -> tuple[str, str, str, float, float]:
    return one.study, one.product, one.score, one.day, one.published


def test_studies_lie_within_the_intervals_of_fits_without_them_about_as_often_as_they_should() -> (
    None
):
    table = [Expected(**one) for one in TABLE["left_out"]]
    every = evidence("calibrate", LAWS)
    numbers = parted(every, [s for fold in folds(every, 4) for s in fold])[1]
    assert sorted(map(told, table)) == sorted(map(told, expected(numbers, FOUND, LAWS)))
    assert coverage(table) > 0.75
    narrow = [one.high - one.low for one in table if one.kind == "change" and one.randomised]
    assert max(narrow) < 90.0, "an interval that holds everything tells nothing"
