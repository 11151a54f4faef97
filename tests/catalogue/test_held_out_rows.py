"""No number that the evidence holds out sets a parameter."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from trephine.catalogue.load import catalogue

EVIDENCE = Path(__file__).parents[3] / "shared" / "evidence"
"""Tables beside the checkout; without them there is nothing to compare."""
TABLES = ("harvest", "harvest_sites", "donors", "devices", "particles", "delivery")
WORD = re.compile(rf"({'|'.join(sorted(TABLES, key=len, reverse=True))})\.csv|\b([A-Z]\d\d)\b")


def cited(where: str) -> set[tuple[str, str]]:
    """Return the rows a place names, as table and id: ``"devices.csv P36, P37"`` names two."""
    rows, table = set(), ""
    for found in WORD.finditer(where):
        table = found[1] or table
        if found[2] and table:
            rows.add((table, found[2]))
    return rows


def held_out(role: str) -> bool:
    return role.startswith("holdout")


@pytest.fixture(scope="module")
def roles() -> dict[tuple[str, str], str]:
    if not EVIDENCE.is_dir():
        pytest.skip("the evidence tables do not lie beside the checkout")
    found = {}
    for table in TABLES:
        with (EVIDENCE / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
            found |= {(table, row["id"]): row.get("role", "") for row in csv.DictReader(stream)}
    return found


def test_every_cited_row_exists_and_none_is_held_out(roles: dict[tuple[str, str], str]) -> None:
    rows = {k: cited(record.where) for k, record in catalogue().records.items()}
    assert sum(map(len, rows.values())) > 50
    missing = {k: sorted(found - roles.keys()) for k, found in rows.items() if found - roles.keys()}
    assert missing == {}
    assert {k for k, found in rows.items() if any(held_out(roles[row]) for row in found)} == set()


def test_the_check_sees_a_row_that_is_held_out(roles: dict[tuple[str, str], str]) -> None:
    rows = cited("ratio of full syringes; harvest.csv H11, with devices.csv P34")
    assert rows == {("harvest", "H11"), ("devices", "P34")}
    assert all(held_out(roles[row]) for row in rows)
