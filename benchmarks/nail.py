"""A metal nail in a broken tube of bone: ours on voxels beside scikit-fem on a round mesh.

Run with ``python benchmarks/nail.py``. A steel nail of 12 mm fills the canal of a tube of 24 mm,
48 mm long, with a gap of 4 mm full of soft, nearly incompressible tissue; nothing stands around
it. scikit-fem solves it twice: on the very same voxels, and on a mesh of quadratic bricks that
follows the round sections, refined. What is left between the two is what voxels cost.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import skfem
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import splu
from skfem.helpers import ddot, div, sym_grad
from skfem.models.elasticity import lame_parameters

from page import prose, publish, table, targets, verdict
from trephine.numerics.elasticity import respond

Array = NDArray[np.float64]

NAIL, BONE, HALF_LENGTH, HALF_GAP = 6.0, 12.0, 24.0, 2.0
MOTIONS = ("axial", "bending_x", "torsion")
UNITS = ("N/mm", "N mm/rad", "N mm/rad")
HELD = {
    "axial": (("u^1",), ("u^2",), ("u^3",)),
    "bending_x": (("u^1",), ("u^1", "u^3"), ("u^3",)),
    "torsion": (("u^2", "u^3"), ("u^1", "u^3"), ("u^1", "u^2")),
}
"""Components that are zero on the planes x = 0, y = 0, z = 0 of an eighth, by symmetry."""


def materials(places: Array) -> tuple[Array, Array]:
    """Return Young's modulus [MPa], zero outside, and Poisson's ratio at places (3, ...) [mm]."""
    x, y, z = places
    radius = np.hypot(x, y)
    modulus = np.where(np.abs(z) < HALF_GAP, 1.0, 17000.0)
    modulus = np.where(radius < NAIL, 200000.0, np.where(radius < BONE, modulus, 0.0))
    return modulus, np.where(modulus == 1.0, 0.45, 0.3)


def moved(places: Array) -> dict[str, Array]:
    """Return the displacement of places (3, n) by each motion about the middle."""
    x, y, z = places
    none = np.zeros_like(x)
    moves = ([none, none, none - 1], [none, -z, y], [-y, x, none])
    return {name: np.stack(u) for name, u in zip(MOTIONS, moves, strict=True)}


def voxels(spacing: float) -> tuple[Array, Array]:
    """Return modulus and Poisson's ratio of voxels, by their centres, (x, y, z)."""
    sizes = (2 * BONE, 2 * BONE, 2 * HALF_LENGTH)
    axes = (spacing * (np.arange(round(s / spacing)) + 0.5) - s / 2 for s in sizes)
    return materials(np.stack(np.meshgrid(*axes, indexing="ij")))


def ours(spacing: float) -> Array:
    modulus, ratio = voxels(spacing)
    found = respond(modulus, spacing=spacing, poisson=ratio, motions=MOTIONS, tolerance=1e-6)
    return np.diag(found.stiffness)


def energy(basis: skfem.Basis) -> csr_matrix:
    """Return the stiffness matrix of a mesh whose elements take the material at their middle."""
    mesh = basis.mesh
    modulus, ratio = materials(mesh.p[:, mesh.t].mean(axis=1))
    lame, shear = lame_parameters(modulus[:, None], ratio[:, None])

    @skfem.BilinearForm
    def form(u: skfem.DiscreteField, v: skfem.DiscreteField, _: object) -> Array:
        return lame * div(u) * div(v) + 2 * shear * ddot(sym_grad(u), sym_grad(v))

    return form.assemble(basis).tocsr()


def solved(matrix: csr_matrix, free: NDArray[np.int64], whole: Array) -> float:
    """Return twice the energy of a displacement once its free part is in balance."""
    u = whole.copy()
    u[free] = 0.0
    u[free] = -splu(matrix[free][:, free].tocsc()).solve((matrix @ u)[free])
    return float(u @ (matrix @ u))


def on_voxels(spacing: float) -> Array:
    """Return the stiffness by scikit-fem on the same voxels."""
    sizes = (BONE, BONE, HALF_LENGTH)
    axes = (np.linspace(-s, s, round(2 * s / spacing) + 1) for s in sizes)
    mesh = skfem.MeshHex.init_tensor(*axes)
    present = np.flatnonzero(materials(mesh.p[:, mesh.t].mean(axis=1))[0])
    element = skfem.ElementVector(skfem.ElementHex1())
    basis = skfem.Basis(mesh.restrict(present), element, intorder=2)
    matrix = energy(basis)
    ends = [basis.get_dofs(lambda x, s=s: np.isclose(x[2], s * HALF_LENGTH)) for s in (-1, 1)]
    free = np.setdiff1d(np.arange(basis.N), np.concatenate([end.all() for end in ends]))
    stiffness = []
    for whole in moved(basis.doflocs).values():
        u = np.zeros(basis.N)
        for axis in range(3):
            dofs = ends[1].all([f"u^{axis + 1}"])
            u[dofs] = whole[axis, dofs]
        stiffness.append(solved(matrix, free, u))
    return np.array(stiffness)


def quarter_disc(cells: int) -> tuple[Array, NDArray[np.int64]]:
    """Return points (2, n) and quadrilaterals (4, m) of a quarter of the section.

    A square core bent outwards, and rings around it whose corners lie a little outside the circles,
    so that the polygons have their areas.
    """
    wide = np.deg2rad(90 / (2 * cells))
    swollen = np.sqrt(wide / np.sin(wide))
    rings = [*np.linspace(0.55 * NAIL, NAIL, cells // 2 + 1), *np.linspace(NAIL, BONE, cells + 1)]
    rings = np.unique(rings)
    square = np.linspace(0, 1, cells + 1)
    points, quads = [], []

    def patch(place: Callable[[int, int], Array], along: int, across: int) -> None:
        number = len(points)
        points.extend(place(i, j) for i in range(along + 1) for j in range(across + 1))
        for i, j in product(range(along), range(across)):
            corners = ((i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j))
            quads.append([number + a * (across + 1) + b for a, b in corners])

    def core(a: float, b: float) -> Array:
        """Half-way between a square and the disc of the innermost ring."""
        largest = max(a, b)
        angle = np.pi / 4 * (b / a if a >= b else 2 - a / b) if largest else 0.0
        disc = largest * np.array([np.cos(angle), np.sin(angle)])
        flat = 0.8 * np.array([a, b])
        return rings[0] * swollen * (largest * disc + (1 - largest) * flat)

    patch(lambda i, j: core(square[j], square[i]), cells, cells)

    def around(i: int, j: int) -> Array:
        angle = np.pi / 4 * i / cells
        return swollen * rings[j] * np.array([np.cos(angle), np.sin(angle)])

    patch(around, 2 * cells, len(rings) - 1)
    found, number = np.unique(np.round(points, 9), axis=0, return_inverse=True)
    return found.T, number.ravel()[np.array(quads)].T


def extruded(cells: int) -> skfem.MeshHex:
    """Return bricks of an eighth: a quarter of the section, from the middle to the upper end."""
    points, quads = quarter_disc(cells)
    inside = np.linspace(0, HALF_GAP, max(cells // 2, 1) + 1)
    outside = HALF_GAP + (HALF_LENGTH - HALF_GAP) * np.linspace(0, 1, 2 * cells + 1) ** 1.5
    heights = np.concatenate([inside, outside[1:]])
    count = points.shape[1]
    p = np.concatenate([np.vstack([points, np.full(count, z)]) for z in heights], axis=1)
    order = {(0, 0): 0, (1, 0): 1, (1, 1): 2, (0, 1): 3}
    corners = skfem.MeshHex().p.T.astype(int)
    layers = [
        np.stack([quads[order[x, y]] + (layer + z) * count for x, y, z in corners])
        for layer in range(len(heights) - 1)
    ]
    return skfem.MeshHex(p, np.concatenate(layers, axis=1))


def on_a_round_mesh(cells: int) -> tuple[int, Array]:
    """Return the number of unknowns and the stiffness by quadratic bricks on an eighth."""
    mesh = extruded(cells)
    element = skfem.ElementVector(skfem.ElementHex2())
    basis = skfem.Basis(mesh, element, intorder=4)
    matrix = energy(basis)
    top = basis.get_dofs(lambda x: np.isclose(x[2], HALF_LENGTH))
    planes = [basis.get_dofs(lambda x, a=a: np.isclose(x[a], 0)) for a in range(3)]
    stiffness = []
    for motion, whole in moved(basis.doflocs).items():
        u = np.zeros(basis.N)
        for axis in range(3):
            dofs = top.all([f"u^{axis + 1}"])
            u[dofs] = 0.5 * whole[axis, dofs]
        zero = [
            plane.all([component])
            for plane, components in zip(planes, HELD[motion], strict=True)
            for component in components
        ]
        held = np.unique(np.concatenate([top.all(), *zero]))
        free = np.setdiff1d(np.arange(basis.N), held)
        stiffness.append(8 * solved(matrix, free, u))
    return basis.N, np.array(stiffness)


def section() -> str:
    """Return the section of the page."""
    same = np.abs(ours(2.0) / on_voxels(2.0) - 1).max()
    round_meshes = [(cells, *on_a_round_mesh(cells)) for cells in (2, 3, 4)]
    truth = round_meshes[-1][2]

    def row(name: str, unknowns: int, stiffness: Array) -> tuple[str, ...]:
        values = [
            f"{v:.5g} ({100 * (v / t - 1):+.2f} %)" for v, t in zip(stiffness, truth, strict=True)
        ]
        return (name, f"{unknowns:,}", *values)

    rows = [row(f"scikit-fem, round, {c} cells a radius", n, k) for c, n, k in round_meshes]
    found = {}
    for spacing in (2.0, 1.0, 0.5):
        found[spacing] = ours(spacing)
        present = voxels(spacing)[0].size
        rows.append(row(f"ours, voxels of {spacing:g} mm", 3 * present, found[spacing]))
    off = np.abs(found[0.5] / truth - 1)[:2].max()
    wanted = [
        verdict("largest relative difference on the same voxels", same, 1e-6, at_most=True),
        verdict("axial and bending at 0.5 mm from the round mesh", off, 0.01, at_most=True),
    ]
    heads = [f"{name} ({unit})" for name, unit in zip(MOTIONS, UNITS, strict=True)]
    return "\n\n".join(
        [
            "## A nail beside a second finite-element code",
            prose("""
                A steel nail of 12 mm fills the canal of a tube of bone of 24 mm, 48 mm long, with
                a gap of 4 mm that soft, nearly incompressible tissue fills. scikit-fem solves it
                on the same voxels, and with quadratic bricks on a mesh that follows the round
                sections. In brackets the difference from the finest round mesh: what voxels cost.
                Torsion feels the steps on the surface most, whose edges carry no shear.
            """),
            table(("solver", "unknowns", *heads), rows),
            targets(wanted),
        ]
    )


if __name__ == "__main__":
    publish("nail", section)
