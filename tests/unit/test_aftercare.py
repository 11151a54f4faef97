"""The sheet of aftercare: dated lines, each with its grounds; nothing without."""

from __future__ import annotations

import datetime as dt
import tomllib

import pytest

from trephine.case.case import of_any_kind
from trephine.case.course_case import CourseCase
from trephine.catalogue.aftercare import PHASES, parsed, rules
from trephine.catalogue.load import catalogue
from trephine.cli.aftercare import day
from trephine.cli.example import names, written
from trephine.core.errors import CatalogueError, InputError
from trephine.report.aftercare import html
from trephine.study.aftercare import GROUNDS, NO_ADVICE, Sheet, aftercare, joined, span

START = dt.date(2027, 3, 1)
FOUNDED = {
    "phase": "day",
    "text": "Some words for a patient.",
    "grade": "C",
    "sources": ["Bain2003"],
    "where": "abstract",
    "access": "seen",
}


def case(name: str = "femur-nonunion", **patient: object) -> CourseCase:
    found = of_any_kind(tomllib.loads(written(name)), name)
    return found.changed({"patient": patient}) if patient else found


def texts(sheet: Sheet) -> str:
    return "\n".join(line.text for line in sheet.lines)


def test_a_rule_with_a_source_is_taken() -> None:
    assert parsed({"x": FOUNDED}, "here")["x"].grade == "C"


@pytest.mark.parametrize(
    ("sabotage", "said"),
    [
        ({"sources": []}, "needs a source"),
        ({"sources": ["Nobody1900"]}, "unknown source"),
        ({"access": None}, "how it was read"),
        ({"where": ""}, "say where"),
        ({"grade": "custom"}, "customary has no source"),
        ({"when": ["rich"]}, "unknown facts"),
        ({"text": "About {many} of 100."}, "nothing fills"),
        ({"days": [3, 1]}, "first day"),
    ],
)
def test_a_rule_that_is_not_founded_as_it_says_is_refused(
    sabotage: dict[str, object], said: str
) -> None:
    with pytest.raises(CatalogueError, match=said):
        parsed({"x": {**FOUNDED, **sabotage}}, "here")


def test_every_line_has_grounds_and_known_sources() -> None:
    sheet = aftercare(case(smoker=True, diabetes=True, anticoagulated=True), START)
    assert {line.phase for line in sheet.lines} == set(PHASES)
    for line in sheet.lines:
        assert line.grade in GROUNDS
        assert bool(line.sources) == (line.grade not in {"plan", "computed", "custom"})
        assert set(line.sources) <= set(catalogue().sources)


def test_anti_inflammatory_drugs_are_told_with_all_three_numbers() -> None:
    said = next(line for line in aftercare(case()).lines if "2.07" in line.text)
    assert "1.68" in said.text
    assert "1.11" in said.text
    assert set(said.sources) == {"Wheatley2019", "Chuang2024"}


def test_what_the_patient_has_changes_what_is_told() -> None:
    plain, smoker = texts(aftercare(case())), texts(aftercare(case(smoker=True)))
    assert "You smoke" not in plain
    assert "You smoke" in smoker
    assert "You take aspirin" in texts(aftercare(case(anticoagulated=True)))


def test_days_become_dates_and_loading_follows_the_plan() -> None:
    sheet = aftercare(case(), START)
    loads = [line for line in sheet.of("weeks") if line.grade == "plan"]
    assert sheet.dated(loads[0]) == "1 March to 11 April 2027"
    assert "0.25 times your body weight" in loads[0].text
    assert loads[-1].when == ((84, 182),)
    assert span(-7, -1, START) == "22 to 28 February 2027"
    assert span(-7, -1, None) == "day -7 to -1"
    assert span(300, 310, START) == "26 December 2027 to 5 January 2028"


def test_spans_that_overlap_are_told_once() -> None:
    assert joined(((30, 90), (0, 60))) == ((0, 90),)
    assert joined(((0, 2), (30, 32))) == ((0, 2), (30, 32))


def test_what_is_customary_says_so_on_the_page_and_nothing_is_advice() -> None:
    sheet = aftercare(case(), START)
    page = html(sheet)
    assert page.count("customary, no evidence found") >= sum(
        line.grade == "custom" for line in sheet.lines
    )
    assert NO_ADVICE.split(";")[0] in page
    assert "<script" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_a_plan_without_steps_has_no_sheet() -> None:
    with pytest.raises(InputError, match="nothing to tell"):
        aftercare(case().with_plan(steps=[]))


def test_a_date_is_read_or_refused() -> None:
    assert day("2027-03-01") == START
    with pytest.raises(InputError, match="write a date as"):
        day("1.3.2027")


def test_there_are_rules() -> None:
    assert len(rules()) > 20
    assert any(rule.grade == "custom" for rule in rules().values())


FAT = {
    "kind": "injection",
    "day": "0 d",
    "harvest": {"tissue": "fat", "volume": "60 mL"},
    "process": {"method": "microfragmented_fat", "product_volume": "10 mL"},
    "deliver": {"volume": "8 mL"},
}


@pytest.mark.parametrize("name", sorted(names()))
def test_every_example_has_a_sheet_that_leaves_nothing_open(name: str) -> None:
    sheet = aftercare(case(name), START)
    assert sheet.lines
    assert not any("{" in line.text or "_" in line.text for line in sheet.lines)
    assert html(sheet).count("<tr>") == len(sheet.lines)


def test_a_plan_of_fat_is_told_no_number_of_marrow() -> None:
    sheet = aftercare(case().with_plan(steps=[FAT]), START)
    assert "mL of fat is drawn" in texts(sheet)
    assert "people with this plan" not in texts(sheet)
    assert any("taking fat" in gap for gap in sheet.gaps)


def test_who_only_exercises_hears_of_no_injection() -> None:
    exercised = texts(aftercare(case("rotator-cuff")))
    assert "no running" not in exercised
    assert "injected" not in exercised
    saline = {"kind": "saline_injection", "day": "0 d", "times": 3, "every": "2 wk"}
    given = aftercare(case("knee-osteoarthritis").with_plan(steps=[saline]))
    assert "no running" in texts(given)
    line = next(one for one in given.lines if "salt water" in one.text)
    assert line.text == (
        "You get an injection of salt water (saline) into the right knee; 3 in all, one every "
        "2 weeks."
    )
    assert line.when == ((0, 0), (14, 14), (28, 28))


def test_nothing_is_told_before_a_fracture_happened() -> None:
    fresh = aftercare(case("tibia-fracture-early-injection"))
    assert min(first for line in fresh.lines for first, _ in line.when) == 0
    elective = aftercare(case("tibia-nonunion"))
    assert min(first for line in elective.lines for first, _ in line.when) < 0


def test_who_gives_bone_hears_where_it_will_hurt() -> None:
    graft = {"kind": "autograft", "day": "7 d", "volume": "10 mL"}
    sheet = aftercare(case("tibia-nonunion").with_plan(steps=[graft]))
    line = next(one for one in sheet.lines if "152" in one.text)
    assert (line.sources, line.when) == (("Hernigou2014",), ((7, 91),))
    assert "10 mL of bone is taken" in texts(sheet)


def test_an_operation_and_a_distraction_are_told_in_words() -> None:
    assert "A track of 8 mm is drilled" in texts(aftercare(case("hip-osteonecrosis")))
    assert "1 mm a day, in 4 turns" in texts(aftercare(case("tibia-lengthening")))


def test_what_is_done_on_one_day_is_told_in_its_order() -> None:
    sewn = [line.text for line in aftercare(case("rotator-cuff-repair")).of("day")]
    assert sewn[0] == "The torn tendon is sewn (repair of the tendon)."
    assert sewn[1].endswith("concentrate made of it is injected into the right rotator cuff.")
    grown = [line.text for line in aftercare(case("knee-cartilage-defect")).of("day")]
    assert "for an injection 21 days later" in grown[0]
    assert any("cells grown from your marrow is injected into the left knee" in t for t in grown)
    cut = aftercare(case("tibia-lengthening"))
    assert cut.of("day")[0].text == "The bone is cut, and held by a ring fixator."


def test_whoever_is_treated_hears_first_when_to_call() -> None:
    nail = {"kind": "exchange_nail", "day": "7 d", "nail_diameter": "10 mm"}
    nailed = aftercare(case("tibia-nonunion").with_plan(steps=[nail]))
    assert nailed.of("alarm")[0].when == ((7, 49),)
    assert "Keep the dressings" in texts(nailed)
    lengthened = aftercare(case("tibia-lengthening"))
    assert lengthened.of("alarm")[0].when == ((0, 42), (84, 126))
    for sheet in (nailed, lengthened):
        assert "Call the team at once" in sheet.of("alarm")[0].text
    # Sabotage: who only exercises has had nothing done.
    assert not aftercare(case("rotator-cuff")).of("alarm")


def test_the_first_days_are_told_in_order_and_no_load_is_explained_twice() -> None:
    sheet = aftercare(case("knee-osteoarthritis"), START)
    spans = [line.when[0] for line in sheet.of("first_days")]
    assert spans == sorted(spans)
    assert len(spans) == len({line.text for line in sheet.of("first_days")})
    assert all(sheet.dated(line) for line in sheet.lines)
    explained = [line for line in aftercare(case()).of("weeks") if "muscles" in line.text]
    assert len(explained) == 1


def test_an_arm_is_told_what_it_may_bear_and_not_how_to_walk() -> None:
    steps = [
        {"kind": "loading", "day": f"{day} d", "body_weights": bears}
        for day, bears in ((0, 0), (14, 0.3), (42, 1))
    ]
    leg = case("femur-nonunion").with_plan(steps=steps)
    arm = leg.changed({"site": {"bone": "humerus"}})
    said = [line.text for line in aftercare(arm).of("weeks") if line.grade == "plan"]
    assert said[0] == "Lift nothing with the arm, and do not lean on it."
    assert said[1].startswith("The force on the treated bone of the arm is at most 0.3 times your")
    assert "ask the team what you may lift" in said[1]
    assert said[2].startswith("The force on the bone is at most your body weight.")
    # Sabotage: the same loads of a leg are told in steps of walking.
    for told, walks in ((aftercare(arm), False), (aftercare(leg), True)):
        assert ("walk" in texts(told)) is walks
        assert ("step" in texts(told)) is walks


def test_walking_as_usual_is_no_restriction() -> None:
    loads = [x for x in aftercare(case("hip-osteonecrosis"), START).of("weeks") if x.when]
    assert loads[-1].when == ((42, 42),)
    assert "walk as usual" in loads[-1].text
    assert "no running" in loads[-1].text
    assert not any("2.8" in line.text for line in loads)
    # Sabotage: a hip that may bear less than walking asks is still told its limit.
    steps = [{"kind": "loading", "day": "0 d", "body_weights": 2.7}]
    less = aftercare(case("hip-osteonecrosis").with_plan(steps=steps))
    assert "at most 2.7 times" in texts(less)
    assert "as usual" not in texts(less)


def test_death_and_bleeding_are_told_and_where_others_were_asked() -> None:
    hip = texts(aftercare(case("hip-osteonecrosis")))
    knee = texts(aftercare(case("knee-osteoarthritis")))
    for sheet in (hip, knee):
        assert "(1 of 54,890)" in sheet
        assert "two in all of 25 studies" in sheet
    assert "had marrow put into a knee; going by them" in hip
    assert "had marrow put into a knee; going by them" not in knee
    assert "Going by trials that asked" not in hip


def test_what_is_scaled_to_the_plan_is_told_apart_from_what_was_printed() -> None:
    hip = case("hip-osteonecrosis")
    steps = hip.plan.as_written()["steps"]
    more = next(step for step in steps if step["kind"] == "injection") | {"day": "60 d"}
    twice = hip.with_plan(steps=[*steps, more])
    for plan in (hip, twice, case("knee-osteoarthritis")):
        said = next(x.text for x in aftercare(plan).of("visits") if "325 in 3,012" in x.text)
        assert "oing by a registry that waits to be told (325 in 3,012 procedures)" in said
        assert "41.9 % with marrow and 41.25 % in the comparison groups" in said
        assert "as many" not in said
    # Sabotage: of two injections the numbers of the plan are others, those printed are not.
    once, again = (texts(aftercare(plan)) for plan in (hip, twice))
    assert "in about 12 (5 to 25) of 100 people with this plan" in once
    assert "in about 22 (10 to 43) of 100 people with this plan" in again


@pytest.mark.parametrize("name", sorted(names()))
def test_whatever_stands_under_calling_at_once_asks_for_a_call(name: str) -> None:
    sheet = aftercare(case(name))
    assert all("Call the team at once" in line.text for line in sheet.of("alarm"))
    if any(line.sources == ("Moyal2024",) for line in sheet.lines):
        told = "\n".join(line.text for line in sheet.of("before"))
        assert "Serious harm is rare" in told
        assert "Deep infections" in told


def test_quotations_say_what_their_rows_say() -> None:
    told = {name: rule.text for name, rule in rules().items()}
    assert "myeloproliferative neoplasm, aspirin, warfarin" in told["tell_of_bleeding"]
    assert "the side" not in told["numbing"]
    assert "40 patients, some drawn from there" in told["soreness"]
