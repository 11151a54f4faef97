"""Sums in one order: right to the last bits, over all axes or some."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import numpy as np
import pytest

from trephine.numerics.summation import PARTS, SHORT, pairwise, total


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


@pytest.mark.parametrize("length", [1, 7, SHORT, SHORT + 1, PARTS * SHORT + 5, 100_003])
def test_a_pairwise_sum_leaves_nothing_out(length: int) -> None:
    values = np.random.default_rng(length).standard_normal(length)
    assert float(pairwise(values)) == pytest.approx(math.fsum(values), abs=1e-14 * length**0.5)
    counted = pairwise(np.arange(1.0, length + 1.0))
    assert float(counted) == length * (length + 1) / 2


def test_a_long_pairwise_sum_in_single_precision_keeps_its_digits() -> None:
    values = np.full(2_000_000, 0.1, np.float32)
    exact = math.fsum(values)
    assert float(pairwise(values)) == pytest.approx(exact, rel=3e-7)
    assert float(np.add.accumulate(values)[-1]) != pytest.approx(exact, rel=1e-4)


PINNED = """
import os, sys
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))} if sys.argv[1] == "one" else
    os.sched_getaffinity(0))
import hashlib
import jax, jax.numpy as jnp
import numpy as np
from trephine.numerics.elliptic import balance_saturable
from trephine.numerics.faces import aperture
from trephine.numerics.summation import pairwise
shape = (34, 42, 42)
rng = np.random.default_rng(0)
u, v = (jnp.asarray(rng.random(shape)) for _ in range(2))

@jax.jit
def found(u, v):
    a, b = u.astype(jnp.float32), v.astype(jnp.float32)
    def iterate(_, now):
        q = a * now[0] + now[1]
        return q / jnp.sqrt(pairwise((q * q).ravel()) + 1), 1e-3 * pairwise((q * a).ravel())
    x, y, z = aperture(u)
    faces = (173.0 * x, 173.0 * y, 173.0 * z)
    q, k = 1800.0 * u**4, 20.0 * v**6
    oxygen = balance_saturable(q, 1.1, k, 90.0, faces, 0.5, 90.0 + 0 * u, 1e-5)
    return jax.lax.fori_loop(0, 5, iterate, (b, jnp.float32(0))), oxygen

print(hashlib.sha256(b"".join(np.asarray(x).tobytes() for x in jax.tree.leaves(found(u, v)))
    ).hexdigest(), int(found(u, v)[1].iterations))
"""


@pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="one core has nothing to compare with",
)
def test_sums_and_balances_are_the_same_bits_on_one_core_and_on_all() -> None:
    # Compiled afresh in both, for a compiled program from the cache would hide a difference.
    fresh = os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "0"}
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", PINNED, cores], stdout=subprocess.PIPE, text=True, env=fresh
        )
        for cores in ("one", "all")
    ]
    one, every = (run.communicate(timeout=300)[0].split() for run in runs)
    assert one == every
    assert len(one) == 2
    assert int(one[1]) > 5
