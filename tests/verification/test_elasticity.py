"""Compression of a block against bars, an assembled solve, other programs, and its own laws."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache, partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse import linalg

from trephine.core.errors import InputError, SolverError
from trephine.numerics.elasticity import apply, respond

Array = NDArray[np.float64]
SHAPE = (12, 10, 14)
SPACING = 1.5
POISSON = 0.3
FINE = 1e-9


class Compression(NamedTuple):
    """The answer to an axial shortening alone."""

    displacement: Array
    stiffness: float
    iterations: int
    residual: float


def compress(modulus: Array, guess: Array | None = None, **more: Any) -> Compression:
    found = respond(modulus, guess=None if guess is None else guess[None], **more)
    return Compression(
        found.displacement[0], float(found.stiffness[0, 0]), found.iterations[0], found.residual
    )


# --- bars --------------------------------------------------------------------------------------


def layered() -> Array:
    return np.broadcast_to(10.0 ** np.linspace(0, 3, SHAPE[2]), SHAPE).copy()


def bundled() -> Array:
    columns = 10.0 ** np.random.default_rng(3).uniform(0, 3, SHAPE[:2])
    return np.broadcast_to(columns[:, :, None], SHAPE).copy()


def random_guess() -> Array:
    return np.random.default_rng(4).standard_normal((3, *(n + 1 for n in SHAPE)))


def averaged(modulus: Array) -> Array:
    """Pairs of elements along z given their mean modulus."""
    mean = (modulus[:, :, ::2] + modulus[:, :, 1::2]) / 2
    return np.repeat(mean, 2, axis=2)


exact = partial(compress, spacing=SPACING, tolerance=FINE)


def test_layers_in_series_add_their_compliances() -> None:
    modulus = layered()
    area = SHAPE[0] * SHAPE[1] * SPACING**2
    expected = area / (SPACING / modulus[0, 0]).sum()
    found = exact(modulus, poisson=0.0, guess=random_guess())
    assert found.iterations > 3
    assert found.stiffness == pytest.approx(expected, rel=1e-9)
    np.testing.assert_allclose(found.displacement[:2], 0.0, atol=1e-5)
    assert exact(averaged(modulus), poisson=0.0).stiffness != pytest.approx(expected, rel=1e-2)
    assert exact(modulus, poisson=POISSON).stiffness != pytest.approx(expected, rel=1e-2)


def test_columns_in_parallel_add_their_stiffnesses() -> None:
    modulus = bundled()
    expected = modulus[:, :, 0].sum() * SPACING**2 / (SPACING * SHAPE[2])
    found = exact(modulus, poisson=0.0, guess=random_guess())
    assert found.stiffness == pytest.approx(expected, rel=1e-9)
    staggered = np.stack([np.roll(modulus[:, :, k], k, axis=0) for k in range(SHAPE[2])], axis=2)
    assert exact(staggered, poisson=0.0).stiffness != pytest.approx(expected, rel=1e-2)


# --- an independent solve ----------------------------------------------------------------------


def assembled(modulus: Array, poisson: float = POISSON) -> tuple[Array, float]:
    """Displacement and stiffness by a sparse direct solve, written from the weak form alone."""
    law = np.zeros((3, 3, 3, 3))
    delta = np.eye(3)
    lame, shear = poisson / ((1 + poisson) * (1 - 2 * poisson)), 0.5 / (1 + poisson)
    for i, j, k, m in product(range(3), repeat=4):
        law[i, j, k, m] = lame * delta[i, j] * delta[k, m] + shear * (
            delta[i, k] * delta[j, m] + delta[i, m] * delta[j, k]
        )
    signs = np.array(list(product((-1.0, 1.0), repeat=3)))
    at, weight = np.polynomial.legendre.leggauss(3)
    element = np.zeros((8, 3, 8, 3))
    for p in product(range(3), repeat=3):
        factors = 1 + signs * at[list(p)]
        slope = np.stack(
            [signs[:, a] * np.delete(factors, a, axis=1).prod(1) / 4 for a in range(3)], axis=1
        )
        element += (
            np.einsum("aj,ijkm,bm->aibk", slope, law, slope) * weight[list(p)].prod() * SPACING / 8
        )
    number = np.arange(np.prod([n + 1 for n in modulus.shape])).reshape(
        [n + 1 for n in modulus.shape]
    )
    rows, columns, values = [], [], []
    for place in zip(*np.nonzero(modulus), strict=True):
        x, y, z = place
        ids = number[x : x + 2, y : y + 2, z : z + 2].ravel()
        dofs = (3 * ids[:, None] + np.arange(3)).ravel()
        rows.append(np.repeat(dofs, 24))
        columns.append(np.tile(dofs, 24))
        values.append(modulus[place] * element.ravel())
    size = 3 * number.size
    matrix = sp.csr_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), (size, size)
    )
    u = np.zeros((*number.shape, 3))
    held = np.ones(u.shape, dtype=bool)
    held[:, :, 1:-1] = False
    used = (matrix.diagonal() > 0).reshape(u.shape)
    u[:, :, -1, 2] = -1.0
    u *= used
    free = np.flatnonzero((~held & used).ravel())
    whole = u.ravel()
    whole[free] = linalg.spsolve(matrix[free][:, free].tocsc(), -(matrix @ whole)[free])
    return np.moveaxis(u, -1, 0), float(whole @ (matrix @ whole))


@cache
def fractured() -> Array:
    """A rough small fracture: cortex, soft gap, a hole, marrow, and texture without symmetry."""
    x, y, z = np.meshgrid(*(np.arange(n) + 0.5 for n in SHAPE), indexing="ij")
    radius = np.hypot(x - 5.7, y - 5.2)
    modulus = 2.0 + np.random.default_rng(5).random(SHAPE)
    modulus[(radius > 2.5) & (radius < 4.6) & (np.abs(z - 6.6) > 1.5)] = 17000.0
    modulus[radius < 1.6] = 0.0
    modulus[:2, :2, 3:8] = 0.0
    return modulus


@cache
def independent() -> tuple[Array, float]:
    return assembled(fractured())


@cache
def response() -> Compression:
    return exact(fractured())


def test_an_assembled_sparse_solve_agrees() -> None:
    displacement, stiffness = independent()
    assert response().stiffness == pytest.approx(stiffness, rel=1e-9)
    np.testing.assert_allclose(response().displacement, displacement, atol=1e-6)


@pytest.mark.parametrize(
    "sabotage",
    [
        lambda modulus: np.where(modulus > 0, modulus, 0.1),  # a softened void
        averaged,
        lambda modulus: modulus[::-1],
    ],
)
def test_the_assembled_solve_rejects_another_block(sabotage: Callable[[Array], Array]) -> None:
    displacement, stiffness = independent()
    wrong = exact(np.ascontiguousarray(sabotage(fractured())))
    assert wrong.stiffness != pytest.approx(stiffness, rel=1e-3) or (
        np.abs(wrong.displacement - displacement).max() > 1e-2
    )


def test_the_gapped_tube_is_as_stiff_as_five_other_programs_say() -> None:
    # FEniCSx, CHOLMOD, pyamg, scikit-fem and CalculiX agree on 134.236 N/mm for this block.
    x, y, z = np.meshgrid(*(np.arange(n) + 0.5 - n / 2 for n in (44, 44, 60)), indexing="ij")
    ring = (np.hypot(x, y) > 7) & (np.hypot(x, y) < 13)
    gap = np.abs(z) < 2
    modulus = np.where(ring & ~gap, 17000.0, np.where(ring & gap, 1.0, 0.2))
    found = compress(modulus, spacing=1.0)
    assert found.stiffness == pytest.approx(134.236, rel=1e-5)
    assert found.iterations < 20
    wider = np.where(ring & (np.abs(z) < 3), 1.0, modulus)
    assert compress(wider, spacing=1.0).stiffness != pytest.approx(134.236, rel=1e-2)


# --- laws --------------------------------------------------------------------------------------


def test_the_energy_is_the_work_of_either_platen() -> None:
    found = response()
    forces = apply(found.displacement, fractured(), SPACING)
    assert -forces[2, :, :, -1].sum() == pytest.approx(found.stiffness, rel=1e-7)
    assert forces[2, :, :, 0].sum() == pytest.approx(found.stiffness, rel=1e-7)
    np.testing.assert_allclose(forces[:, :, :, 1:-1], 0.0, atol=1e-5 * found.stiffness)
    loose = compress(fractured(), spacing=SPACING, tolerance=0.3, guess=random_guess())
    unbalanced = apply(loose.displacement, fractured(), SPACING)
    assert -unbalanced[2, :, :, -1].sum() != pytest.approx(loose.stiffness, rel=1e-3)


def test_the_answer_does_not_depend_on_the_guess() -> None:
    cold, warm = response(), exact(fractured(), guess=response().displacement)
    wild = exact(fractured(), guess=random_guess())
    assert warm.iterations <= 1 < cold.iterations <= wild.iterations
    for other in (warm, wild):
        assert other.stiffness == pytest.approx(cold.stiffness, rel=1e-10)
        np.testing.assert_allclose(other.displacement, cold.displacement, atol=1e-6)
    early = compress(fractured(), spacing=SPACING, tolerance=0.3, guess=random_guess())
    assert early.stiffness != pytest.approx(cold.stiffness, rel=1e-6)


def test_the_residual_bounds_the_error_of_the_stiffness() -> None:
    _, stiffness = independent()
    for tolerance in (1e-2, 1e-3, 1e-4):
        found = compress(fractured(), spacing=SPACING, tolerance=tolerance)
        assert found.residual <= tolerance
        assert 0 <= found.stiffness / stiffness - 1 < 10 * tolerance**2


def test_a_mirrored_block_answers_in_the_mirror() -> None:
    mirrored = exact(np.ascontiguousarray(fractured()[::-1]))
    expected = response().displacement[:, ::-1] * np.array([-1.0, 1.0, 1.0])[:, None, None, None]
    assert mirrored.stiffness == pytest.approx(response().stiffness, rel=1e-10)
    np.testing.assert_allclose(mirrored.displacement, expected, atol=1e-6)
    with pytest.raises(AssertionError):  # the sideways movement not turned round
        np.testing.assert_allclose(
            mirrored.displacement, response().displacement[:, ::-1], atol=1e-6
        )


def test_a_symmetric_block_answers_symmetrically() -> None:
    modulus = fractured() + fractured()[::-1]
    found = exact(modulus).displacement
    np.testing.assert_allclose(found[0], -found[0, ::-1], atol=1e-6)
    np.testing.assert_allclose(found[1:], found[1:, ::-1], atol=1e-6)
    assert np.abs(response().displacement[0] + response().displacement[0, ::-1]).max() > 1e-3


# --- what is not joined ------------------------------------------------------------------------


def column() -> Array:
    modulus = np.zeros(SHAPE)
    modulus[3:6, 3:6] = 100.0
    return modulus


def test_an_island_carries_nothing() -> None:
    modulus = column()
    alone = exact(modulus)
    modulus[8:10, 8:10, 5:9] = 17000.0
    modulus[6, 6, 5] = 50.0  # touches the column along an edge only
    beside = exact(modulus)
    assert beside.stiffness == alone.stiffness
    np.testing.assert_array_equal(beside.displacement, alone.displacement)
    modulus[6, 5, 5] = 50.0  # now a face joins it
    assert exact(modulus).stiffness > alone.stiffness


def test_a_stump_on_one_platen_rides_along() -> None:
    modulus = column()
    alone = exact(modulus)
    modulus[8:10, 8:10, 9:] = 17000.0
    with_stump = exact(modulus)
    assert with_stump.stiffness == pytest.approx(alone.stiffness, rel=1e-9)
    np.testing.assert_allclose(with_stump.displacement[2, 8:11, 8:11, 9:], -1.0, atol=1e-6)
    np.testing.assert_array_equal(with_stump.displacement[:, 8:11, 8:11, :9], 0.0)


def test_two_parts_that_do_not_meet_resist_nothing() -> None:
    modulus = column()
    modulus[:, :, 6] = 0.0
    found = exact(modulus)
    assert (found.stiffness, found.iterations, found.residual) == (0.0, 0, 0.0)
    np.testing.assert_array_equal(found.displacement[2, 3:7, 3:7, 7:], -1.0)
    np.testing.assert_array_equal(found.displacement[2, :, :, :7], 0.0)
    assert not np.any(apply(found.displacement, modulus, SPACING))
    bridge = modulus.copy()
    bridge[3, 3, 6] = 100.0
    assert exact(bridge).stiffness > 0.0
    assert exact(np.zeros(SHAPE)).stiffness == 0.0


# --- errors ------------------------------------------------------------------------------------


def test_a_solve_cut_short_says_how_it_went() -> None:
    with pytest.raises(SolverError, match="in 3 steps") as caught:
        compress(fractured(), spacing=SPACING, tolerance=1e-12, most_iterations=3)
    history = np.array(caught.value.history)
    assert history.shape == (4,)
    assert np.isfinite(history).all()
    assert history[-1] < history[0]


def test_every_bad_input_is_named_at_once() -> None:
    modulus = column()
    modulus[0, 0, 0] = -1.0
    with pytest.raises(InputError) as caught:
        compress(modulus, spacing=0.0, poisson=0.5, tolerance=0.0)
    places = {problem.place for problem in caught.value.problems}
    assert places == {"modulus", "spacing", "poisson", "tolerance"}
    with pytest.raises(InputError, match="guess"):
        compress(column(), spacing=1.0, guess=np.zeros((3, 4, 5, 6)))
    with pytest.raises(InputError, match="three axes"):
        compress(np.ones((4, 4)), spacing=1.0)


# --- threads -----------------------------------------------------------------------------------

PINNED = """
import os, sys
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))} if sys.argv[1] == "one" else
    os.sched_getaffinity(0))
import hashlib
import numpy as np
from trephine.numerics import elasticity, strain
x, y, z = np.meshgrid(*(np.arange(n) + 0.5 - n / 2 for n in (34, 34, 36)), indexing="ij")
modulus = np.where((np.hypot(x, y) > 5) & (np.hypot(x, y) < 9) & (abs(z) > 2), 17000.0, 1.0)
modulus *= 1 + 0.3 * np.sin(np.arange(modulus.size)).reshape(modulus.shape)
found = elasticity.respond(modulus, spacing=1.5, motions=("axial", "bending_x"))
felt = strain.invariants(found.displacement[1], 1.5)
print(hashlib.sha256(found.displacement.tobytes() + b"".join(
    np.asarray(each).tobytes() for each in felt)).hexdigest(), found.stiffness.tobytes().hex())
"""


@pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="one core has nothing to compare with",
)
def test_one_core_and_all_cores_give_the_same_bits() -> None:
    # Compiled afresh in both, for a compiled program from the cache would hide a difference.
    fresh = os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "0"}
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", PINNED, cores], stdout=subprocess.PIPE, text=True, env=fresh
        )
        for cores in ("one", "all")
    ]
    one, every = (run.communicate(timeout=300)[0].strip() for run in runs)
    assert one == every
    assert len(one.split()) == 2
