"""Candidacy: what was studied, what speaks against it, and what nobody has said."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest

from trephine.case.case import of_any_kind
from trephine.case.course_case import CourseCase
from trephine.catalogue.candidacy import cautions, parsed
from trephine.catalogue.cohorts import cohorts
from trephine.catalogue.load import catalogue
from trephine.catalogue.symptom_posterior import symptom_posterior
from trephine.catalogue.vocabulary import Product
from trephine.cli.example import written
from trephine.core.errors import CatalogueError
from trephine.core.shares import jeffreys
from trephine.models.symptom_given import SITES
from trephine.report import harms
from trephine.report.candidacy import COUNTED, between, has_column, html, rests_on, rows
from trephine.study.candidacy import Standing, Weighed, candidacy, person, standing, weighed
from trephine.study.foretold import IN_WORDS, _spread, decimals, foretold, ways
from trephine.study.options import certainty, options
from trephine.study.studied import results

STATED = ("age", "sex", "mass", "height", "smoker")
CAUTION = {
    "asks": "infection",
    "named": "an infection",
    "weight": "caution",
    "text": "Some words for a patient.",
    "grade": "G",
    "sources": ["EULAR2021"],
    "where": "Table 1",
    "access": "seen",
}


def case(name: str = "femur-nonunion", **patient: object) -> CourseCase:
    found = of_any_kind(tomllib.loads(written(name)), name)
    return found.changed({"patient": patient}) if patient else found


def found_of(asks: str, asked: CourseCase, stated: tuple[str, ...] = STATED) -> set[Standing]:
    return {one.standing for one in weighed(asked, stated) if one.caution.asks == asks}


def test_what_nobody_stated_is_asked_for() -> None:
    assert found_of("platelets", case()) == {"not stated"}
    assert found_of("infection", case()) == {"not stated"}
    assert found_of("diabetes", case()) == {"not stated"}
    assert found_of("smoker", case()) == {"does not apply"}


def taken_as_absent(one: Weighed, asked: CourseCase) -> Standing:
    """Sabotage: the document's default is taken for an answer, no count for a normal one."""
    return standing(asked, one.caution, one.caution.model_fields_set | {one.caution.asks})


def test_the_check_rejects_defaults_taken_for_answers() -> None:
    read = {
        one.caution.asks: (one.standing, taken_as_absent(one, case()))
        for one in weighed(case(), STATED)
    }
    assert read["diabetes"] == ("not stated", "does not apply")
    assert read["platelets"] == ("not stated", "not stated")


def test_platelets_are_weighed_by_their_number() -> None:
    few = case(platelets="1.5e7 1/mL")
    some = case(platelets="4e7 1/mL")
    many = case(platelets="2.5e8 1/mL")
    assert found_of("platelets", few) == {"applies"}
    assert found_of("platelets", some) == {"applies", "does not apply"}
    assert found_of("platelets", many) == {"does not apply"}


def test_an_infection_applies_and_stands_first() -> None:
    asked = case(infection=True)
    found = candidacy(asked, (*STATED, "infection"))
    first = found.weighed[0]
    assert (first.caution.asks, first.standing) == ("infection", "applies")
    assert first.caution.weight == "contraindication"
    assert "an infection" in person(asked, (*STATED, "infection"))
    assert "infection" not in person(case(), STATED)


@pytest.mark.parametrize(
    ("sabotage", "said"),
    [
        ({"sources": []}, "needs a source"),
        ({"sources": ["Nobody1900"]}, "unknown source"),
        ({"grade": "custom", "sources": [], "access": None}, "needs a source"),
        ({"asks": "platelets"}, "a number needs"),
        ({"below": 50}, "takes neither"),
    ],
)
def test_a_caution_that_is_not_founded_is_refused(sabotage: dict[str, object], said: str) -> None:
    assert parsed({"x": CAUTION}, "here")
    with pytest.raises(CatalogueError, match=said):
        parsed({"x": {**CAUTION, **sabotage}}, "here")


def test_every_caution_names_known_sources() -> None:
    assert len(cautions()) > 15
    for caution in cautions().values():
        assert set(caution.sources) <= set(catalogue().sources)


def test_the_studies_of_the_condition_are_there_and_no_animal() -> None:
    found = results(case())
    assert {"Hernigou2005", "Desai2015"} <= {r.study for r in found}
    assert all("animal" not in r.design_printed for r in found)
    assert all(r.results for r in found)


def test_options_begin_with_the_plan_and_say_how_far_each_was_studied() -> None:
    found = options(case())
    assert found[0].is_planned
    assert found[0].name == "marrow concentrate"
    assert found[0].patients > 100
    assert "never compared by chance" in found[0].certainty.lower()
    assert any(o.name == "autograft" for o in found)


def test_no_study_is_no_evidence_and_never_a_number() -> None:
    assert certainty({}, 0).startswith("Not in this catalogue")
    fat = {
        "kind": "injection",
        "day": "0 d",
        "harvest": {"tissue": "fat", "volume": "60 mL"},
        "process": {"method": "microfragmented_fat", "product_volume": "10 mL"},
        "deliver": {"volume": "8 mL"},
    }
    planned = options(case().with_plan(steps=[fat]))[0]
    assert planned.certainty.startswith("Not in this catalogue")
    assert planned.patients == 0


def test_the_page_recommends_nothing_and_shows_harm() -> None:
    asked = case()
    page = html(candidacy(asked, STATED), harms.told(asked))
    assert "recommends nothing" in page
    assert "as a trial that asks would find" in page
    assert "Not stated: ask" in page
    for word in ("you should have", "good candidate", "we recommend"):
        assert word not in page.lower()


def test_the_same_person_without_cells_is_the_other_way() -> None:
    names = dict(ways(case()))
    assert list(names) == ["as planned", "the same without cells"]
    assert not names["the same without cells"].plan.injections
    assert names["the same without cells"].plan.loadings


def test_what_stood_on_the_other_side_of_a_trial_was_compared_by_chance() -> None:
    drilled = next(o for o in options(case("hip-osteonecrosis")) if o.name == "core decompression")
    assert drilled.studies["randomised"] >= 3
    assert drilled.certainty.startswith("Compared by chance")


def test_arms_of_its_own_alone_would_hide_those_trials() -> None:
    """Sabotage: an option is looked for among the arms that tell results, and nowhere else."""
    found = results(case("hip-osteonecrosis"))
    own = {r.study for r in found if "core decompression" in r.product and r.design == "randomised"}
    beside = {
        r.study
        for r in found
        if any("core decompression" in p for p in r.beside) and r.design == "randomised"
    }
    assert len(own | beside) > len(own)


def test_an_ankle_is_told_of_the_knee_as_of_another_place() -> None:
    asked = case("ankle-candidacy")
    found = candidacy(asked, STATED)
    assert (found.results, found.near) == ((), "knee")
    assert {r.study for r in found.near_results} >= {"Shapiro2017", "MILES2023"}
    assert found.options[0].studies == {}
    assert "not what is known of this problem" in html(found, None)
    assert candidacy(case("knee-osteoarthritis"), STATED).near == ""


@pytest.mark.parametrize(
    ("patient", "asked"),
    [({"sex": "female", "age": "30 year"}, True), ({"sex": "female", "age": "60 year"}, False)],
)
def test_pregnancy_is_asked_of_those_who_can_be(patient: dict[str, object], asked: bool) -> None:  # noqa: FBT001  (a parameter of the test)
    woman = case("lumbar-disc", **patient)
    assert ("pregnant" in {one.caution.asks for one in weighed(woman, STATED)}) == asked
    man = case("lumbar-disc", sex="male", age="30 year")
    assert "pregnant" not in {one.caution.asks for one in weighed(man, STATED)}


def test_what_is_computed_stands_beside_each_option_of_a_joint() -> None:
    knee = case("knee-osteoarthritis")
    found = candidacy(knee, STATED, foretold(knee, 1))
    told = {option.name: option.computed for option in found.options}
    assert "for one person" in told["marrow concentrate"]
    assert "for one person" in told["saline"]
    assert told["surgery without cells"] == ""
    assert told["platelet-rich plasma"] == IN_WORDS
    page = html(found, None)
    assert "Not computed." in page
    assert any("saline" in note for note in found.foretold[0].notes)
    assert found.foretold[0].notes[0] in page.replace("&#39;", "'")


def test_a_hip_has_two_other_ways() -> None:
    names = dict(ways(case("hip-osteonecrosis")))
    assert list(names) == ["as planned", "the same without cells", "no treatment"]
    assert [s.kind for s in names["the same without cells"].plan.decompressions]
    assert {s.kind for s in names["no treatment"].plan.steps} == {"loading"}


def test_a_lengthened_bone_is_lengthened_either_way() -> None:
    names = dict(ways(case("tibia-lengthening")))
    assert list(names) == ["as planned", "the same without cells"]
    assert any(s.kind == "distraction" for s in names["the same without cells"].plan.steps)


def test_an_operation_is_surgery_and_not_no_treatment() -> None:
    fused = case("lumbar-disc").with_plan(
        steps=[{"kind": "operation", "day": "0 d", "what": "fusion"}]
    )
    planned = options(fused)[0]
    assert planned.name == "fusion"
    assert planned.products == (str(Product.SURGERY),)


def test_a_knee_is_told_how_many_of_its_studies_a_report_counts() -> None:
    knee = case("knee-osteoarthritis")
    found = candidacy(knee, STATED)
    seen = {(arm.site, arm.product): arm for arm in symptom_posterior().arms}
    saline = next(o for o in found.options if o.name == "saline")
    assert saline.fitted == len(seen["knee", "saline"].studies)
    concentrate = found.options[0]
    family = ("concentrate", "concentrate and platelets")
    reported = {s for product in family for s in seen["knee", product].studies}
    assert concentrate.fitted == len(reported)
    assert concentrate.fitted <= sum(concentrate.studies.values())
    assert f"{concentrate.fitted} of these" in rests_on(concentrate)
    page = html(found, None)
    assert rests_on(concentrate) in page
    assert COUNTED in page
    hip = candidacy(case("hip-osteonecrosis"), STATED)
    assert {option.fitted for option in hip.options} == {None}
    assert COUNTED not in html(hip, None)


def test_parts_that_got_one_product_each_are_counted_as_what_they_got() -> None:
    """The largest trial of the knee tells its cells apart by strata of an arm of any cells."""
    found = results(case("knee-osteoarthritis"))
    assert {"concentrate", "cord tissue cells"} <= {
        r.product for r in found if r.study == "MILES2023"
    }
    hernigou = [r for r in results(case("femur-nonunion")) if r.study == "Hernigou2005"]
    assert len(hernigou) == 1


def test_comparators_without_results_of_their_own_are_patients_too() -> None:
    found = candidacy(case("knee-osteoarthritis"), STATED)
    hyaluronate = next(o for o in found.options if o.name == "hyaluronic acid")
    dulic = cohorts()["Dulic2021"].arms["hyaluronate"].n
    assert dulic is not None
    told = sum(r.n or 0 for r in found.results if r.product == "hyaluronic acid")
    assert hyaluronate.patients >= told + dulic


def test_what_nobody_studied_shares_a_line_and_what_is_planned_has_its_own() -> None:
    asked = case("ankle-candidacy")
    found = candidacy(asked, STATED, foretold(asked, 1))
    first, rest = rows(found)
    assert (first.name, first.is_planned) == ("marrow concentrate", True)
    for name in ("saline", "exercise", "surgery without cells"):
        assert name in rest.name
    assert not has_column(found)
    page = html(found, None)
    assert "What the program computes for this person" not in page
    assert "no course can be told" in page


def test_of_no_treatment_nobody_asks_what_comes_without_it() -> None:
    left = next(o for o in options(case("hip-osteonecrosis")) if o.name.startswith("no treatment"))
    assert left.studies == {"uncompared": 1}
    assert "without it" not in left.certainty
    assert "without it" in certainty(left.studies, left.patients)


def test_reviews_are_no_series_without_comparison() -> None:
    assert certainty({"pooled": 2}, 0).startswith("Told by reviews alone (2 reviews)")
    assert certainty({"uncompared": 1, "pooled": 2}, 0).startswith("Never compared with anything")


@pytest.mark.parametrize("name", ["knee-osteoarthritis", "lumbar-disc", "rotator-cuff"])
def test_whatever_a_report_counts_is_among_what_candidacy_counts(name: str) -> None:
    asked = case(name)
    found = results(asked)
    of_site = SITES[asked.site.kind, str(asked.site.as_written()["at"])]
    for arm in symptom_posterior().arms:
        if arm.site == of_site:
            counted = {r.study for r in found if arm.product in {r.product, *r.beside}}
            assert set(arm.studies) <= counted, arm.product


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([14.2, 17.9, 12.4, 15.1, 20.3, 13.3, 16.2, 18.8], "x: 16 (13 to 19)."),
        ([1234.0, 1891.0, 1502.0, 1377.0], "x: 1,400 (1,300 to 1,800)."),
        ([0.4231, 0.4236], "x: 0.42."),
        ([12.0, 12.0, 12.0], "x: 12 in every run."),
        ([3.5, None, 4.5], "x: 4.0 in 2 of 3 runs."),
        ([None, None], "x: in no run."),
        ([0.0, 0.0003, 0.0012], "x: below 0.01."),
        ([0.0, 0.0, 0.0], "x: 0 in every run."),
        ([0.0093, 0.0104, 0.012, 0.0104], "x: 0.01."),
        ([98.1, 99.7, 99.9, 100.0], "x: 100 (99 to 100)."),
        ([-0.3, 0.4, 0.1, -0.4], "x: \u22120.1 (\u22120.4 to 0.3)."),
    ],
)
def test_a_number_has_no_more_digits_than_its_runs_can_tell(
    values: list[float | None], said: str
) -> None:
    assert _spread("x", values) == said


def test_ends_of_a_span_are_off_by_their_last_digit_or_more() -> None:
    """A digit beyond it would change with other runs; the check rejects one digit more."""
    luck = np.random.default_rng(0)
    draws = np.quantile(luck.normal(0.0, 10.0, (4000, 20)), (0.1, 0.9), axis=1)
    low, high = (float(end) for end in draws.mean(axis=1))
    places = decimals(low, high, 20)
    error = float(draws.std(axis=1).mean())
    assert 10.0**-places < error < 10.0 ** (1 - places)
    assert not 10.0 ** -(places + 1) < error < 10.0**-places


@pytest.mark.parametrize(
    ("events", "runs", "said"),
    [(0, 20, "0 to 12 %"), (20, 20, "88 to 100 %"), (1, 200, "<\u202f1 to 2 %")],
)
def test_an_interval_of_a_share_is_told_in_whole_per_cent(
    events: int, runs: int, said: str
) -> None:
    assert between(jeffreys(events, runs)).replace("\u202f%", " %") == said
