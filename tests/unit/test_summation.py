"""Sums in one order: right to the last bits, over all axes or some."""

from __future__ import annotations

import math

import numpy as np

from trephine.numerics.summation import total


def test_what_cancels_leaves_what_is_small() -> None:
    values = np.array([1e16, 1.0, -1e16, 1.0])
    assert float(total(values)) == 2.0
    assert float(np.add.accumulate(values)[-1]) != 2.0  # a plain running sum loses one of them


def test_a_long_sum_is_right_to_the_last_bit() -> None:
    values = np.random.default_rng(0).standard_normal((30, 40, 50))
    assert float(total(values)) == math.fsum(values.ravel())


def test_only_the_named_axes_are_added_up() -> None:
    values = np.random.default_rng(0).standard_normal((3, 4, 5))
    np.testing.assert_allclose(total(values, (1,)), values.sum(1), rtol=1e-14)
    np.testing.assert_allclose(total(values, (0, 2)), values.sum((0, 2)), rtol=1e-14)
