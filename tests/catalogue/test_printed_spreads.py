"""A spread that the evidence prints beside a measured number is the spread of its record."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from trephine.catalogue.load import catalogue
from trephine.catalogue.records import Record

EVIDENCE = Path(__file__).parents[3] / "shared" / "evidence" / "devices.csv"
"""The table beside the checkout that prints standard deviations."""
ELSEWHERE = {"culture.doubling_time": "culture.doubling_time_spread"}
"""Numbers whose spread is that of the runs, with a record of its own."""


@pytest.fixture(scope="module")
def printed() -> dict[str, tuple[float, float]]:
    """Return value and standard deviation by row, where both are plain numbers."""
    if not EVIDENCE.is_file():
        pytest.skip("the evidence tables do not lie beside the checkout")
    found = {}
    with EVIDENCE.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if re.fullmatch(r"[\d.]+", row["value"]) and re.fullmatch(r"[\d.]+", row["spread"]):
                found[row["id"]] = (float(row["value"]), float(row["spread"]))
    return found


def without(records: dict[str, Record], printed: dict[str, tuple[float, float]]) -> set[str]:
    """Return the records that print a row's value and lack its standard deviation."""
    found = set()
    for name, record in records.items():
        rows = re.findall(r"\bP\d\d\b", record.where)
        if record.kind != "measured" or len(rows) != 1 or rows[0] not in printed:
            continue
        value, sd = printed[rows[0]]
        scale = record.printed / value
        if not any(scale == pytest.approx(factor) for factor in (1.0, 0.01)):
            continue
        if record.spread is None or record.spread.sd != pytest.approx(sd * scale):
            found.add(name)
    return found


def test_a_printed_standard_deviation_is_kept(printed: dict[str, tuple[float, float]]) -> None:
    records = dict(catalogue().records)
    assert without(records, printed) == set(ELSEWHERE)
    assert set(ELSEWHERE.values()) <= records.keys()


def test_a_record_that_drops_it_is_found(printed: dict[str, tuple[float, float]]) -> None:
    name = "devices.blood_component_separator.red_cell_carryover"
    bare = catalogue().record(name).model_copy(update={"spread": None})
    assert without({name: bare}, printed) == {name}
