"""Adaptive importance sampling, on laws whose posterior is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from trephine.study import importance
from trephine.study.importance import Weighted, pareto_shape, sampled

Array = NDArray[np.float64]
SIZE, SPREAD = 6, 0.2
AIM = np.array([1.5, -1.0, 0.5, 0.0, 0.0, 0.0])
TOLD = np.array([True, True, True, False, False, False])
"""Three deviates are measured with a normal error, three are not."""


def likelihood(z: Array) -> Array:
    off = (z[:, TOLD] - AIM[TOLD]) / SPREAD
    return np.asarray(-0.5 * (off**2).sum(axis=1))


def found(seed: int = 0, **change: int) -> Weighted:
    size = {"first": 512, "each": 256, "rounds": 5} | change
    return sampled(likelihood, SIZE, np.random.default_rng(seed), **size)


def test_a_normal_law_is_found() -> None:
    law = found()
    shrunk = 1.0 / (1.0 + SPREAD**2)
    variance = np.where(TOLD, SPREAD**2 * shrunk, 1.0)
    assert law.mean == pytest.approx(np.where(TOLD, AIM * shrunk, 0.0), abs=0.12)
    assert np.diag(law.covariance) == pytest.approx(variance, rel=0.3)
    assert law.effective > 300
    assert law.tail < 0.7


def test_the_check_rejects_weights_that_forget_the_proposal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def forgotten(points: Array, *_: object) -> Array:
        return np.zeros(len(points))

    monkeypatch.setattr(importance, "_proposed", forgotten)
    assert np.diag(found().covariance)[:3].max() < 0.6 * SPREAD**2


def test_without_data_the_posterior_is_the_prior() -> None:
    law = sampled(
        lambda z: np.zeros(len(z)), SIZE, np.random.default_rng(1), first=512, each=256, rounds=3
    )
    assert law.mean == pytest.approx(np.zeros(SIZE), abs=0.12)
    assert law.covariance == pytest.approx(np.eye(SIZE), abs=0.15)
    assert law.effective > 0.85 * len(law.logs)


def test_what_is_impossible_gets_no_weight() -> None:
    def half(z: Array) -> Array:
        return np.where(z[:, 0] > 0.0, likelihood(z), -np.inf)

    law = sampled(half, SIZE, np.random.default_rng(2), first=512, each=256, rounds=2)
    assert law.weights[law.points[:, 0] <= 0.0].sum() == 0.0
    with pytest.raises(ValueError, match="no point of the prior is possible"):
        sampled(
            lambda z: np.full(len(z), -np.inf), 2, np.random.default_rng(0),
            first=64, each=64, rounds=1,
        )  # fmt: skip


def test_equal_weights_keep_the_mean_and_come_in_any_order() -> None:
    law = found()
    rows = law.drawn(400, np.random.default_rng(3))
    assert law.points[rows].mean(axis=0) == pytest.approx(law.mean, abs=0.12)
    times = np.bincount(rows, minlength=len(law.logs))
    assert np.abs(times - 400 * law.weights).max() < 1.0


def test_two_halves_together_say_what_each_says() -> None:
    one, other = found(1), found(2)
    both = one.joined(other)
    assert both.effective > 0.9 * (one.effective + other.effective)
    assert both.mean == pytest.approx((one.mean + other.mean) / 2, abs=0.1)


@pytest.mark.parametrize("shape", [0.2, 0.5, 1.0])
def test_the_shape_of_a_pareto_tail_is_found(shape: float) -> None:
    u = np.random.default_rng(4).random(40_000)
    assert pareto_shape((1.0 - u) ** -shape) == pytest.approx(shape, abs=0.12)


def test_equal_weights_have_no_tail() -> None:
    assert pareto_shape(np.full(100, 0.01)) == -np.inf
