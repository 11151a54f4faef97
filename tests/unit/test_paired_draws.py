"""Differences of paired draws: known values, width where draws agree, cover of the truth."""

from __future__ import annotations

import numpy as np
import pytest

from trephine.core.rng import Streams
from trephine.study.paired_draws import FEWEST, mean_apart, share_apart


def resampled(own: list[bool], other: list[bool]) -> tuple[float, float]:
    """Sabotage: the interval of resampled pairs, which has no width where all pairs agree."""
    apart = np.asarray(own, dtype=float) - np.asarray(other, dtype=float)
    picks = Streams(0).named("resampled").integers(0, apart.size, (500, apart.size))
    low, high = np.quantile(apart[picks].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def test_the_interval_is_newcombes() -> None:
    """Fifty pairs: 36 both, 12 the first alone, 2 the second alone, as worked in the paper."""
    own = [True] * 48 + [False] * 2
    other = [True] * 36 + [False] * 12 + [True] * 2
    apart, ends = share_apart(own, other)
    assert apart == pytest.approx(0.2)
    assert ends == pytest.approx((0.0569, 0.3404), abs=5e-5)


@pytest.mark.parametrize(("first", "second"), [(True, True), (True, False), (False, False)])
def test_draws_that_agree_are_no_certainty(first: bool, second: bool) -> None:  # noqa: FBT001
    own, other = [first] * 5, [second] * 5
    apart, ends = share_apart(own, other)
    assert ends is not None
    assert ends[1] - ends[0] > 0.3
    assert ends[0] <= apart <= ends[1]
    low, high = resampled(own, other)
    assert low == high


def test_five_of_five_against_none_is_told_with_its_doubt() -> None:
    assert share_apart([True] * 5, [False] * 5)[1] == pytest.approx((0.386, 1.0), abs=1e-3)


def test_the_interval_covers_what_is_true() -> None:
    """Shares of 0.8 and 0.5 that go together: 95 of 100 intervals hold 0.3."""
    rng = Streams(3).named("pairs")
    held = 0
    for _ in range(400):
        luck = rng.random(12)
        ends = share_apart(list(luck < 0.8), list(luck < 0.5))[1]
        held += ends is not None and ends[0] <= 0.3 <= ends[1]
    assert held >= 0.93 * 400


def test_fewer_than_three_draws_tell_no_interval() -> None:
    few = FEWEST - 1
    assert share_apart([True] * few, [False] * few) == (1.0, None)
    assert mean_apart([1.0] * few, [2.0] * few) == (-1.0, None)


def test_a_mean_time_has_the_interval_of_paired_values() -> None:
    apart, ends = mean_apart([1.0, 2.0, 4.0], [0.0, 0.0, 0.0])
    assert apart == pytest.approx(7 / 3)
    assert ends == pytest.approx((-1.461, 6.128), abs=1e-3)
    assert mean_apart([1.0, 1.0, 1.0], [0.0, 0.0, 0.0]) == (1.0, None)


def test_the_mean_time_has_no_survivor_bias() -> None:
    """A plan that unites a hard case late looks slower among those that unite under both."""
    other = [10.0, 12.0, 52.0]
    own = [10.0, 12.0, 40.0]
    assert mean_apart(own, other)[0] == pytest.approx(-4.0)
    both = [(a, b) for a, b in zip(own, other, strict=True) if b < 52.0]
    assert np.mean([a - b for a, b in both]) == 0.0
