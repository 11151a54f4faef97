"""What may be told of a painful site: numbers where there are any, shares within the scale."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from scipy.stats import norm

from trephine.case.case import read
from trephine.case.symptom import SymptomCase
from trephine.case.symptom_course import SymptomCourse, SymptomEnding
from trephine.case.symptom_run import SymptomRun
from trephine.catalogue.load import catalogue
from trephine.catalogue.symptom_posterior import SymptomPosterior, symptom_posterior
from trephine.catalogue.vocabulary import Product
from trephine.models.least_difference import BELOW, NEAR, share_who_gain
from trephine.models.symptom_reported import by_dose, inferred
from trephine.pipeline.symptom import of_ten
from trephine.report.symptom import _lead, _tiles
from trephine.stages.symptoms import course_of_symptoms
from trephine.study.symptom_differences import apart
from trephine.study.symptom_fit import laws_of

EXAMPLES = Path(__file__).parents[2] / "src" / "trephine" / "cli" / "examples"
FOUND, LAWS = symptom_posterior(), laws_of(catalogue())
UNSPUN: dict[str, Any] = {
    "kind": "injection",
    "day": "0 d",
    "harvest": {"bone": "posterior_iliac_crest", "draws": ["12 x 5 mL"]},
    "process": {"method": "none"},
    "deliver": {"volume": "5 mL", "carrier": "none"},
}


def case(name: str = "knee-osteoarthritis", **site: Any) -> SymptomCase:
    found = read(EXAMPLES / f"{name}.toml")
    assert isinstance(found, SymptomCase)
    return found.changed({"site": site}) if site else found


def course(of: SymptomCase, found: SymptomPosterior = FOUND) -> SymptomCourse:
    return course_of_symptoms(of, found, LAWS, seed=1)


def run(of: SymptomCase) -> SymptomRun:
    """Return as much of a run as its headline and a difference look at."""
    parts = SimpleNamespace(case=of, course=course(of), provenance=SimpleNamespace(seed=1))
    return cast("SymptomRun", parts)


def pretending(site: str, product: str, **arm: int) -> SymptomPosterior:
    """Return the posterior as if it had seen another arm."""
    arms = [replace(a, **arm) if (a.site, a.product) == (site, product) else a for a in FOUND.arms]  # type: ignore[arg-type]
    return replace(FOUND, arms=tuple(arms))


def counted(points: float, burden: float, change: float, spread: float) -> float:
    """Return the share who gain, counted among people drawn, whose burden ends with its scale."""
    drawn = burden + change + spread * np.random.default_rng(1).normal(size=200_000)
    return float(np.mean(burden - np.clip(drawn, 0.0, 100.0) >= points))


@pytest.mark.parametrize("burden", [8.0, 17.0, 18.0, 30.0, 62.0])
def test_the_share_who_gain_is_that_of_people_drawn_within_the_scale(burden: float) -> None:
    told = share_who_gain(17.5, burden, np.array([[-20.0]]), np.array([25.0]))[0, 0]
    assert told == pytest.approx(counted(17.5, burden, -20.0, 25.0), abs=0.005)


def test_a_law_without_ends_would_be_seen() -> None:
    endless = norm.cdf((-17.5 + 20.0) / 25.0)
    assert endless - counted(17.5, 8.0, -20.0, 25.0) > 0.5


def test_a_score_below_the_least_difference_tells_no_responders() -> None:
    told = course(case(pain={"score": "VAS", "value": 8}, function={"score": "KOOS", "value": 97}))
    assert told.own is not None
    assert told.ending is SymptomEnding.TOO_MILD
    assert told.own.score("VAS").responders is None
    assert told.own.score("VAS").untold == BELOW
    assert told.own.score("KOOS").untold == NEAR
    tiles = _tiles(run(case(pain={"score": "VAS", "value": 8})))
    gain = next(tile for tile in tiles if tile.label == "Gain what matters")
    assert gain.value == "\u2013"
    assert gain.note.startswith("cannot be told: the score is below the least difference")


def test_responders_stand_with_their_interval() -> None:
    knee = run(case())
    assert knee.course.own is not None
    share = knee.course.own.score("VAS").responders
    assert share is not None
    told = f"{100 * share.median[-1]:.0f} ({100 * share.low[-1]:.0f} to {100 * share.high[-1]:.0f})"
    assert f"Of 100 people alike, {told} gain as much." in _lead(knee.course)
    assert told in {tile.value for tile in _tiles(knee)}
    plain = SymptomRun.summary(cast("SymptomRun", _Summed(knee)))["scores"]["VAS"]
    assert plain["responders_low"] < plain["responders"] < plain["responders_high"]


class _Summed:
    """A run with what its summary looks at."""

    def __init__(self, of: SymptomRun) -> None:
        self.case, self.course, self.posterior = of.case, of.course, ""
        self.provenance = SimpleNamespace(seed=1, version="", catalogue_digest="")

    def _structure(self) -> dict[str, Any]:
        return {}


@pytest.mark.parametrize(
    ("planned", "words"),
    [
        (case().with_plan(steps=[UNSPUN]), "Colberg2020 (retrospective, 13 patients) tells"),
        (case("rotator-cuff"), "CentenoRC2020 (randomised crossover) tells in words: under"),
        (
            case().with_plan(steps=[{"kind": "platelet_injection", "day": "0 d"}]),
            "WOMAC after 12 months no different from platelet-rich plasma",
        ),
        (
            case().with_plan(steps=[{"kind": "exercise", "day": "0 d"}]),
            "Knee Society score after 3 months better than under exercise",
        ),
    ],
)
def test_what_is_told_in_words_gets_words(planned: SymptomCase, words: str) -> None:
    told = course(planned)
    assert told.ending is SymptomEnding.IN_WORDS
    assert told.own is None
    assert told.against == ()
    assert "in words alone, so no course" in told.sentences[0]
    assert words in " ".join(told.sentences)


def test_one_number_would_give_unspun_marrow_a_course() -> None:
    marrow = case().with_plan(steps=[UNSPUN])
    assert course(marrow, pretending("knee", "marrow", numbers=1)).own is not None


def test_words_alone_stand_beside_no_plan() -> None:
    told = course(case())
    assert {one.product for one in told.beside} == {"saline", "corticosteroid", "hyaluronic acid"}


def test_a_series_tells_its_course_and_no_benefit() -> None:
    disc = case("lumbar-disc", pain={"score": "VAS", "value": 79})
    told = run(disc)
    own = told.course.own
    assert told.course.ending is SymptomEnding.NOT_COMPARED
    assert own is not None
    assert not own.is_compared
    assert told.course.against == ()
    assert (own.onset_day, own.flare) == (None, None)
    assert all(score.responders is None for score in own.scores)
    assert "people alike" not in _lead(told.course)
    assert apart(told, told) == {}
    assert not any(tile.label.startswith("Gain what matters") for tile in _tiles(told))
    group, at = own.score("VAS").group, int(np.argmin(abs(told.course.day - 364)))
    assert group.low_half[at] < 33.2 < group.high_half[at], "as in the series, which began at 79.3"


def test_one_comparison_by_chance_would_give_the_disc_a_comparison() -> None:
    told = course(case("lumbar-disc"), pretending("lumbar disc", "concentrate", randomised=1))
    assert told.own is not None
    assert told.own.is_compared
    assert told.ending is not SymptomEnding.NOT_COMPARED
    assert told.own.score("VAS").responders is not None


@pytest.mark.parametrize("grade", [1, 3, 4])
def test_stage_changes_nothing_that_is_told(grade: int) -> None:
    told, plain = course(case(kellgren_lawrence=grade)), course(case())
    assert told.own is not None
    assert plain.own is not None
    for name in ("VAS", "WOMAC"):
        middle = told.own.score(name).group.median
        assert np.array_equal(middle, plain.own.score(name).group.median)
    assert f"so grade {grade} of Kellgren and Lawrence changes nothing" in " ".join(told.sentences)


def test_pain_that_nobody_measured_is_called_inferred_first() -> None:
    cells = course(case("knee-cartilage-defect"))
    assert cells.sentences[0].startswith("Pain under cultured cells with a carrier is inferred")
    assert "LamoEspinosa2016" in cells.sentences[0]
    assert inferred("knee", Product.CONCENTRATE) == "", "its trials measured pain"


def test_what_shows_no_benefit_is_told_once() -> None:
    told = [one for one in course(case("knee-cartilage-defect")).sentences if "No benefit" in one]
    assert len(told) == 1
    assert all(name in told[0] for name in ("saline", "corticosteroid", "hyaluronic acid"))


def test_the_disc_tells_pain_by_dose() -> None:
    told = " ".join(course(case("lumbar-disc")).sentences)
    assert "in 'age >40 and <2000 CFU-F/mL' by 29 % and in 'all others' by 71 % (p=.01)" in told
    assert by_dose("knee", Product.CONCENTRATE) == ()


@pytest.mark.parametrize(("value", "warned"), [(5.5, True), (10, True), (0, False), (55, False)])
def test_pain_of_ten_or_less_of_a_hundred_is_pointed_out(value: float, *, warned: bool) -> None:
    told = of_ten(case(pain={"score": "VAS", "value": value}))
    assert bool(told) is warned
    assert of_ten(case(pain={"score": "NRS", "value": 5.5})) == ()
