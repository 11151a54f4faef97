"""A second reader of published values sees no number, and every disagreement is listed."""

from __future__ import annotations

import re
import tomllib

import pytest

from made_evidence import arm, study, united
from trephine.catalogue import effects
from trephine.catalogue.cohorts import Endpoint, Study, cohorts, values
from trephine.catalogue.effects import NUMBERED
from trephine.catalogue.second_entry import (
    KEYS,
    Entry,
    disagreements,
    first_entries,
    provisional,
    second_entries,
    typed,
    worksheet,
    worksheet_of_effects,
)

MADE = {"A": study({"all": arm(10, x=united(70, events=[7], total=10), y=united(words="most"))})}

FIRST = "A.all.x: first printed 70, unit %, events (7,), total 10"


def test_the_two_readers_of_the_record_agree() -> None:
    found = disagreements(first_entries(), second_entries())
    assert not found, "\n".join(["the two readers disagree:", *found])


@pytest.mark.parametrize(
    ("key", "slip"),
    [
        ("Kuroda2019.jic_c2.collapse_5_y", {"printed": 88.4}),
        ("Hernigou2005.united.progenitors", {"sd": 17341}),
        ("harms.neuralgia_marrow", {"events": (2,)}),
        ("risk_factors.diabetes", {"ends": (1.21, 1.16)}),
        ("least_differences.hhs", {"high": 19}),
    ],
)
def test_a_slip_in_any_table_is_seen(key: str, slip: dict[str, object]) -> None:
    slipped = {**second_entries(), key: second_entries()[key].model_copy(update=slip)}
    assert [line.split(":")[0] for line in disagreements(first_entries(), slipped)] == [key]
    assert key in provisional(first_entries(), slipped)


def test_a_worksheet_asks_for_every_number_and_is_valid_before_it_is_filled() -> None:
    asked = tomllib.loads(worksheet(cohorts()))
    wanted = {key for key, value in values(cohorts()).items() if typed(value)}
    assert set(asked) == wanted
    assert len(wanted) > 200
    assert all(place == {} for place in asked.values())


@pytest.mark.parametrize("table", NUMBERED)
def test_a_worksheet_of_effects_asks_for_every_number(table: str) -> None:
    found = {k: v for k, v in effects.values(effects.effects()).items() if k.startswith(table)}
    asked = tomllib.loads(worksheet_of_effects(effects.effects(), table))
    assert set(asked) == {key for key, value in found.items() if typed(value)}
    assert len(asked) > 20
    assert all(place == {} for place in asked.values())


def shown(text: str, studies: dict[str, Study]) -> list[str]:
    """Return the outcomes whose number or count stands beside their place in a worksheet."""
    blocks = dict(
        re.findall(r'^\["(.+)"\]\n# read in [^\n]*\n((?:#[^\n]*\n)+)', text, re.MULTILINE)
    )
    found = []
    for key, value in values(studies).items():
        if not isinstance(value, Endpoint) or key not in blocks:
            continue
        study_name, arm_name, _ = key.split(".")
        label = studies[study_name].arms[arm_name].label
        told = blocks[key].replace(label, "").replace(studies[study_name].population, "")
        told = told.replace(f", at {value.time}", "")
        spread = [x for s in value.spread for x in (s.value, s.low, s.high)]
        numbers = [value.printed, value.low, value.high, *value.events, *spread]
        if any(re.search(rf"(?<![\w.]){n}(?![\w.])", told) for n in numbers if n is not None):
            found.append(key)
    return found


def test_a_worksheet_shows_no_number() -> None:
    assert shown(worksheet(cohorts()), dict(cohorts())) == []


def test_the_check_sees_a_number_that_is_shown() -> None:
    told = {"A": study({"all": arm(10, x=united(70, about="70 united"))})}
    assert shown(worksheet(told), told) == ["A.all.x"]


def test_a_worksheet_of_a_study_says_how_to_file_it() -> None:
    text = worksheet(MADE)
    assert "A.toml in the folder second/cohorts" in text
    assert text.count("[") == 1
    assert all(f"# {key} =" in text for key in KEYS)


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ({}, []),
        ({"A.all.x": Entry(printed=70, unit="%", events=(7,), total=10)}, []),
        (
            {"A.all.x": Entry(printed=77, unit="%", events=(7,), total=10)},
            [f"{FIRST}, second printed 77, unit %, events (7,), total 10"],
        ),
        (
            {"A.all.x": Entry(printed=70, unit="%")},
            ["A.all.x: first printed 70, unit %, events (7,), total 10, second printed 70, unit %"],
        ),
        (
            {"A.all.y": Entry(printed=1, unit="1")},
            ["A.all.y: the second reader has printed 1, unit 1, the first nothing"],
        ),
        (
            {"A.all.z": Entry(low=1, high=2, unit="d")},
            ["A.all.z: the second reader has low 1, high 2, unit d, the first nothing"],
        ),
    ],
)
def test_each_disagreement_is_listed(second: dict[str, Entry], said: list[str]) -> None:
    assert disagreements(values(MADE), second) == said
    is_confirmed = bool(second) and not said
    assert provisional(values(MADE), second) == (frozenset() if is_confirmed else {"A.all.x"})
