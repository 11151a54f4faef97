"""Numbers and sentences of the report."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthetic_run import synthetic_run
from trephine.case.case import Case
from trephine.report import site_story, story, words

SPACE = words.NO_BREAK


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (20130, "20,100"),
        (0.03317, "0.0332"),
        (9.996, "10"),
        (1260, "1,260"),
        (-0.5, "\u22120.5"),
        (3e-9, f"3{SPACE}\u00d7{SPACE}10⁻⁹"),
        (99999999, f"1{SPACE}\u00d7{SPACE}10⁸"),
    ],
)
def test_numbers_are_rounded_as_a_person_would(value: float, text: str) -> None:
    assert words.rounded(value) == text


@pytest.mark.parametrize(
    ("cells", "text"),
    [(7690, "7,690"), (20e6, "20 million"), (1.49e9, "1.49 billion"), (999.9e3, "1 million")],
)
def test_cells_are_counted_in_words(cells: float, text: str) -> None:
    assert words.count(cells) == text


def test_a_loss_never_reads_as_none() -> None:
    assert words.percent(0.99999) == f">{SPACE}99.9{SPACE}%"
    assert words.percent(1.0) == f"100{SPACE}%"
    assert words.tenths(1e-5) == f"<{SPACE}0.1{SPACE}%"


def test_growth_is_a_multiple_and_loss_a_share() -> None:
    assert words.ratio(2e7, 5260) == f"\u00d7{SPACE}3,800"
    assert words.ratio(61.0, 92.0) == f"66.3{SPACE}%"
    assert words.ratio(5.0, 0.0) == "from none"


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        ("11-gauge needle", "an 11-gauge needle"),
        ("18-gauge needle", "an 18-gauge needle"),
        ("8 mm nail", "an 8 mm nail"),
        ("12-gauge needle", "a 12-gauge needle"),
        ("10 mm nail", "a 10 mm nail"),
    ],
)
def test_articles_follow_the_spoken_number(thing: str, said: str) -> None:
    assert words.article(thing) == said


def plain(text: str) -> str:
    return text.replace(SPACE, " ")


def test_the_case_is_told_from_its_document() -> None:
    told = plain(" ".join(site_story.case_sentences(synthetic_run())))
    for part in (
        "A man of 47 years, 80 kg, 178 cm",
        "left femoral shaft",
        "29 mm across with a canal of 14 mm",
        "4 mm wide and lies 10 degrees off transverse",
        "An 11 mm intramedullary nail",
        "3,000 N/mm along the shaft (from the catalogue)",
        "perfused at 10 % of living bone and is 50 % fibrous; all of the bone ends bleed",
    ):
        assert part in told


def changed(**changes: object) -> Case:
    return synthetic_run().case.changed(dict(changes))


def test_a_changed_case_is_told_differently() -> None:
    case = changed(
        patient={"sex": "female", "smoker": True, "osteonecrosis_risk": True},
        site={
            "gap": {"virtual": True, "tilt": "0 deg"},
            "fixation": {"axial_stiffness": "900 N/mm"},
            "biology": {"living_ends": 0.4},
        },
    )
    told = plain(" ".join(site_story.case_sentences(replace(synthetic_run(), case=case))))
    assert "A woman" in told
    assert "who smokes" in told
    assert "lowers the yield" in told
    assert "placed by the program in an intact shaft" in told
    assert "off transverse" not in told
    assert "as stated in the case" in told
    assert "40 % of the bone ends bleeds" in told


def test_a_scanned_bone_is_measured_on_the_grid() -> None:
    scan = {"density": "a.nii.gz", "labels": "b.nii.gz", "contents": "c", "source": "a scan"}
    written = synthetic_run().case.as_written()
    del written["site"]["shaft"]
    written["site"]["scan"] = scan
    run = replace(synthetic_run(), case=Case.model_validate(written))
    told = plain(" ".join(site_story.case_sentences(run)))
    assert "comes from a scan; at the gap it is 29 mm across with a canal of 14 mm" in told


def test_the_plan_is_told_step_by_step_in_order() -> None:
    events = story.plan_events(synthetic_run().case)
    assert [event.day / 86400 for event in events] == [0, 0, 30, 42, 84]
    first, culture = plain(events[0].text), plain(events[2].text)
    assert "12 draws of 5 mL (60 mL in all) from the posterior iliac crest" in first
    assert "Concentrated to 10 mL (buffy coat)" in first
    assert "held by its own clot" in first
    assert "on day 0. Progenitors grown in culture for 28 days, 20 million" in culture
    assert "with 3 mL of demineralised bone matrix" in culture


def test_the_outcome_names_the_week_of_union_or_its_absence() -> None:
    united = story.outcome(synthetic_run())
    assert united.startswith("United at week 12")
    assert "mRUST is 16 of 16" in united
    open_ = story.outcome(synthetic_run(heals=False))
    assert open_.startswith("Not united by week 26")


def test_a_trace_of_new_bone_reads_as_less_than_a_hundredth() -> None:
    assert plain(words.new_bone(6.5e-12)) == "< 0.01 mL"
    assert plain(words.new_bone(0.0)) == "0 mL"
    assert plain(words.new_bone(1.36e-5)) == "13.6 mL"


def test_times_are_told_in_weeks_or_days() -> None:
    assert [words.time_span(n * 86400.0) for n in (1, 3, 7, 14, 728)] == [
        "1 day",
        "3 days",
        "1 week",
        "2 weeks",
        "104 weeks",
    ]
    assert words.day(1234 * 86400.0) == "day 1,234"


def test_a_plan_without_loading_says_so() -> None:
    case = synthetic_run().case
    rest = case.changed({"plan": {"steps": [], "follow_up": {"duration": "1 wk"}}})
    assert story.follow_up(rest).startswith("Seen every week for 1 week, with")
    assert story.follow_up(rest).endswith("names no loading, so no load acts along the bone.")
    later = {"kind": "loading", "day": "42 d", "body_weights": 1.0}
    late = case.changed({"plan": {"steps": [later], "follow_up": {"interval": "26 wk"}}})
    assert "Seen every 26 weeks for 26 weeks" in story.follow_up(late)
    assert story.follow_up(late).endswith("No load acts along the bone before day 42.")


def test_tiles_hold_the_key_numbers() -> None:
    tiles = {tile.label: plain(tile.value) for tile in story.tiles(synthetic_run())}
    assert tiles["Union"] == "Week 12"
    assert tiles["mRUST"] == "16 / 16"
    assert tiles["Progenitors retained"] == "6.62 million"
    bare = {tile.label: tile for tile in story.tiles(synthetic_run(injections=False))}
    assert bare["Progenitors retained"].note == "no injection in the plan"
