"""The emulator of union on a ladder of doses: its threshold, its error, what it cannot tell."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from trephine.study.dose_ladder import HALVINGS, LADDER, DoseLadder, Rung


def healing(threshold: float) -> Callable[[float], Rung]:
    """Return runs of an engine that unites from a dose on, the sooner the more."""

    def run(dose: float) -> Rung:
        week = 30.0 - 2.5 * np.log10(dose) if dose >= threshold else None
        return Rung(dose, week, 12.0 if week else 4.0)

    return run


@pytest.mark.parametrize("threshold", [500.0, 3000.0, 4.2e5])
def test_the_emulator_brackets_the_threshold(threshold: float) -> None:
    made = DoseLadder.climbed(healing(threshold), np.random.default_rng(1))
    low, high = made.bracket
    assert low < threshold <= high
    assert high / low == pytest.approx(10 ** (1 / 2**HALVINGS))
    doses = np.geomspace(low / 5, high * 5, 400)
    chance = made.union(doses)
    assert np.all(np.diff(chance) >= 0)
    assert np.array_equal(chance == 0, doses <= low)
    least, most = made.bounds(doses)
    truth = doses >= threshold
    assert np.all(least <= truth)
    assert np.all(truth <= most)
    assert made.week(np.array(1e6)) == pytest.approx(15.0, abs=1e-9)
    assert made.misses(made.fresh).wrong == 0
    assert made.misses(made.fresh).weeks == pytest.approx(0.0, abs=1e-9)


def test_a_wrong_emulator_is_found_out() -> None:
    made = DoseLadder.climbed(healing(3000.0), np.random.default_rng(1))
    late = DoseLadder(tuple(dataclasses.replace(r, week=r.week and r.week + 4) for r in made.rungs))
    assert late.misses(made.fresh).weeks == pytest.approx(4.0)
    shifted = DoseLadder(tuple(dataclasses.replace(r, dose=30 * r.dose) for r in made.rungs))
    assert shifted.misses([healing(3000.0)(2e4)]).wrong == 1


def test_a_ladder_that_tells_no_threshold_says_so() -> None:
    never = DoseLadder.climbed(healing(1e30), np.random.default_rng(1))
    assert len(never.rungs) == len(LADDER)
    assert not never.union(np.array([1.0, 1e12])).any()
    with pytest.raises(ValueError, match="no dose of the ladder unites"):
        never.week(np.array(1e6))
    always = DoseLadder.climbed(healing(1.0), np.random.default_rng(1))
    assert always.union(np.array([1.0, 1e12])).all()
    assert always.as_written()["threshold_between"][0] is None


def test_a_ladder_that_is_not_monotone_says_so() -> None:
    odd = DoseLadder((Rung(1e3, 20.0, 12), Rung(1e4, None, 4), Rung(1e5, 12.0, 12)))
    assert not odd.is_monotone
    assert odd.bracket == (1e3, 1e4)
    assert odd.left_out().wrong == 1
