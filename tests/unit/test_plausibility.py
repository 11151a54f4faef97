"""Checks of measured numbers: each finds its own slip, at its place, and nothing else does."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from trephine.case.document import validate
from trephine.case.measurement import Measurement, read
from trephine.catalogue.load import catalogue
from trephine.core.errors import InputError
from trephine.models.findings import Finding, PlausibilityParameters
from trephine.models.plausibility import checked
from trephine.models.reading import Reading

P = Reading(catalogue()).fill(PlausibilityParameters)
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "check-a-procedure.md"
EXAMPLE = PAGE.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]


def noted(**changes: Any) -> Measurement:
    """Return the measurement of the guide with values replaced, or taken away by None.

    A place is written with two underscores: ``pool__volume="60 mL"``.
    """
    data = tomllib.loads(EXAMPLE)
    for place, value in changes.items():
        *path, key = place.split("__")
        table = data
        for part in path:
            table = table.setdefault(part, {})
        if value is None:
            del table[key]
        else:
            table[key] = value
    return validate(Measurement, data, "the guide")


def found(**changes: Any) -> dict[str, Finding]:
    findings = checked(noted(**changes), P)
    assert len({f.check for f in findings}) == len(findings)
    return {f.check: f for f in findings}


def test_the_measurement_of_the_guide_can_be() -> None:
    findings = found()
    assert len(findings) > 25
    assert {f.verdict for f in findings.values()} == {"possible"}
    assert all(f.places and f.found and f.expected for f in findings.values())


SLIPS = [
    ("amounts are not below zero", "impossible", {"discarded__volume": "-55.5 mL"}),
    ("shares are not above one", "impossible", {"product__viability": "940 %"}),
    ("identity is one at every scan", "impossible", {"identity__scans": ["A1", "A1", "A7"]}),
    ("injection follows spin end", "impossible", {"times__injection": "2026-05-11T09:00:00"}),
    ("expiry follows injection", "impossible", {"times__expiry": "2026-05-11T09:30:00"}),
    (
        "the spins fit between their start and end",
        "impossible",
        {"processing__spins": [{"g": 1000, "duration": "17 min"}]},
    ),
    (
        "cells were held for a time",
        "doubtful",
        {"times__injection": "2026-05-15T09:00:00", "times__expiry": "2026-05-16T09:00:00"},
    ),
    (
        "anticoagulant is a part of the pool",
        "impossible",
        {"pool__anticoagulant": "66 mL", "pool__drawn": None},
    ),
    ("marrow and anticoagulant make the pool", "doubtful", {"pool__drawn": "50 mL"}),
    (
        "the product is no larger than the pool",
        "impossible",
        {"product__volume": "67 mL", "discarded__volume": "1 mL"},
    ),
    (
        "product and discarded fluid make the pool",
        "impossible",
        {"discarded__volume": "65 mL", "discarded__haematocrit": 0.31},
    ),
    ("product and discarded fluid make the pool", "doubtful", {"discarded__volume": "49 mL"}),
    ("no more is injected than was made", "impossible", {"delivery__volume": "12 mL"}),
    ("no more is injected than was made", "doubtful", {"delivery__volume": "9.8 mL"}),
    (
        "red cells of the discarded can be packed",
        "impossible",
        {"discarded__haematocrit": 0.9, "discarded__volume": "23 mL"},
    ),
    (
        "haematocrit and red cells of the blood agree",
        "impossible",
        {"blood__red_cells": "4.8e8 1/mL"},
    ),
    ("haematocrit and red cells of the blood agree", "doubtful", {"blood__haematocrit": 0.52}),
    (
        "CFU-F of the product are live nucleated cells",
        "impossible",
        {"product__progenitors": "99e6 CFU/mL"},
    ),
    (
        "CFU-F of the pool are as common as published",
        "doubtful",
        {"pool__progenitors": "2e4 CFU/mL", "product__progenitors": "7e4 CFU/mL"},
    ),
    (
        "nucleated cells are no denser than marrow",
        "impossible",
        {"pool__nucleated": "6.4e8 1/mL"},
    ),
    (
        "nucleated cells are no denser than marrow",
        "doubtful",
        {"pool__nucleated": "2e8 1/mL"},
    ),
    (
        "the pool is no redder than the blood",
        "impossible",
        {"pool__haematocrit": 0.44},
    ),
    (
        "blood's share of the nucleated cells, by red cells",
        "impossible",
        {"blood__nucleated": "40e6 1/mL"},
    ),
    ("nucleated cells: recovered", "impossible", {"product__nucleated": "176e6 1/mL"}),
    ("nucleated cells: recovered", "doubtful", {"product__nucleated": "172e6 1/mL"}),
    ("platelets: recovered", "impossible", {"product__platelets": "1.4e9 1/mL"}),
    ("CFU-F: recovered", "impossible", {"product__progenitors": "8600 CFU/mL"}),
    ("CFU-F: recovered", "doubtful", {"product__progenitors": "5200 CFU/mL"}),
    ("red cells: the balance closes", "doubtful", {"discarded__haematocrit": 0.31}),
    (
        "red cells: the balance closes",
        "impossible",
        {"discarded__haematocrit": 0.41, "pool__haematocrit": 0.35},
    ),
    (
        "nucleated cells: the reported recovery can be",
        "impossible",
        {"processing__recovered": {"nucleated": 1.2}},
    ),
    (
        "nucleated cells: report and counts agree",
        "doubtful",
        {"processing__recovered": {"nucleated": 0.8}},
    ),
    (
        "the haematocrit is what the device leaves",
        "doubtful",
        {"product__haematocrit": 0.15, "discarded__haematocrit": 0.39},
    ),
]


@pytest.mark.parametrize(("check", "verdict", "changes"), SLIPS)
def test_a_slip_is_found_by_its_check(check: str, verdict: str, changes: dict[str, Any]) -> None:
    finding = found(**changes)[check]
    assert finding.verdict == verdict, finding
    numbers = {place.replace("__", ".") for place, value in changes.items() if value is not None}
    assert any(a.startswith(b) for a in finding.places for b in numbers)


@pytest.mark.parametrize("check", found())
def test_every_check_has_a_slip_that_it_rejects(check: str) -> None:
    """Or one of its kind, on another fluid or between other times."""
    kinds = ("follows", "can be packed", "live nucleated", "as common", "recovered")
    kind = next((k for k in kinds if k in check), check)
    assert any(kind in named for named, _, _ in SLIPS)


@pytest.mark.parametrize(
    ("after", "verdict"), [(1.0, "possible"), (1.05, "doubtful"), (1.11, "impossible")]
)
def test_mass_balance_has_the_limits_of_the_record(after: float, verdict: str) -> None:
    """R = V_out C_out / (V_in C_in), by hand: 66 mL of 24 million in, 10 mL out."""
    density = f"{66 * 24e6 / 10 * after} 1/mL"
    assert found(product__nucleated=density)["nucleated cells: recovered"].verdict == verdict


def test_anticoagulant_is_taken_out_of_a_concentration() -> None:
    """66 mL of pool with 6 mL of anticoagulant: 24 million per mL were 26.4 as drawn."""
    finding = found()["nucleated cells are no denser than marrow"]
    assert finding.found == "26.4 million/mL without anticoagulant"
    assert found()["the pool is no redder than the blood"].found.startswith("0.385 ")


def test_grown_cells_may_be_more_than_went_in() -> None:
    changes = {"product__nucleated": "1e9 1/mL", "product__progenitors": "9e8 CFU/mL"}
    fresh = found(**changes)
    assert fresh["nucleated cells: recovered"].verdict == "impossible"
    grown = found(processing__cultured=True, **changes)
    assert {f.verdict for f in grown.values()} == {"possible"}
    platelets = found(processing__cultured=True, product__platelets="2e9 1/mL")
    assert platelets["platelets: recovered"].verdict == "impossible"


def test_added_fluid_belongs_to_what_the_product_is_made_of() -> None:
    more = {"product__volume": "70 mL", "discarded__volume": None, "discarded__haematocrit": None}
    name = "the product is no larger than the pool"
    assert found(**more)[name].verdict == "impossible"
    assert found(processing__added="10 mL", **more)[name].verdict == "possible"


def test_a_check_without_its_numbers_says_which_it_needs() -> None:
    finding = found(product__platelets=None)["platelets: recovered"]
    assert finding.verdict == "unchecked"
    assert finding.expected == "needs product.platelets"
    unknown = found(processing__device="bufy_coat")["the haematocrit is what the device leaves"]
    assert unknown.verdict == "unchecked"
    assert "did you mean 'buffy_coat'?" in unknown.expected
    zero = found(pool__nucleated="0 1/mL")["nucleated cells: recovered"]
    assert (zero.verdict, zero.expected) == ("unchecked", "it would divide by zero")
    below = found(pool__volume="-66 mL")["nucleated cells: recovered"]
    assert (below.verdict, below.expected) == ("unchecked", "pool.volume below zero")


def test_nothing_noted_is_nothing_checked() -> None:
    findings = checked(Measurement(), P)
    assert len(findings) > 15
    assert {f.verdict for f in findings} == {"unchecked"}


def test_red_cells_are_taken_as_both_fluids_have_them() -> None:
    counted = {"pool__red_cells": "3.9e9 1/mL", "product__red_cells": "3.5e9 1/mL"}
    gone = {"product__haematocrit": None}
    assert found(**counted, **gone)["red cells: recovered"].places == (
        "pool.volume",
        "pool.red_cells",
        "product.volume",
        "product.red_cells",
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pool__volume": 66}, "pool.volume: write the unit, for example '4 mL'"),
        ({"times__expiry": 13}, "times.expiry: write date and time, for example"),
        ({"times__expiry": "2026-05-11T13:00:00+02:00"}, "write all times with their distance"),
        ({"pool__cfu": "3 CFU/mL"}, "pool.cfu: unknown key"),
        (
            {"processing__spins": [{"rpm": 3200, "duration": "14 min"}]},
            "rpm = 3200 says nothing without radius",
        ),
    ],
)
def test_the_door_asks_for_units_keys_and_one_clock(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        noted(**changes)
    assert said in str(caught.value)
    assert len(caught.value.problems) == 1


def test_a_measurement_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "counts.toml"
    file.write_text(EXAMPLE, encoding="utf-8")
    assert read(file) == noted()
    assert validate(Measurement, read(file).as_written(), "again") == noted()
    with pytest.raises(InputError, match="give a file of measurements in TOML"):
        read(tmp_path / "none.toml")
