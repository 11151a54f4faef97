"""Published studies: every row is there as printed, and what is held out reaches no fit."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import pytest

from made_evidence import arm, line_of, rows, study, united
from trephine.catalogue.cohorts import (
    Dose,
    Endpoint,
    Study,
    cohorts,
    endpoints,
    fingerprint,
    only,
    parsed,
    study_of,
    values,
)
from trephine.catalogue.effects import KINDS, effects
from trephine.catalogue.printed import Printed, days, rounding
from trephine.catalogue.vocabulary import MEANINGS, Outcome
from trephine.core.errors import CatalogueError

STUDIES = cohorts()
VALUES = values(STUDIES)
WITHOUT_A_VALUE = {45}
"""A row whose value its reader left empty, being unsure."""
WORDS_OF_THE_LAST = {"same", "same cohort"}
ACCESS = ("recalled", "seen_secondary", "seen")
"""From the weakest to the strongest."""
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e\d+)?")


def test_the_record_is_whole() -> None:
    assert len(STUDIES) == 80
    assert sum(len(s.arms) for s in STUDIES.values()) == 150
    assert len(endpoints(STUDIES)) == 281
    assert len(VALUES) == 319
    assert {k: len(v) for k, v in effects()} == {
        "risk_factors": 61,
        "harms": 39,
        "least_differences": 23,
        "patients": 19,
    }


def numbers_of(value: Printed) -> set[float]:
    """Return every number that is typed of a value, with those that stand in its words."""
    spread = [x for s in value.spread for x in (s.value, s.low, s.high)]
    counts = [*value.events, value.total] if isinstance(value, Endpoint) else []
    typed = [value.printed, value.low, value.high, *spread, *counts]
    text = f"{value.words} {getattr(value, 'about', '')} {value.note} {value.p}"
    return {float(x) for x in typed if x is not None} | {float(x) for x in NUMBER.findall(text)}


def lost(table: Mapping[int, dict[str, str]], entered: Mapping[str, Printed]) -> set[int]:
    """Return the rows of which a number is entered nowhere: not from the row, nor as a dose."""
    known: dict[int, set[float]] = {line: set() for line in table}
    given: dict[str, set[float]] = {}
    for key, value in entered.items():
        known[line_of(value.where)] |= numbers_of(value)
        if isinstance(value, Dose):
            given.setdefault(key.split(".")[0], set()).update(numbers_of(value))
    cells = (
        "value", "cells_mean", "cells_sd", "spread", "volume_aspirated_ml", "volume_injected_ml",
    )  # fmt: skip
    return {
        line
        for line, row in table.items()
        for cell in cells
        for found in NUMBER.findall(re.sub(r"95% CI|(?<=\d)-(?=\d)", " ", row[cell]))
        if float(found) not in known[line] | given.get(row["study_id"], set())
    }


def test_every_row_is_entered_with_its_numbers() -> None:
    table = rows("cohorts")
    assert set(table) - {line_of(v.where) for v in VALUES.values()} == WITHOUT_A_VALUE
    assert lost(table, VALUES) == set()


def test_the_check_sees_a_number_that_is_lost_or_mistyped() -> None:
    table = rows("cohorts")
    key = "Hernigou2005.all.union"
    mistyped = {**VALUES, key: VALUES[key].model_copy(update={"printed": 83.3})}
    assert lost(table, mistyped) == {2}
    assert lost(table, {k: v for k, v in VALUES.items() if k != key}) == {2}


def test_each_study_is_who_the_table_says() -> None:
    for cells in rows("cohorts").values():
        entry = STUDIES[cells["study_id"]]
        assert str(entry.year or "") == cells["year"]
        own = {value.source or entry.source for _, _, value in entry.values()} | {entry.source}
        assert cells["source_doi_or_url"] in own


def test_what_is_recalled_stays_recalled() -> None:
    table = rows("cohorts")
    for key, value in VALUES.items():
        cells = table[line_of(value.where)]
        assert ACCESS.index(value.access) <= ACCESS.index(cells["seen_or_recalled"]), key
        assert value.confidence <= float(cells["confidence"]), key


@pytest.mark.parametrize(
    ("table", "file", "key"),
    [
        ("risk_factors", "risk_factors", "seen_or_recalled"),
        ("harms", "safety", "seen_or_recalled"),
        ("least_differences", "mcid", "seen_or_recalled"),
        ("patients", "patients", "seen_or_recalled"),
    ],
)
def test_every_effect_is_entered(table: str, file: str, key: str) -> None:
    lines = rows(file)
    entries = list(dict(effects())[table].values())
    assert {line_of(e.where) for e in entries} == set(lines)
    assert all(isinstance(e, KINDS[table]) for e in entries)
    for entry in entries:
        cells = lines[line_of(entry.where)]
        assert entry.access in cells[key]
        assert entry.confidence == float(cells["confidence"])
        source = {v for k, v in cells.items() if k == "source"}
        if not source & WORDS_OF_THE_LAST and table in {"risk_factors", "harms"}:
            assert {entry.source} == source


@pytest.mark.parametrize("key", VALUES)
def test_a_value_is_finite_and_knows_its_place(key: str) -> None:
    value = VALUES[key]
    assert all(math.isfinite(x) for x in numbers_of(value))
    assert value.where.startswith("cohorts row ")
    if isinstance(value, Endpoint) and value.unit == "%" and value.measure == "share":
        ends = [x for x in (value.printed, value.low, value.high) if x is not None]
        assert all(0 <= x <= 100 for x in ends)


def test_every_outcome_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Outcome)


# What is held out


HELD_OUT = {
    "united": arm(
        5,
        seen=united(80, role="calibrate", note="the note tells 77"),
        hidden=united(77, role="holdout", about="another"),
    ),
    "other": arm(5, part_of="united", hidden=united(77, role="holdout")),
}


def made() -> dict[str, Study]:
    hidden = study({"all": arm(9, x=united(66))}, role="holdout")
    seen = study(HELD_OUT, notes=["77 again"], inconsistencies=["77"], sizes={"patients": 77})
    return {"Seen": seen, "Hidden": hidden}


def leaks(fit: Mapping[str, Study], whole: Mapping[str, Study]) -> list[str]:
    """Return what of the held-out values a fit could see."""
    allowed = {k for k, v in values(whole).items() if v.role == "calibrate"}
    shown = [key for key in values(fit) if key not in allowed]
    text = [name for name, s in fit.items() if s.notes or s.inconsistencies or s.sizes]
    notes = [key for key, value in values(fit).items() if value.note]
    return shown + text + notes


def test_a_fit_sees_what_may_calibrate_and_nothing_else() -> None:
    fit = only(made(), "calibrate")
    assert list(values(fit)) == ["Seen.united.seen"]
    assert "77" not in str(fit["Seen"].model_dump())
    assert leaks(fit, made()) == []
    assert leaks(cohorts("calibrate"), STUDIES) == []
    assert set(values(cohorts("calibrate"))) == {
        k for k, v in VALUES.items() if v.role == "calibrate"
    }


def test_the_check_sees_a_value_that_leaks() -> None:
    assert leaks(made(), made()) != []
    twin = {"Hidden": made()["Hidden"]}
    assert leaks(twin, made()) == ["Hidden.all.x"]


def test_the_roles_part_the_values() -> None:
    parts = [set(values(cohorts(role))) for role in ("calibrate", "holdout", "context")]
    assert sum(map(len, parts)) == len(VALUES)
    assert set.union(*parts) == set(VALUES)
    assert all(len(part) > 20 for part in parts)
    with pytest.raises(CatalogueError, match="did you mean 'holdout'"):
        cohorts("holdouts")  # type: ignore[arg-type]


def test_the_series_that_calibrate_are_those_that_the_plan_names() -> None:
    fit = cohorts("calibrate")
    unspun = {"Bhargava2007", "Goel2005", "Wilkins2003", "Garg1993", "Connolly1991", "Braly2013"}
    assert unspun | {"Hernigou2005", "Li2019", "Chang_femurgap", "Bhandari2003"} <= set(fit)
    assert {"OHalloran2016_NURD", "HauLeThua2015", "Kuroda2019", "Gangji2004"} <= set(fit)
    assert not {"Desai2015", "Lin2019", "Ross2018", "Hernigou2013syringe", "FRACTING2018"} & set(
        fit
    )


def test_what_other_tables_hold_out_is_held_out_here() -> None:
    assert cohorts()["Hernigou2013syringe"].roles == ("holdout",)
    marrow = cohorts("calibrate")["Tomaru2018cells"]
    assert {name for _, name, v in marrow.values() if isinstance(v, Endpoint)} == {
        "nucleated_first"
    }


def test_callus_and_time_of_the_dose_series_test_and_never_fit() -> None:
    held = {k for k, v in values(cohorts("holdout")).items() if k.startswith("Hernigou2005")}
    assert held == {
        "Hernigou2005.united.callus_volume_4_months",
        "Hernigou2005.united.callus_volume_against_dose",
        "Hernigou2005.united.callus_volume_against_concentration",
        "Hernigou2005.united.time_to_union_against_concentration",
    }


def test_the_fingerprint_tells_one_record_from_another() -> None:
    assert fingerprint(STUDIES) == fingerprint(dict(reversed(list(STUDIES.items()))))
    assert fingerprint(STUDIES) != fingerprint(cohorts("calibrate"))


# How values are written


@pytest.mark.parametrize(
    ("time", "length"),
    [
        ("baseline", 0.0),
        ("2 weeks", 14.0),
        ("4-6 wk", None),
        ("13 wk", 91.0),
        ("12 months", 365.25),
        ("11 mo (6-30)", 11 * 365.25 / 12),
        ("5 y", 5 * 365.25),
        ("30 days", 30.0),
        ("5-10 y", None),
        ("final", None),
        ("", None),
    ],
)
def test_a_time_is_read_where_it_is_one_number(time: str, length: float | None) -> None:
    assert days(time) == (None if length is None else pytest.approx(length))


def test_rounding_follows_what_is_printed() -> None:
    assert [rounding(x) for x in (90, 90.0, 0.067, 12.25)] == pytest.approx(
        [0.5, 0.05, 0.0005, 0.005]
    )


def test_a_value_reads_as_printed() -> None:
    told = STUDIES["Hernigou2005"].arms["all"]
    assert told.endpoints["union"].value == "88.3 %"
    assert told.endpoints["union"].certainty == "53 of 60"
    assert told.doses["progenitors"].value == "about 51000 CFU"
    assert STUDIES["Moyal2024"].arms["bma"].endpoints["union"].value == "79 to 100 %"
    score = STUDIES["LamoEspinosa2016"].arms["hyaluronate"].endpoints["womac_12_months"]
    assert score.value == "13.5 (median) points of 0 to 96"
    assert score.certainty == "quartiles 8 to 33"
    assert isinstance(told.doses["progenitors"], Dose)


# What is refused


def spoilt(**changes: Any) -> dict[str, Any]:
    return {"all": arm(10, union={**united(70), **changes})}


@pytest.mark.parametrize(
    ("arms", "said"),
    [
        (spoilt(printed="many"), "made.toml: arms.all.endpoints.union.printed"),
        (spoilt(words="most"), "give one of a number, a range and words"),
        (spoilt(unit=""), "a number needs a unit"),
        (spoilt(outcome="unity"), "arms.all.endpoints.union.outcome"),
        (spoilt(events=[8], total=7), "more events than patients"),
        (spoilt(colour="red"), "arms.all.endpoints.union.colour"),
        (spoilt(role="prior"), "arms.all.endpoints.union.role"),
        (spoilt(confidence=1.2), "arms.all.endpoints.union.confidence"),
        (spoilt(spread=[{"kind": "sd", "low": 1}]), "a spread by sd takes value"),
        (spoilt(spread=[{"kind": "range", "low": 2, "high": 1}]), "low must not be above high"),
        ({"all": arm(10, union=united(sign="<"))}, "give one of a number"),
        ({"all": arm(10, part_of="none")}, "arms.all.part_of: no other arm 'none'"),
        ({}, "a study needs an arm"),
    ],
)
def test_malformed_data_is_refused_with_its_place(arms: dict[str, Any], said: str) -> None:
    with pytest.raises(CatalogueError, match=re.escape(said)):
        study(arms)


def test_a_study_that_is_not_there_has_a_near_one() -> None:
    with pytest.raises(CatalogueError, match="did you mean 'Hernigou2005'"):
        study_of("Hernigou205", STUDIES)


def test_a_value_takes_from_its_study_what_it_does_not_say() -> None:
    given = study({"all": arm(10, union=united(70, access="recalled"))}).arms["all"]
    assert given.endpoints["union"].access == "recalled"
    assert given.endpoints["union"].source == "10.1000/nobody"
    with pytest.raises(CatalogueError, match="role: Field required"):
        parsed({"arms": {"all": arm(1, x=united(1))}, "access": "seen", "confidence": 1}, "x")
