"""Candidacy: what was studied, what speaks against it, and what nobody has said."""

from __future__ import annotations

import tomllib

import pytest

from trephine.case.case import of_any_kind
from trephine.case.course_case import CourseCase
from trephine.catalogue.candidacy import cautions, parsed
from trephine.catalogue.load import catalogue
from trephine.catalogue.vocabulary import Product
from trephine.cli.example import written
from trephine.core.errors import CatalogueError
from trephine.report import harms
from trephine.report.candidacy import html
from trephine.study.candidacy import Standing, Weighed, candidacy, person, standing, weighed
from trephine.study.foretold import foretold, ways
from trephine.study.studied import certainty, options, results

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
