"""The evidence tables beside the checkout, and made-up studies, for the tests of the record."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from trephine.catalogue.cohorts import Study, parsed

EVIDENCE = Path(__file__).parents[2] / "shared" / "evidence"
"""Tables beside the checkout; without them there is nothing to compare."""


def rows(table: str) -> dict[int, dict[str, str]]:
    """Return the rows of an evidence table by their line; skip where there is none."""
    path = EVIDENCE / f"{table}.csv"
    if not path.exists():
        pytest.skip("the evidence tables do not lie beside the checkout")
    with path.open(encoding="utf-8", newline="") as stream:
        return dict(enumerate(csv.DictReader(stream), start=2))


def line_of(where: str) -> int:
    """Return the line that ``"cohorts row 12"`` names."""
    return int(where.rsplit(" ", 1)[1])


def study(arms: dict[str, Any], **changes: Any) -> Study:
    """Return a made-up study; every value of it may calibrate unless it says otherwise."""
    plain: dict[str, Any] = {
        "design": "made up",
        "condition": "nonunion",
        "site": "tibia",
        "population": "nobody",
        "source": "10.1000/nobody",
        "access": "seen",
        "confidence": 0.9,
        "role": "calibrate",
    }
    return parsed({**plain, "arms": arms, **changes}, "made.toml")


def arm(n: int | None = None, doses: Any = None, part_of: str = "", **endpoints: Any) -> Any:
    """Return a made-up arm with outcomes by name."""
    where = {"where": "cohorts row 2"}
    return {
        "label": "all",
        "product": "concentrate",
        **({"n": n} if n else {}),
        "part_of": part_of,
        "doses": {k: where | v for k, v in (doses or {}).items()},
        "endpoints": {k: where | v for k, v in endpoints.items()},
    }


def united(printed: float | None = None, **more: Any) -> dict[str, Any]:
    """Return a made-up share of united patients."""
    number = {} if printed is None else {"printed": printed, "unit": "%"}
    return {"outcome": "union", "measure": "share", **number, **more}
