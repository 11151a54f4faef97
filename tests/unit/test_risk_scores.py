"""Additive scores of baseline risk: points by hand, bands, and what published series say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trephine.case.document import validate
from trephine.case.population import Population, with_base
from trephine.catalogue.cohorts import cohorts
from trephine.catalogue.load import catalogue
from trephine.core.errors import InputError
from trephine.core.rng import Streams
from trephine.models.reading import Reading
from trephine.models.risk_scores import RiskScores, bands, points, risk, score_named
from trephine.study.baseline import baseline_risk, befalls, mix
from trephine.study.patients import features

SCORES = Reading(catalogue()).fill(RiskScores)
NONE: dict[str, Any] = {
    "flap": False, "compartment_syndrome": False, "chronic_disease": False, "open": False,
    "male": False, "spiral": False, "low_energy": False, "asa": 1, "cortical_contact": 1.0,
}  # fmt: skip


def facts(**changes: Any) -> dict[str, np.ndarray[Any, Any]]:
    return {name: np.array([value]) for name, value in {**NONE, **changes}.items()}


@pytest.mark.parametrize(
    ("changes", "by_hand", "printed"),
    [
        ({}, 1, 0.02),
        ({"spiral": True, "low_energy": True}, -1, 0.02),
        ({"open": True, "male": True, "asa": 2}, 5, 0.02),
        ({"open": True, "male": True, "asa": 3}, 6, 0.22),
        ({"flap": True, "open": True, "male": True}, 9, 0.42),
        ({"flap": True, "chronic_disease": True, "cortical_contact": 0.25}, 12, 0.61),
        ({"compartment_syndrome": True, "cortical_contact": 0.5, "asa": 2}, 8, 0.22),
    ],
    ids=str,
)
def test_points_and_risk_are_those_counted_by_hand(
    changes: dict[str, Any], by_hand: float, printed: float
) -> None:
    score = points(facts(**changes), SCORES.nurd)
    assert score[0] == by_hand
    assert risk(score, SCORES.nurd)[0] == pytest.approx(printed, rel=1e-12)


def test_the_bands_are_those_of_the_published_series() -> None:
    published = cohorts()
    nurd = published["OHalloran2016_NURD"].arms
    for band, arm in zip(bands(SCORES.nurd), nurd, strict=True):
        printed = nurd[arm].endpoints["nonunion_at_fixation"].printed
        assert SCORES.nurd.risk[band] == pytest.approx(float(printed or 0) / 100)
    arms = published["Bhandari2003"].arms
    for number, band in enumerate(bands(SCORES.bhandari)):
        printed = arms[f"factors_{number}"].endpoints["reoperation_12_months"].printed
        assert SCORES.bhandari.risk[band] == pytest.approx(float(printed or 0) / 100)


def test_what_has_no_points_is_refused_every_problem_at_once() -> None:
    wrong = facts(asa=4, cortical_contact=0.6)
    with pytest.raises(InputError) as caught:
        points(wrong, SCORES.nurd)
    assert "fact.asa: has no points for 4; known: 1, 2, 3" in str(caught.value)
    assert "fact.cortical_contact: has no points for 0.6; known: 0.25, 0.5" in str(caught.value)
    few = {"open": np.array([True]), "transverse": np.array([2])}
    with pytest.raises(InputError) as caught:
        points(few, SCORES.bhandari)
    assert "fact.no_contact: the score counts it" in str(caught.value)
    assert "fact.transverse: must be true or false" in str(caught.value)
    with pytest.raises(InputError, match="no score 'nurdd'; did you mean 'nurd'"):
        score_named("nurdd", SCORES)


def population(**shares: float) -> Population:
    vary = {f"fact.{name}": {"law": "share", "share": share} for name, share in shares.items()}
    table = {"base": "tibia-nonunion", "vary": vary}
    return validate(Population, with_base(table, Path()), "x.toml")


def test_the_risk_of_a_population_is_that_of_its_mix() -> None:
    drawn = features(population(open=0.4, no_contact=0.2, transverse=0.3), Streams(1), 50_000)
    found = mix(drawn, "bhandari")
    assert found["none"] == pytest.approx(0.6 * 0.8 * 0.7, abs=0.01)
    assert found["three"] == pytest.approx(0.4 * 0.2 * 0.3, abs=0.003)
    risks = baseline_risk(drawn, "bhandari")
    by_hand = sum(share * SCORES.bhandari.risk[band] for band, share in found.items())
    assert risks.mean() == pytest.approx(by_hand, rel=1e-9)
    assert befalls(drawn, risks).mean() == pytest.approx(by_hand, abs=0.01)
    assert befalls(drawn, risks * 0).sum() == 0


def test_a_population_without_the_facts_of_a_score_is_told_all_of_them() -> None:
    drawn = features(population(open=0.4), Streams(1), 5)
    with pytest.raises(InputError) as caught:
        baseline_risk(drawn, "bhandari")
    assert {p.place for p in caught.value.problems} == {"fact.no_contact", "fact.transverse"}


def test_whom_it_befalls_does_not_depend_on_how_many_are_asked() -> None:
    who = population(open=1.0, no_contact=1.0, transverse=0.0)
    many, few = (features(who, Streams(2), count) for count in (20_000, 6))
    befallen = befalls(many, baseline_risk(many, "bhandari"))
    assert befallen.mean() == pytest.approx(0.47, abs=0.02)
    assert (befalls(few, baseline_risk(few, "bhandari")) == befallen[:6]).all()
