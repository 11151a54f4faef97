"""Virtual patients: their laws, their correlations, and luck that is their own."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trephine.case.document import validate
from trephine.case.population import Population, with_base
from trephine.core.errors import InputError
from trephine.core.rng import Streams
from trephine.study.copula import latent, rank_correlation
from trephine.study.patients import YEAR, Features, check, features, patient

MANY = 40_000
LUCK = Streams(3)
VARY: dict[str, Any] = {
    "patient.age": {"law": "normal", "mean": "40 year", "sd": "12 year"},
    "site.gap.width": {"law": "lognormal", "mean": "3 mm", "sd": "1.5 mm"},
    "site.gap.tilt": {"law": "uniform", "low": "-10 deg", "high": "20 deg"},
    "patient.smoker": {"law": "share", "share": "30 %"},
    "patient.sex": {"law": "choice", "values": ["female", "male"], "weights": [12, 48]},
    "site.fixation": {
        "law": "choice",
        "values": [
            {"kind": "nail", "nail_diameter": "9 mm"},
            {"kind": "cast", "axial_stiffness": "200 N/mm"},
        ],
        "weights": [3, 1],
    },
    "plan.steps.3.deliver.volume": {"law": "choice", "values": ["8 mL", "12 mL"]},
    "fact.open": {"law": "share", "share": 0.2},
}


def made(vary: dict[str, Any] | None = None, **more: Any) -> Population:
    table = {"base": "tibia-nonunion", "vary": VARY if vary is None else vary, **more}
    return validate(Population, with_base(table, Path()), "x.toml")


def ranks(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return ranks, ties at their mean."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    above = np.cumsum(counts)
    middle = above - (counts - 1) / 2
    return np.asarray(middle[place])


def spearman(drawn: Features, one: str, other: str) -> float:
    return float(np.corrcoef(ranks(drawn[one]), ranks(drawn[other]))[0, 1])


def test_laws_have_the_moments_that_were_stated() -> None:
    drawn = features(made(), LUCK, MANY)
    error = 5 / np.sqrt(MANY)
    assert drawn["patient.age"].mean() / YEAR == pytest.approx(40, abs=12 * error)
    assert drawn["patient.age"].std() / YEAR == pytest.approx(12, rel=0.03)
    assert drawn["site.gap.width"].mean() == pytest.approx(3e-3, abs=1.5e-3 * error)
    assert drawn["site.gap.width"].std() == pytest.approx(1.5e-3, rel=0.06)
    assert np.degrees(drawn["site.gap.tilt"]).mean() == pytest.approx(5, abs=9 * error)
    assert np.degrees(drawn["site.gap.tilt"]).std() == pytest.approx(30 / np.sqrt(12), rel=0.03)
    assert drawn["patient.smoker"].mean() == pytest.approx(0.3, abs=error / 2)
    assert (drawn["patient.sex"] == "male").mean() == pytest.approx(0.8, abs=error / 2)
    assert (drawn["site.fixation.kind"] == "nail").mean() == pytest.approx(0.75, abs=error / 2)


def test_a_law_is_cut_at_its_ends_and_those_of_its_place() -> None:
    age = {"law": "normal", "mean": "40 year", "sd": "12 year", "low": "30 year"}
    perfusion = {"law": "normal", "mean": 0.1, "sd": 0.1}
    drawn = features(made({"patient.age": age, "site.biology.perfusion": perfusion}), LUCK, MANY)
    years = drawn["patient.age"] / YEAR
    assert years.min() >= 30
    # The mean of a normal law cut 0.833 deviations below its mean, by the formula of Mills.
    assert years.mean() == pytest.approx(40 + 12 * 0.2819 / 0.7977, abs=0.2)
    assert 0 <= drawn["site.biology.perfusion"].min() < 1e-4


LINKS = [
    {"places": ["patient.age", "site.gap.width"], "rank": 0.5},
    {"places": ["patient.smoker", "site.gap.width"], "rank": 0.3},
    {"places": ["patient.smoker", "patient.sex"], "rank": -0.25},
]


def test_facts_correlate_as_stated_with_and_without_ties() -> None:
    drawn = features(made(link=LINKS), LUCK, MANY)
    for link in LINKS:
        one, other = link["places"]  # type: ignore[misc]
        assert spearman(drawn, one, other) == pytest.approx(link["rank"], abs=0.02)
    assert spearman(drawn, "patient.age", "fact.open") == pytest.approx(0, abs=0.02)


def test_the_check_of_correlations_sees_a_rank_taken_for_a_deviate() -> None:
    # A share of 30 % and no ties: the deviates must correlate more than the ranks do.
    smokers = np.array([0.0, 0.7, 1.0])
    assert rank_correlation(latent(0.3, smokers, None), smokers, None) == pytest.approx(0.3)
    assert abs(rank_correlation(0.3, smokers, None) - 0.3) > 0.05


def test_correlations_that_cannot_be_are_told() -> None:
    rare = {**VARY, "fact.open": {"law": "share", "share": 0.01}}
    strong = [{"places": ["patient.age", "fact.open"], "rank": 0.5}]
    with pytest.raises(InputError, match=r"link\.0\.rank: ties leave a rank correlation from -0\."):
        features(made(rare, link=strong), LUCK, 1)
    never = {**VARY, "fact.open": {"law": "share", "share": 0}}
    with pytest.raises(InputError, match="the same for all patients; drop the link"):
        features(made(never, link=strong), LUCK, 1)
    triangle = [("patient.age", "site.gap.width"), ("site.gap.width", "site.gap.tilt")]
    links = [{"places": list(pair), "rank": 0.9} for pair in triangle]
    links.append({"places": ["patient.age", "site.gap.tilt"], "rank": -0.9})
    with pytest.raises(InputError, match=r"link: the correlations of .* contradict each other"):
        features(made(link=links), LUCK, 1)


def test_a_patient_is_the_same_whoever_else_is_drawn_and_whatever_else_varies() -> None:
    population = made(link=LINKS, lost_per_year=0.3)
    many, few = (features(population, LUCK, count) for count in (500, 9))
    for place in population.vary:
        assert (many[place][:9] == few[place]).all(), place
    assert (many.lost_at[:9] == few.lost_at).all()
    assert (many.missed(6)[:9, :4] == few.missed(4)).all()
    age = {"patient.age": VARY["patient.age"]}
    alone = features(made(age, link=[]), LUCK, 9)
    assert (alone["patient.age"] == few["patient.age"]).all()
    order = [patient(population, few, index) for index in (7, 2)]
    assert order[1] == patient(population, many, 2)
    draws = [drawn.luck(2).named("needle").random() for drawn in (many, few)]
    assert draws[0] == draws[1] != few.luck(3).named("needle").random()
    sent = pickle.loads(pickle.dumps(few))  # noqa: S301  (our own, as a worker gets it)
    assert patient(sent.population, sent, 2) == order[1]


def test_a_case_holds_the_facts_of_its_patient_to_the_last_bit() -> None:
    population = made()
    drawn = features(population, LUCK, 30)
    kinds = set()
    for index in range(30):
        one = patient(population, drawn, index)
        assert one.patient.age == drawn["patient.age"][index]
        assert one.site.gap.width == drawn["site.gap.width"][index]
        assert one.patient.smoker == drawn["patient.smoker"][index]
        assert one.patient.sex == drawn["patient.sex"][index]
        assert one.plan.injections[0].deliver.volume == pytest.approx(
            drawn["plan.steps.3.deliver.volume"][index]
        )
        assert one.patient.mass == drawn["patient.mass"][index] == 66
        kinds.add(one.site.fixation.kind)
        assert one.site.fixation.kind == drawn["site.fixation.kind"][index]
    assert kinds == {"nail", "cast"}


def test_what_varies_in_the_plan_varies_in_every_arm_that_has_it() -> None:
    population = made()
    drawn = features(population, LUCK, 4)
    steps = population.base.as_written()["plan"]["steps"]
    steps[3]["deliver"]["carrier"] = "none"
    one = patient(population, drawn, 1, {"steps": steps})
    assert one.plan.injections[0].deliver.carrier == "none"
    assert one.plan.injections[0].deliver.volume == pytest.approx(
        drawn["plan.steps.3.deliver.volume"][1]
    )
    assert check(population, {"steps": steps}, "arms.0.plan") == []
    (problem,) = check(population, {"steps": steps[:2]}, "arms.1.plan")
    assert problem.place == "arms.1.plan.steps.3.deliver.volume"
    assert "nothing at this place" in problem.message


def test_what_no_patient_has_is_told_with_the_nearest() -> None:
    drawn = features(made(), LUCK, 4)
    for place, said in (
        ("patient.mas", "did you mean 'patient.mass'?"),
        ("fact.opn", "did you mean 'fact.open'?"),
        ("site.fixation.nail_diameter", "not every patient has one value"),
        ("patient.height.x", "knows no 'patient.height.x'"),
    ):
        with pytest.raises(InputError, match=said.replace("?", r"\?")):
            drawn[place]
    with pytest.raises(InputError, match="no patient 4; known: 0 to 3"):
        patient(made(), drawn, 4)


def test_patients_are_lost_at_a_constant_rate_and_miss_visits() -> None:
    drawn = features(made(lost_per_year=0.2, missed_visits=0.1), LUCK, MANY)
    assert (drawn.lost_at < YEAR).mean() == pytest.approx(0.2, abs=0.01)
    assert (drawn.lost_at < 2 * YEAR).mean() == pytest.approx(0.36, abs=0.012)
    assert drawn.missed(5).mean(axis=0) == pytest.approx(0.1, abs=0.01)
    stays = features(made(), LUCK, 3)
    assert np.isinf(stays.lost_at).all()
    assert not stays.missed(5).any()
