"""Six motions of the upper platen, and a Poisson's ratio that varies, against other solutions."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import product

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse import linalg

from trephine.core.errors import InputError
from trephine.numerics.elasticity import MOTIONS, Response, apply, precondition, respond

Array = NDArray[np.float64]
SHAPE = (7, 6, 9)
SPACING = 1.5
CENTRE = (4.0, 5.0, 3.0)
FINE = 1e-9


@cache
def block() -> tuple[Array, Array]:
    """A rough fracture with a hole, soft and nearly incompressible tissue, and no symmetry."""
    rng = np.random.default_rng(1)
    modulus = 1.0 + rng.random(SHAPE)
    modulus[2:6, 1:5, :4] = 17000.0
    modulus[1:5, 2:6, 5:] = 17000.0
    modulus[3, 3] = 0.0
    modulus[0, :3, 2:5] = 0.0
    return modulus, rng.uniform(0.0, 0.45, SHAPE)


def law(poisson: float) -> Array:
    """Hooke's law for a modulus of one, as a tensor of rank four."""
    delta = np.eye(3)
    lame, shear = poisson / ((1 + poisson) * (1 - 2 * poisson)), 0.5 / (1 + poisson)
    pairs = np.einsum("ik,jm->ijkm", delta, delta) + np.einsum("im,jk->ijkm", delta, delta)
    tensor: Array = lame * np.einsum("ij,km->ijkm", delta, delta) + shear * pairs
    return tensor


def assembled(modulus: Array, poisson: Array) -> tuple[Array, Array]:
    """Displacements and stiffness for all motions by a sparse direct solve from the weak form."""
    signs = np.array(list(product((-1.0, 1.0), repeat=3)))
    at, weight = np.polynomial.legendre.leggauss(3)
    slopes, weights = [], []
    for p in product(range(3), repeat=3):
        factors = 1 + signs * at[list(p)]
        parts = [signs[:, a] * np.delete(factors, a, axis=1).prod(1) / 4 for a in range(3)]
        slopes.append(np.stack(parts, axis=1))
        weights.append(weight[list(p)].prod() * SPACING / 8)
    number = np.arange(np.prod([n + 1 for n in SHAPE])).reshape([n + 1 for n in SHAPE])
    rows, columns, values = [], [], []
    for place in zip(*np.nonzero(modulus), strict=True):
        x, y, z = place
        dofs = (3 * number[x : x + 2, y : y + 2, z : z + 2].ravel()[:, None] + np.arange(3)).ravel()
        tensor = modulus[place] * law(poisson[place])
        element = sum(
            w * np.einsum("aj,ijkm,bm->aibk", slope, tensor, slope)
            for slope, w in zip(slopes, weights, strict=True)
        )
        rows.append(np.repeat(dofs, 24))
        columns.append(np.tile(dofs, 24))
        values.append(np.asarray(element).ravel())
    size = 3 * number.size
    matrix = sp.csr_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), (size, size)
    )
    used = (matrix.diagonal() > 0).reshape((*number.shape, 3))
    held = np.ones(used.shape, dtype=bool)
    held[:, :, 1:-1] = False
    free = np.flatnonzero((~held & used).ravel())
    factor = linalg.splu(matrix[free][:, free].tocsc())
    x, y = (SPACING * np.arange(n + 1) - c for n, c in zip(SHAPE[:2], CENTRE[:2], strict=True))
    x, y = np.meshgrid(x, y, indexing="ij")
    arm = SPACING * SHAPE[2] - CENTRE[2]
    top = [(0, 0, -1), (1, 0, 0), (0, 1, 0), (0, -arm, y), (arm, 0, -x), (-y, x, 0)]
    whole = np.zeros((6, *used.shape))
    for motion, components in enumerate(top):
        for component, value in enumerate(components):
            whole[motion, :, :, -1, component] = value
    whole = (whole * used).reshape(6, -1)
    whole[:, free] = np.stack([factor.solve(-(matrix @ u)[free]) for u in whole])
    stiffness: Array = whole @ (matrix @ whole.T)
    return np.moveaxis(whole.reshape(6, *used.shape), -1, 1), stiffness


@cache
def independent() -> tuple[Array, Array]:
    return assembled(*block())


def answer(modulus: Array, poisson: Array | float, **more: object) -> Response:
    options = {"motions": MOTIONS, "centre": CENTRE, "tolerance": FINE} | more
    return respond(modulus, spacing=SPACING, poisson=poisson, **options)  # type: ignore[arg-type]


@cache
def response() -> Response:
    return answer(*block())


def scaled(difference: Array, stiffness: Array) -> float:
    """Largest difference of a stiffness in units in which its diagonal is one."""
    root = np.sqrt(np.diag(stiffness))
    return float(np.abs(difference / root / root[:, None]).max())


def test_all_motions_agree_with_an_assembled_sparse_solve() -> None:
    displacement, stiffness = independent()
    assert scaled(response().stiffness - stiffness, stiffness) < 1e-9
    np.testing.assert_allclose(response().displacement, displacement, atol=1e-6)


def test_motions_come_in_the_order_asked_for() -> None:
    few = answer(*block(), motions=("torsion", "axial"))
    chosen = np.ix_([5, 0], [5, 0])
    np.testing.assert_allclose(few.stiffness, response().stiffness[chosen], rtol=1e-6)
    np.testing.assert_array_equal(few.displacement, response().displacement[[5, 0]])
    assert few.iterations == tuple(response().iterations[i] for i in (5, 0))


@pytest.mark.parametrize(
    "sabotage",
    [
        lambda modulus, poisson: answer(modulus, np.full(SHAPE, poisson.mean())),
        lambda modulus, poisson: answer(modulus, poisson[:, ::-1]),
        lambda modulus, poisson: answer(modulus, poisson, centre=None),
        lambda modulus, poisson: answer(modulus[::-1], poisson),
    ],
)
def test_the_assembled_solve_rejects_another_block(
    sabotage: Callable[[Array, Array], Response],
) -> None:
    _, stiffness = independent()
    assert scaled(sabotage(*block()).stiffness - stiffness, stiffness) > 1e-3


def test_a_uniform_ratio_may_be_written_as_a_field() -> None:
    modulus, _ = block()
    one, field = answer(modulus, 0.3), answer(modulus, np.full(SHAPE, 0.3))
    assert scaled(one.stiffness - field.stiffness, one.stiffness) < 1e-9
    assert scaled(answer(modulus, 0.29).stiffness - field.stiffness, field.stiffness) > 1e-3


def test_the_stiffness_is_symmetric_and_resists_every_motion() -> None:
    stiffness = response().stiffness
    np.testing.assert_array_equal(stiffness, stiffness.T)
    root = np.sqrt(np.diag(stiffness))
    assert np.linalg.eigvalsh(stiffness / root / root[:, None]).min() > 1e-6
    forces = np.stack([apply(u, block()[0], SPACING, poisson=block()[1]) for u in independent()[0]])
    moves = response().displacement[..., -1]
    reactions = np.einsum("icxy,jcxy->ij", moves, forces[..., -1])
    assert scaled(reactions - stiffness, stiffness) < 1e-8


def test_what_does_not_meet_rides_on_every_motion() -> None:
    modulus = np.where(np.arange(SHAPE[2]) == 4, 0.0, block()[0])
    found = answer(modulus, 0.3)
    assert not found.stiffness.any()
    assert found.iterations == (0,) * 6
    for u in found.displacement:
        assert np.abs(apply(u, modulus, SPACING)).max() < 1e-8 * np.abs(u).max() * 17000
        assert u[..., -1].any()
        assert not u[..., :5].any()
    assert answer(block()[0], 0.3).stiffness.all()


def test_the_preconditioner_of_an_earlier_block_changes_nothing_but_the_count() -> None:
    modulus, poisson = block()
    changed = modulus * (1 + 0.05 * np.sin(np.arange(modulus.size)).reshape(SHAPE))
    earlier = precondition(modulus, spacing=SPACING, poisson=poisson)
    own, other = answer(changed, poisson), answer(changed, poisson, preconditioner=earlier)
    assert scaled(own.stiffness - other.stiffness, own.stiffness) < 1e-9
    again = precondition(earlier.modulus, spacing=earlier.spacing, poisson=earlier.poisson)
    same = answer(changed, poisson, preconditioner=again)
    np.testing.assert_array_equal(same.displacement, other.displacement)
    assert scaled(response().stiffness - own.stiffness, own.stiffness) > 1e-4
    with pytest.raises(InputError, match="preconditioner"):
        answer(modulus + 1.0, poisson, preconditioner=earlier)


def test_every_bad_input_is_named() -> None:
    modulus, poisson = block()
    with pytest.raises(InputError, match="bending_y") as caught:
        answer(modulus, poisson + 0.2, motions=("bending", "axial", "axial"))
    assert {problem.place for problem in caught.value.problems} == {"poisson", "motions"}
    with pytest.raises(InputError, match="shape"):
        answer(modulus, poisson[1:])
    with pytest.raises(InputError, match="guess"):
        answer(modulus, poisson, guess=response().displacement[:2])
