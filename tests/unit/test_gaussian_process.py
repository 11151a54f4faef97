"""Gaussian processes: what is left out, what is learned, and chances that mean what they say."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from trephine.core.rng import Streams
from trephine.study import smoothness
from trephine.study.gaussian_process import Chance, Smoothness, Values

Array = NDArray[np.float64]
PLAIN = Smoothness(np.array([1.0, 3.0, 3.0]), height=1.0, slope=0.2, noise=0.1)


def points(count: int) -> Array:
    return Streams(0).named("points").standard_normal((count, 3))


def wave(x: Array) -> Array:
    """Return two values: one waves along the first coordinate, the other is a straight line."""
    return np.stack([np.sin(2.0 * x[:, 0]), 3.0 + 0.5 * x[:, 1]], axis=1)


def test_runs_left_out_are_told_as_by_a_process_without_them() -> None:
    x = points(25)
    y = wave(x)
    mean, spread = Values(x, y, PLAIN).left_out()
    whole = Values(x, y, PLAIN)
    for number in (0, 7, 24):
        rest = np.arange(25) != number
        # In the scale of all runs, so that it is the same prior.
        k = PLAIN.between(whole.x[rest], whole.x[rest]) + (PLAIN.noise**2 + 1e-6) * np.eye(24)
        shared = PLAIN.between(whole.x[number : number + 1], whole.x[rest])
        told = shared @ np.linalg.solve(k, whole.y[rest])
        left = PLAIN.at(whole.x[number : number + 1]) + PLAIN.noise**2 + 1e-6
        left = left - (shared @ np.linalg.solve(k, shared.T))[0]
        assert mean[number] == pytest.approx(whole.of.centre + whole.of.width * told[0], abs=1e-8)
        assert spread[number] == pytest.approx(np.sqrt(left) * whole.of.width, rel=1e-8)


def test_values_are_met_near_the_runs_and_unsure_far_from_them() -> None:
    luck = Streams(1).named("fresh")
    x, fresh = points(80), 0.7 * luck.standard_normal((200, 3))
    noise = [PLAIN.noise * wave(x).std(axis=0) * luck.standard_normal((n, 2)) for n in (80, 200)]
    known = Values(x, wave(x) + noise[0], PLAIN)
    mean, spread = known.at(fresh)
    off = (wave(fresh) + noise[1] - mean) / spread
    assert np.abs(mean - wave(fresh)).mean() < 0.1
    assert 0.6 < off.std() < 1.3
    _, far = known.at(np.full((1, 3), 30.0))
    assert far[0, 0] > 5 * spread[:, 0].mean()


def test_what_does_not_matter_is_learned_not_to_matter() -> None:
    x = points(60)
    found = smoothness.of_values(x, wave(x)[:, :1], steps=40)
    assert found.reach[0] < 0.5 * found.reach[1:].min()
    taught, untaught = (Values(x, wave(x)[:, :1], s) for s in (found, PLAIN))
    fresh = Streams(1).named("fresh").standard_normal((200, 3))
    truth = wave(fresh)[:, :1]
    assert np.abs(taught.at(fresh)[0] - truth).mean() < np.abs(untaught.at(fresh)[0] - truth).mean()


def test_a_chance_is_as_good_as_its_word() -> None:
    x = points(300)
    luck = Streams(2).named("luck")
    yes = luck.random(300) < expit(3.0 * x[:, 0])
    fresh = luck.standard_normal((4000, 3))
    plain = Smoothness(np.array([2.0, 5.0, 5.0]), height=2.0, slope=1.0, noise=0.0)
    told = Chance(x, yes, plain).at(fresh)
    came = luck.random(4000) < expit(3.0 * fresh[:, 0])
    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.0)):
        here = (told >= low) & (told < high)
        assert told[here].mean() == pytest.approx(came[here].mean(), abs=0.07)
    assert np.mean((told - came) ** 2) < 0.6 * came.var()


def test_the_smoothness_of_a_chance_is_learned() -> None:
    x = points(150)
    yes = np.sin(2.0 * x[:, 0]) > 0.0
    found = smoothness.of_chance(x, yes, steps=25)
    assert found.reach[0] < 0.6 * found.reach[1:].min()
    fresh = Streams(1).named("fresh").standard_normal((400, 3))
    right = (Chance(x, yes, found).at(fresh) > 0.5) == (np.sin(2.0 * fresh[:, 0]) > 0.0)
    assert right.mean() > 0.9


def test_a_sharp_edge_is_told_sharply_and_a_coin_is_not() -> None:
    x, fresh = points(200), Streams(1).named("fresh").standard_normal((2000, 3))
    far = np.abs(fresh[:, 0]) > 0.5
    soft = Chance(x, x[:, 0] > 0.0, PLAIN)
    assert soft.sharpness > 1.5
    told = soft.at(fresh)
    assert np.abs(told - (fresh[:, 0] > 0.0))[far].mean() < 0.03
    soft.sharpness = 1.0  # as Laplace's approximation leaves it
    assert np.abs(soft.at(fresh) - (fresh[:, 0] > 0.0))[far].mean() > 0.05
    luck = Streams(2).named("coin").random(200) < 0.5
    coin = Chance(x, luck, PLAIN)
    assert coin.sharpness < 1.0
    assert np.abs(coin.at(fresh) - 0.5).mean() < 0.12
