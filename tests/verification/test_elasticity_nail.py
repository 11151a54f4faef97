"""A metal nail in a broken tube of bone against scikit-fem, an independent finite-element code."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import skfem
from numpy.typing import NDArray
from scipy.sparse.linalg import splu
from skfem.helpers import ddot, div, sym_grad
from skfem.models.elasticity import lame_parameters

from trephine.numerics.elasticity import respond

Array = NDArray[np.float64]
SHAPE, SPACING = (13, 13, 16), 2.0
MOTIONS = ("axial", "bending_x", "torsion")


@cache
def nailed() -> tuple[Array, Array]:
    """A steel nail that fills the canal of a tube with a gap of 4 mm; nothing around it."""
    x, y, z = np.meshgrid(*(SPACING * (np.arange(n) + 0.5 - n / 2) for n in SHAPE), indexing="ij")
    radius = np.hypot(x, y)
    modulus = np.where(np.abs(z) < 2, 1.0, 17000.0)
    modulus[radius < 6] = 200000.0
    modulus[radius > 12] = 0.0
    ratio = np.where(modulus == 1.0, 0.45, 0.3)
    return modulus, ratio


def moved(places: Array) -> list[Array]:
    """Displacement of places (3, n) by each motion."""
    x, y, z = places - (np.array(SHAPE) * SPACING / 2)[:, None]
    none = np.zeros_like(x)
    return [np.stack(u) for u in ([none, none, none - 1], [none, -z, y], [-y, x, none])]


@cache
def independent() -> Array:
    """Stiffness by scikit-fem on the same voxels, assembled and solved directly."""
    modulus, ratio = nailed()
    mesh = skfem.MeshHex.init_tensor(*(SPACING * np.arange(n + 1.0) for n in SHAPE))
    place = tuple((mesh.p[:, mesh.t].mean(axis=1) / SPACING).astype(int))
    present = np.flatnonzero(modulus[place] > 0)
    stiff, squeezed = modulus[place][present], ratio[place][present]
    basis = skfem.Basis(
        mesh.restrict(present), skfem.ElementVector(skfem.ElementHex1()), intorder=2
    )
    lame, shear = lame_parameters(stiff[:, None], squeezed[:, None])

    @skfem.BilinearForm
    def energy(u: Array, v: Array, w: object) -> Array:
        return lame * div(u) * div(v) + 2 * shear * ddot(sym_grad(u), sym_grad(v))

    matrix = energy.assemble(basis)
    height = SHAPE[2] * SPACING
    below, above = (basis.get_dofs(lambda x, at=at: np.isclose(x[2], at)) for at in (0.0, height))
    free = np.setdiff1d(np.arange(basis.N), np.concatenate([below.all(), above.all()]))
    factor = splu(matrix[free][:, free].tocsc())
    solved = []
    for whole in moved(basis.doflocs):
        u = np.zeros(basis.N)
        for axis in range(3):
            dofs = above.all([f"u^{axis + 1}"])
            u[dofs] = whole[axis, dofs]
        u[free] = -factor.solve((matrix @ u)[free])
        solved.append(u)
    displacement = np.stack(solved)
    stiffness: Array = displacement @ (matrix @ displacement.T)
    return stiffness


def difference(modulus: Array, ratio: Array) -> float:
    found = respond(modulus, spacing=SPACING, poisson=ratio, motions=MOTIONS, tolerance=1e-6)
    return float(np.abs(np.diag(found.stiffness) / np.diag(independent()) - 1).max())


def test_a_nail_is_as_stiff_as_another_finite_element_code_says() -> None:
    modulus, ratio = nailed()
    assert difference(modulus, ratio) < 1e-6


@pytest.mark.parametrize(
    ("part", "stiffer"), [(200000.0, 1.02), (17000.0, 1.02), (1.0, 20.0)], ids=str
)
def test_the_other_code_rejects_another_nail_bone_or_gap(part: float, stiffer: float) -> None:
    modulus, ratio = nailed()
    assert difference(np.where(modulus == part, stiffer * part, modulus), ratio) > 1e-4
    assert difference(modulus, np.full(SHAPE, 0.3)) > 1e-6
