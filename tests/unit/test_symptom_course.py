"""A course of pain: the same luck for all treatments, no number without an arm, ends kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trephine.case.case import of_any_kind, read
from trephine.case.symptom import SymptomCase
from trephine.case.symptom_course import SymptomCourse, SymptomEnding
from trephine.catalogue.load import catalogue
from trephine.catalogue.symptom_posterior import symptom_posterior, unpacked
from trephine.catalogue.vocabulary import Product
from trephine.core.errors import CatalogueError, InputError
from trephine.models.least_difference import least_difference
from trephine.models.symptom_given import dose_words, given_by, untold
from trephine.models.symptom_group import Given, Luck, group_change
from trephine.models.symptom_words import studied_together, surgery_words
from trephine.stages.symptoms import course_of_symptoms
from trephine.study.symptom_fit import laws_of

EXAMPLES = Path(__file__).parents[2] / "src" / "trephine" / "cli" / "examples"
FOUND, LAWS = symptom_posterior(), laws_of(catalogue())


def case(name: str = "knee-osteoarthritis", **site: Any) -> SymptomCase:
    found = read(EXAMPLES / f"{name}.toml")
    assert isinstance(found, SymptomCase)
    return found.changed({"site": site}) if site else found


def course(of: SymptomCase, seed: int = 1) -> SymptomCourse:
    return course_of_symptoms(of, FOUND, LAWS, seed=seed)


def test_the_knee_shows_no_benefit_over_saline_or_corticosteroid() -> None:
    told = course(case())
    by_name = {one.name: one for one in told.against}
    for name in ("saline", "corticosteroid"):
        assert not by_name[name].is_shown
        assert f"no benefit of marrow concentrate over {name} is shown" in by_name[name].sentence
    assert told.own is not None
    assert told.own.score("VAS").group.median[-1] < told.own.score("VAS").baseline - 10.0


def test_a_corticosteroid_relieves_early_and_wanes() -> None:
    knee = case().with_plan(steps=[{"kind": "corticosteroid_injection", "day": "0 d"}])
    gain = next(one.gain for one in course(knee).against if one.name == "saline")
    day = course(knee).day
    early, late = int(np.argmin(abs(day - 14))), int(np.argmin(abs(day - 182)))
    assert gain.median[early] > 4.0
    assert gain.low_half[early] > 0.0
    assert 0.0 <= gain.median[late] < 0.4 * gain.median[early]


def test_scores_of_one_person_spread_wider_than_of_a_group() -> None:
    own = course(case()).own
    assert own is not None
    for score in own.scores:
        assert score.person.low[0] == pytest.approx(score.baseline)
        assert (score.person.high - score.person.low)[-1] > (score.group.high - score.group.low)[-1]
        for band in (score.person.low, score.person.high):
            assert score.low <= band.min() <= band.max() <= score.high
    pain, rating = own.score("VAS"), own.score("NRS")
    assert pain.group.median == pytest.approx(10.0 * rating.group.median)
    assert pain.least_difference == 17.5
    assert pain.responders is not None
    assert 0.3 < pain.responders.median[-1] < 0.9


def test_the_same_seed_gives_the_same_course_whatever_the_plan() -> None:
    saline = case().with_plan(steps=[{"kind": "saline_injection", "day": "0 d"}])
    with_cells, without = course(case()), course(saline)
    beside = {one.name: one for one in with_cells.beside}
    assert without.own is not None
    same = beside["saline"].score("VAS").group.median
    assert np.array_equal(without.own.score("VAS").group.median, same)
    assert not np.array_equal(
        course(case(), seed=2).own.score("VAS").group.median,  # type: ignore[union-attr]
        with_cells.own.score("VAS").group.median,  # type: ignore[union-attr]
    )


@pytest.mark.parametrize(
    ("site", "words"),
    [
        ({"at": "sacroiliac"}, "No study of the right sacroiliac gives"),
        ({"at": "facet"}, "No study of the right facet gives"),
        ({"at": "ankle"}, "No study of the right ankle gives"),
        ({"at": "hip"}, "No study of the right hip gives"),
    ],
)
def test_a_site_without_an_arm_gets_no_number(site: dict[str, Any], words: str) -> None:
    told = course(case(**site))
    assert told.ending is SymptomEnding.NO_EVIDENCE
    assert told.own is None
    assert told.beside == told.against == ()
    assert told.sentences[0].startswith(words)


def injected(**process: Any) -> dict[str, Any]:
    """Return a step that injects 60 mL of marrow, processed some way."""
    return {
        "kind": "injection",
        "day": "0 d",
        "harvest": {"bone": "posterior_iliac_crest", "draws": ["12 x 5 mL"]},
        "process": process,
        "deliver": {"volume": "5 mL", "carrier": "none"},
    }


CULTURED = injected(method="culture", duration="3 wk", dose=1e8, product_volume="5 mL")
PLATELETS = {"kind": "platelet_injection", "day": "0 d"}
HYALURONATE = {"kind": "hyaluronic_acid_injection", "day": "0 d"}
CONCENTRATE = injected(method="concentrate", product_volume="5 mL")


@pytest.mark.parametrize(
    ("steps", "product"),
    [
        ([injected(method="none")], Product.MARROW),
        (
            [CONCENTRATE, {"kind": "platelet_injection", "day": "0 d"}],
            Product.CONCENTRATE_PLATELETS,
        ),
        ([CULTURED, {"kind": "hyaluronic_acid_injection", "day": "0 d"}], Product.CULTURED_CARRIER),
        ([{"kind": "cord_cell_injection", "day": "0 d"}], Product.CORD),
    ],
)
def test_what_studies_gave_can_be_planned(steps: list[dict[str, Any]], product: Product) -> None:
    given = given_by(case().with_plan(steps=steps), 1e8)
    assert given is not None
    assert given.product is product
    why = untold(case().with_plan(steps=steps), given, FOUND)
    assert (why == "") == (product is not Product.MARROW), "unspun marrow is told in words alone"


def test_a_dose_beyond_those_compared_has_the_effect_of_the_nearest_and_says_so() -> None:
    knee = case().with_plan(steps=[CULTURED, HYALURONATE])
    most, more = given_by(knee, 1e8), given_by(knee, 1e9)
    assert most == more
    assert most != given_by(knee, 1e7)
    assert dose_words(1e8) == dose_words(None) == ()
    (words,) = dose_words(1e9)
    assert "1e+03" not in words
    assert "injects 1,000 million cultured cells" in words
    assert words.endswith("the effect shown is that of 100 million.")


def test_a_disc_says_that_nobody_compared_it_and_who_had_surgery() -> None:
    told = course(case("lumbar-disc"))
    words = " ".join(told.sentences)
    assert "nobody compared it with anything by chance" in words
    assert "24 of 26 had none after 12 months; 21 of 26 had none after 24 months" in words
    assert surgery_words("knee", Product.CONCENTRATE) == ()
    assert [one.numbers for one in told.studied] == [1]


def twice(kind: str, every: str, times: int = 2) -> list[dict[str, Any]]:
    return [{"kind": kind, "day": "0 d", "times": times, "every": every}]


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([CULTURED], "No study gives pain or function of cultured cells in the right knee"),
        ([{**CONCENTRATE, "day": d} for d in ("0 d", "84 d")], "marrow concentrate to the right"),
        ([{**CONCENTRATE, "day": d} for d in ("0 d", "42 d", "84 d")], "nothing is told of three"),
        (
            twice("hyaluronic_acid_injection", "4 wk", 3),
            "gave hyaluronic acid to the right",
        ),
        (
            twice("corticosteroid_injection", "4 wk"),
            "nothing is told of 2 injections every 28 days",
        ),
        ([{"kind": "operation", "day": "0 d", "what": "microfracture"}], "after microfracture in"),
        (
            [{"kind": "operation", "day": "0 d", "what": "joint_replacement"}, CONCENTRATE],
            "after joint replacement with marrow concentrate",
        ),
    ],
)
def test_what_no_study_gave_gets_no_number(steps: list[dict[str, Any]], words: str) -> None:
    planned = case().with_plan(steps=steps)
    given = given_by(planned)
    assert words in untold(planned, given, FOUND)
    told = course(planned)
    assert told.ending is SymptomEnding.NO_EVIDENCE
    assert told.own is None
    assert words in told.sentences[0]
    single = {one.product for one in told.beside}
    assert given is not None
    assert (str(given.product) in single) == FOUND.in_numbers("knee", given.product) or (
        bool(planned.operations)
    )


def test_unspun_marrow_does_not_borrow_the_comparisons_of_concentrate() -> None:
    seen = studied_together(FOUND, "knee", Product.CONCENTRATE, Product.SALINE)
    with_platelets = studied_together(FOUND, "knee", Product.CONCENTRATE_PLATELETS, Product.SALINE)
    assert seen == with_platelets == 1
    assert studied_together(FOUND, "knee", Product.MARROW, Product.SALINE) == 0


def test_fragmented_fat_has_no_arm_anywhere() -> None:
    fat = injected(method="microfragmented_fat", product_volume="5 mL")
    fat["harvest"] = {"tissue": "fat", "volume": "60 mL"}
    planned = case().with_plan(steps=[fat])
    assert given_by(planned) is None
    assert "of fragmented fat in the right knee" in untold(planned, None, FOUND)


def test_corticosteroid_every_twelve_weeks_is_told() -> None:
    knee = case().with_plan(steps=twice("corticosteroid_injection", "12 wk", 4))
    assert untold(knee, given_by(knee), FOUND) == ""


def test_onset_duration_and_flare_are_told_with_intervals() -> None:
    own = course(case()).own
    assert own is not None
    assert own.onset_day is not None
    assert own.onset_interval is not None
    assert own.until_day is not None
    early, late = own.onset_interval
    assert 1.0 <= early <= own.onset_day <= late <= own.until_day
    rise, low, high = own.flare
    assert low < rise < high
    assert 1.0 < rise < 10.0
    assert own.flare_over_day is not None
    assert 1.0 < own.flare_over_day < 14.0


def test_the_report_of_a_knee_says_that_series_add_nothing_to_randomised_arms() -> None:
    words = " ".join(course(case()).sentences)
    assert "series without a comparison add nothing to what the randomised arms show" in words
    raised = replace(FOUND, randomised_only={"concentrate": (-9.0, -3.0, 4.0)})
    told = course_of_symptoms(case(), raised, LAWS, seed=1).sentences
    assert any("points of that come from series without a comparison" in one for one in told)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([], "No study gives pain or function of people left untreated in the right knee"),
        ([{"kind": "saline_injection", "day": "0 d"}], "No study gives pain or function of saline"),
    ],
)
def test_a_product_without_an_arm_at_this_site_gets_no_number(
    steps: list[dict[str, Any]], words: str
) -> None:
    at = case() if not steps else case("rotator-cuff")
    told = course(at.with_plan(steps=steps))
    assert told.ending is SymptomEnding.NO_EVIDENCE
    assert told.own is None
    assert told.sentences[0].startswith(words)
    assert "no injection" not in {one.name for one in told.beside}


def test_repeated_corticosteroid_costs_cartilage_in_proportion() -> None:
    steps = [{"kind": "corticosteroid_injection", "day": "0 d", "times": 4, "every": "12 wk"}]
    told = course(case().with_plan(steps=steps))
    assert told.cartilage_loss_mm == pytest.approx(0.11 * 4 / 8)
    assert told.cartilage_interval_mm == pytest.approx((0.03 * 4 / 8, 0.2 * 4 / 8))


def test_a_second_injection_brings_a_flare_and_no_sum_of_benefits() -> None:
    day = np.array([0.0, 60.0, 61.0, 200.0])
    none = Luck(*(np.zeros(FOUND.count) for _ in range(3)))
    told = {
        n: group_change(
            FOUND.draws, LAWS, Given(Product.CONCENTRATE, days), site="knee", domain="pain",
            baseline=50.0, severity=0.0, day=day, luck=none,
        ).mean(axis=0)
        for n, days in ((1, (0.0,)), (2, (0.0, 60.0)))
    }  # fmt: skip
    assert told[2][2] > told[1][2] + 1.0
    assert told[2][0] == told[1][0] == 0.0
    assert abs(told[2][3] - told[1][3]) < 3.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"at": "elbow"}, "is no place of a joint; write one of knee"),
        ({"pain": {"score": "NRS", "value": 62}}, "NRS runs from 0 to 10, not 62"),
        ({"pfirrmann": 3}, "pfirrmann belongs to a disc"),
    ],
)
def test_a_wrong_site_is_refused_in_words(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        case(**change)


def test_an_operation_belongs_to_its_site() -> None:
    nailed = {"kind": "exchange_nail", "day": "0 d", "nail_diameter": "9 mm"}
    wrong = [{"kind": "operation", "day": "0 d", "what": "discectomy"}]
    with pytest.raises(InputError, match="discectomy is no operation on a joint; known: arthro"):
        case().with_plan(steps=wrong)
    with pytest.raises(InputError, match="does not know"):
        case("lumbar-disc").with_plan(steps=[nailed])
    with pytest.raises(InputError, match="defect belongs to a joint"):
        case("lumbar-disc", defect={"area": "2 cm^2", "depth": "2 mm"})


def test_plans_that_no_study_gave_are_refused() -> None:
    both = [
        {"kind": "saline_injection", "day": "0 d"},
        {"kind": "corticosteroid_injection", "day": "0 d"},
    ]
    with pytest.raises(InputError, match="nothing else together"):
        case().with_plan(steps=both)
    with pytest.raises(InputError, match="times and every belong together"):
        case().with_plan(steps=[{"kind": "saline_injection", "day": "0 d", "times": 2}])
    written = case().as_written()
    written["plan"]["steps"] = [{"kind": "loading", "day": "0 d", "body_weights": 1}]
    with pytest.raises(InputError, match="which this kind of site does not know"):
        of_any_kind(written, "knee")


def test_the_least_difference_that_matters_is_on_its_own_scale() -> None:
    told = [
        least_difference(*one) for one in (("NRS", 6), ("WOMAC", 50), ("ODI", 40), ("ASES", 50))
    ]
    assert told == [2.0, 6.0, 10.0, None]


def test_tampered_draws_are_refused() -> None:
    draws = {k: np.array(v) for k, v in FOUND.draws.items()}
    draws["bias"][0] += 1.0
    with pytest.raises(CatalogueError, match="not those that its table names"):
        unpacked(draws, {"digest": FOUND.digest})
