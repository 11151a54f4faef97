"""How candidacy counts: people and not hips, a series once, and reviews apart from trials."""

from __future__ import annotations

import tomllib

import pytest

from trephine.case.case import of_any_kind
from trephine.case.course_case import CourseCase
from trephine.catalogue.cohorts import cohorts
from trephine.catalogue.vocabulary import Product
from trephine.cli.example import written
from trephine.report.candidacy import html
from trephine.study import options as counted
from trephine.study.candidacy import candidacy
from trephine.study.options import Option, certainty, given_to, options
from trephine.study.studied import DESIGNS, HELD_BY, Design, arms, design_of, results

CELLS = (str(Product.CONCENTRATE), str(Product.CONCENTRATE_PLATELETS), str(Product.MONONUCLEAR))


def case(name: str) -> CourseCase:
    return of_any_kind(tomllib.loads(written(name)), name)


def option(of: str, name: str) -> Option:
    return next(one for one in options(case(of)) if one.name == name)


@pytest.mark.parametrize(
    ("study", "expected"),
    [
        ("Hernigou2009", {"patients": 342}),
        ("Mayo_BJO2021", {"patients": 22}),
        ("Hernigou2002", {"patients": 116}),
        ("Gangji2011", {"hips": 13}),
        ("Sen2012", {"hips": 26}),
        ("Hegde2025", {"patients": 30}),
        ("Kuroda2019", {}),
    ],
)
def test_patients_are_told_where_every_arm_got_it_and_hips_otherwise(
    study: str, expected: dict[str, int]
) -> None:
    assert given_to(cohorts()[study], CELLS) == expected


def test_hips_are_no_patients() -> None:
    """Sabotage: every unit of an arm is taken for a patient."""
    cells = option("hip-osteonecrosis", "marrow concentrate")
    studies = {r.study for r in results(case("hip-osteonecrosis")) if r.study not in HELD_BY}
    given = [a for s in studies for a in arms(cohorts()[s]) if str(a.product) in cells.products]
    taken_for_patients = sum(arm.n or 0 for arm in given)
    assert cells.patients == 342 + 116 + 22 + 30
    assert cells.others == {"hips": 11 + 14 + 26 + 13}
    assert "at least 510 patients and 64 more hips" in cells.certainty
    assert taken_for_patients > cells.patients + sum(cells.others.values())
    drilled = option("hip-osteonecrosis", "core decompression")
    assert "at least 11 hips" in drilled.certainty
    assert "patients" not in drilled.certainty


def test_a_series_that_another_holds_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    once = option("hip-osteonecrosis", "marrow concentrate")
    assert once.studies["compared"] == 1
    assert option("lumbar-disc", "marrow concentrate").patients == 26
    monkeypatch.setattr(counted, "HELD_BY", {})
    twice = option("hip-osteonecrosis", "marrow concentrate")
    assert twice.studies["compared"] == 2
    assert twice.others["hips"] == once.others["hips"] + 10
    assert option("lumbar-disc", "marrow concentrate").patients == 52


def test_a_series_and_the_one_that_holds_it_are_known_and_of_one_problem() -> None:
    known = cohorts()
    for series, holder in HELD_BY.items():
        assert known[series].condition == known[holder].condition
        assert holder not in HELD_BY
        products = {str(arm.product) for arm in arms(known[series])}
        assert products <= {str(arm.product) for arm in arms(known[holder])}


@pytest.mark.parametrize(
    ("words", "design"),
    [
        ("Cochrane review 27 trials 1767 pts", "pooled trials"),
        ("meta-analysis 8 RCTs", "pooled trials"),
        ("pooled randomised trials", "pooled trials"),
        ("systematic review 21 papers", "pooled"),
        ("review of non-randomised studies", "pooled"),
        ("single-blind RCT vs HA", "randomised"),
        ("randomised crossover", "randomised"),
        ("non-randomised comparison", "compared"),
        ("study row inside meta-analysis", "uncompared"),
    ],
)
def test_a_review_of_trials_is_no_trial(words: str, design: Design) -> None:
    study = cohorts()["Hegde2025"].model_copy(update={"design": words})
    assert design_of(study) == design


def by_first_word(words: str) -> str:
    """Sabotage: chance is looked for before a review is."""
    found = any(word in words.lower() for word in ("rct", "randomised", "cochrane"))
    return "randomised" if found else "pooled"


def test_reviews_of_trials_stand_apart_from_trials() -> None:
    knee = results(case("knee-osteoarthritis"))
    reviews = {r.study: r.design_printed for r in knee if r.design == "pooled trials"}
    assert set(reviews) == {"Saltychev2020", "Juni2015"}
    assert {by_first_word(words) for words in reviews.values()} == {"randomised"}
    steroid = option("knee-osteoarthritis", "corticosteroid")
    assert steroid.studies == {"randomised": 3, "pooled trials": 2}
    assert "(3 randomised studies, at least 190 patients; apart" in steroid.certainty
    assert "apart from them 2 reviews of 8 and 27 randomised trials, which" in steroid.certainty
    assert "may hold the same studies" in steroid.certainty


def test_patients_of_a_review_are_not_added_to_those_of_its_studies() -> None:
    union = option("femur-nonunion", "marrow concentrate")
    review = given_to(cohorts()["Palombella2019"], union.products)
    single = {r.study for r in results(case("femur-nonunion")) if r.design in counted.WORDS}
    told = sum(given_to(cohorts()[s], union.products).get("patients", 0) for s in single)
    assert review["patients"] > 200
    assert union.patients <= told < union.patients + review["patients"]


@pytest.mark.parametrize(
    ("trials", "said"),
    [
        ((8,), "Compared by chance, as reviews alone tell (1 review of 8 randomised trials)."),
        ((0,), "Compared by chance, as reviews alone tell (1 review of randomised trials)."),
    ],
)
def test_reviews_of_trials_alone_say_so(trials: tuple[int, ...], said: str) -> None:
    assert certainty({"pooled trials": 1}, 0, trials=trials) == said


def test_the_page_names_hips_and_the_series_that_holds_another() -> None:
    page = html(candidacy(case("hip-osteonecrosis"), ()), None)
    assert "concentrate, 534 hips" in page
    assert "its people are in Gangji2011 too" in page
    knee = html(candidacy(case("knee-osteoarthritis"), ()), None)
    assert DESIGNS["pooled trials"] in knee
    ankle = html(candidacy(case("ankle-candidacy"), ()), None)
    assert "concentrate, 120 patients" in ankle
