"""What the posterior foretells of a trial, against laws that can be written down."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binom

from trephine.case.trial import Endpoint
from trephine.study.predictive import as_counted, shifted

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


@pytest.mark.parametrize("odds", [-0.8, 0.0, 0.6])
def test_a_shifted_share_is_binomial_with_the_shifted_chance(odds: float) -> None:
    luck, size, chance = np.random.default_rng(1), 30, 0.7
    share = luck.binomial(size, chance, MANY) / size
    found = shifted(share, np.full(MANY, chance), np.full(MANY, odds), size, luck) * size
    aim = expit(np.log(chance / (1.0 - chance)) + odds)
    assert found.mean() == pytest.approx(size * aim, rel=0.01)
    assert found.var() == pytest.approx(binom.var(size, aim), rel=0.04)


def test_the_check_rejects_shares_that_are_moved_without_luck() -> None:
    """Moving each share by the change of the chance keeps the wrong spread."""
    luck, size, chance = np.random.default_rng(1), 30, 0.5
    aim = float(expit(2.0))
    moved = luck.binomial(size, chance, MANY) + size * (aim - chance)
    assert abs(moved.var() / binom.var(size, aim) - 1.0) > 0.5
