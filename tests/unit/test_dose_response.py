"""What a series says of its dose holds by its size, where one was published, and by its sign."""

from __future__ import annotations

from typing import Any

import pytest

from made_trial import COARSE, cheap, made
from trephine.study.dose_response import Statement, dose_response
from trephine.study.trial import run_trial

LOOKED = {
    "arm": "cells", "outcome": "progenitors", "measure": "level", "counted": "injected",
    "time": "26 wk",
}  # fmt: skip


def told(united: float, others: float) -> Statement:
    """Return what is said of the quotient of two published doses."""

    def row(of: str, value: float) -> dict[str, Any]:
        seen = {"value": value, "unit": "CFU", "source": "made up", "role": "holdout"}
        return LOOKED | {"of": of, "observed": seen}

    trial = made(endpoints=[row("united", united), row("not united", others)])
    result = run_trial(trial, settings=COARSE, engine=cheap, patients_each=60)
    return dose_response(result)[0]


def test_a_published_quotient_holds_by_its_size_and_not_by_its_sign_alone() -> None:
    near = told(1e4, 1e4)
    assert near.predicted is not None
    assert near.low is not None
    assert near.high is not None
    assert near.predicted > 1.0, "the stand-in heals by its dose"
    inside = told(1e4 * near.predicted, 1e4)
    assert inside.holds
    far = told(1e4 * near.high * 1.5, 1e4)
    assert (far.low, far.high) == (near.low, near.high)
    assert far.agrees == inside.agrees
    assert not far.holds


@pytest.mark.parametrize("quotient", [0.01, 0.3])
def test_the_check_sees_a_quotient_on_the_other_side(quotient: float) -> None:
    assert not told(1e4 * quotient, 1e4).holds
