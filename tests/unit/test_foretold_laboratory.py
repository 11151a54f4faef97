"""A foretold count of colonies is one of any laboratory; what is no such count is not."""

from __future__ import annotations

import numpy as np
import pytest

from trephine.case.trial import Endpoint
from trephine.study.allowances import as_counted

MANY = 40_000


def looking(outcome: str, measure: str = "level") -> Endpoint:
    written = {"arm": "cells", "outcome": outcome, "measure": measure, "time": "26 wk"}
    more = {} if measure == "level" else {"against": "none"}
    return Endpoint.model_validate(written | more)


@pytest.mark.parametrize("outcome", ["progenitors", "progenitors per volume"])
def test_a_count_of_colonies_spreads_as_laboratories_do(outcome: str) -> None:
    trials = np.full(MANY, 5e4)
    found = as_counted(trials, looking(outcome), 1.0, np.random.default_rng(0))
    assert np.log(found).std() == pytest.approx(1.0, abs=0.02)
    assert np.median(found) == pytest.approx(5e4, rel=0.03)


@pytest.mark.parametrize(
    ("outcome", "measure"),
    [("progenitors", "ratio"), ("nucleated cells", "level"), ("volume aspirated", "level")],
)
def test_a_laboratory_moves_nothing_but_its_count(outcome: str, measure: str) -> None:
    trials = np.linspace(0.5, 2.0, 7)
    found = as_counted(trials, looking(outcome, measure), 1.0, np.random.default_rng(0))
    assert found.tolist() == trials.tolist()
