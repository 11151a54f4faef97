"""Sobol indices agree with scipy's, with closed forms, and say nothing of what does nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from trephine.study import sensitivity

Array = NDArray[np.floating[Any]]
N = 4096


def ishigami(x: Array) -> Array:
    return np.sin(x[0]) + 7.0 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])


def frozen(f: Callable[[Array], Array], size: int, seed: int) -> tuple[Array, Array, Array]:
    """Return the outputs of A, of B, and of A with one input from B, by plain luck."""
    rng = np.random.default_rng(seed)
    a, b = (rng.uniform(-np.pi, np.pi, (size, N)) for _ in range(2))
    mixed = [np.where(np.arange(size)[:, None] == i, b, a) for i in range(size)]
    return f(a), f(b), np.stack([f(x) for x in mixed])


def test_the_estimator_is_that_of_scipy() -> None:
    f_a, f_b, f_ab = frozen(ishigami, 3, 1)
    theirs = stats.sobol_indices(
        func={"f_A": f_a[None], "f_B": f_b[None], "f_AB": f_ab[:, None]}, n=N
    )
    first, total = sensitivity.indices(f_a, f_b, f_ab)
    assert first == pytest.approx(np.squeeze(theirs.first_order), abs=1e-12)
    assert total == pytest.approx(np.squeeze(theirs.total_order), abs=1e-12)


def test_the_shares_of_ishigami_lie_within_their_intervals() -> None:
    # Closed form with a = 7, b = 0.1.
    truth = {"x1": (0.3139, 0.5576), "x2": (0.4424, 0.4424), "x3": (0.0, 0.2437)}
    f_a, f_b, f_ab = frozen(ishigami, 3, 2)
    found = sensitivity.drivers(
        f_a, f_b, dict(zip(truth, f_ab, strict=True)), np.random.default_rng(3)
    )
    assert [driver.name for driver in found] == ["x1", "x2", "x3"]
    for driver in found:
        first, total = truth[driver.name]
        # Half as wide again as 95 %, so that one seed in a thousand fails, not one in eight.
        for value, (low, high) in (
            (first, driver.first_interval),
            (total, driver.total_interval),
        ):
            middle, half = (low + high) / 2, 0.75 * (high - low)
            assert abs(value - middle) < half
            assert high - low < 0.13


def test_shares_that_mix_up_a_and_b_are_noticed() -> None:
    # The twin exchanges all inputs but one: its totals are not those of Ishigami.
    f_a, f_b, f_ab = frozen(ishigami, 3, 2)
    _, wrong = sensitivity.indices(f_b, f_a, f_ab)
    assert abs(wrong[2] - 0.2437) > 0.3


def test_an_idle_input_gets_exactly_nothing_and_a_constant_has_no_drivers() -> None:
    f_a, f_b, f_ab = frozen(lambda x: x[0], 2, 4)
    found = {
        d.name: d
        for d in sensitivity.drivers(
            f_a, f_b, {"acts": f_ab[0], "idle": f_ab[1]}, np.random.default_rng(0)
        )
    }
    assert found["idle"].first == found["idle"].total == 0.0
    assert found["idle"].total_interval == (0.0, 0.0)
    assert found["acts"].total == pytest.approx(1.0, abs=0.05)
    same = np.ones(N)
    assert sensitivity.drivers(same, same, {"x": same}, np.random.default_rng(0)) == ()


def test_a_rough_share_finds_what_acts_even_where_it_does_not_rise() -> None:
    rng = np.random.default_rng(5)
    x = {name: rng.standard_normal(20_000) for name in ("linear", "curved", "idle")}
    output = 2.0 * x["linear"] + x["curved"] ** 2 + rng.standard_normal(20_000)
    found = sensitivity.shares_by_sample(x, output)
    assert found["linear"] == pytest.approx(4 / 7, abs=0.04)
    assert 0.2 < found["curved"] < 2 / 7  # its correlation is nil, and bins blur its ends
    assert abs(found["idle"]) < 0.005
