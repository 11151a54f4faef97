"""The gapped tube by FEniCSx with PETSc's GAMG, in the interpreter that has them.

Run with ``mpirun -n 2 /usr/bin/python3 benchmarks/fenicsx.py --part tube``. Mesh, spaces and
compiled forms are made beforehand, as the project's compilation is; assembly, the hierarchy and
the solve are timed. GAMG is given the rigid-body modes, and the settings that were found best.
"""

from __future__ import annotations

import resource
import sys
import time
import traceback
from typing import Any

import dolfinx
import numpy as np
import ufl
from dolfinx import fem
from mpi4py import MPI
from petsc4py import PETSc

import blocks
from process import Found, asked_for

SETTINGS = {
    "ksp_type": "cg",
    "ksp_norm_type": "unpreconditioned",
    "pc_type": "gamg",
    "pc_gamg_type": "agg",
    "pc_gamg_agg_nsmooths": "1",
    "pc_gamg_threshold": "0.01",
    "mg_levels_ksp_type": "chebyshev",
    "mg_levels_ksp_max_it": "2",
    "mg_levels_pc_type": "jacobi",
    "mg_levels_esteig_ksp_type": "cg",
}


def rigid_motions(space: Any) -> Any:  # noqa: ANN401
    """Return the six rigid motions as PETSc's near-null space."""
    x, y, z = (space.tabulate_dof_coordinates() - 0.5 * np.asarray(blocks.BOX)).T
    owned = space.dofmap.index_map.size_local
    modes = np.zeros((6, len(x), 3))
    for axis in range(3):
        modes[axis, :, axis] = 1.0
    modes[3, :, 0], modes[3, :, 1] = -y, x
    modes[4, :, 1], modes[4, :, 2] = -z, y
    modes[5, :, 0], modes[5, :, 2] = z, -x
    vectors: list[Any] = []
    for mode in modes:
        vector = dolfinx.la.create_petsc_vector(space.dofmap.index_map, 3)
        vector.array[:] = mode[:owned].ravel()
        for earlier in vectors:
            vector.axpy(-vector.dot(earlier), earlier)
        vector.normalize()
        vectors.append(vector)
    return PETSc.NullSpace().create(vectors=vectors, comm=space.mesh.comm)


class Tube:
    """The box as a mesh, its form, and the matrix that is filled for each set of moduli."""

    def __init__(self, spacing: float) -> None:
        self.spacing = spacing
        counts = [round(size / spacing) for size in blocks.BOX]
        mesh = dolfinx.mesh.create_box(
            MPI.COMM_WORLD,
            [np.zeros(3), np.asarray(blocks.BOX)],
            counts,
            dolfinx.mesh.CellType.hexahedron,
        )
        self.space = fem.VectorFunctionSpace(mesh, ("CG", 1))
        self.modulus = fem.Function(fem.FunctionSpace(mesh, ("DG", 0)))
        cells = mesh.topology.index_map(3)
        local = np.arange(cells.size_local + cells.num_ghosts, dtype=np.int32)
        middles = dolfinx.mesh.compute_midpoints(mesh, 3, local)
        self.voxels = tuple((middles / spacing).astype(int).T)
        u, v = ufl.TrialFunction(self.space), ufl.TestFunction(self.space)
        first = blocks.POISSON / ((1 + blocks.POISSON) * (1 - 2 * blocks.POISSON))
        shear = 1 / (2 * (1 + blocks.POISSON))

        def strain(w: Any) -> Any:  # noqa: ANN401
            return ufl.sym(ufl.grad(w))

        stress = 2 * shear * strain(u) + first * ufl.tr(strain(u)) * ufl.Identity(3)
        exact = ufl.dx(metadata={"quadrature_degree": 2})
        self.form = fem.form(self.modulus * ufl.inner(stress, strain(v)) * exact)
        none = fem.Constant(mesh, np.zeros(3))
        self.load = fem.form(ufl.inner(none, v) * exact)
        top = blocks.BOX[2]
        self.held = [
            fem.dirichletbc(
                np.asarray([0.0, 0.0, moved]),
                fem.locate_dofs_geometrical(self.space, lambda x, at=at: np.isclose(x[2], at)),
                self.space,
            )
            for at, moved in ((0.0, 0.0), (top, -1.0))
        ]
        self.modes = rigid_motions(self.space)
        self.matrix: Any = None
        self.found = fem.Function(self.space)

    def assemble(self, state: str) -> Any:  # noqa: ANN401
        """Fill the matrix and return the right side."""
        self.modulus.x.array[:] = blocks.moduli(state, self.spacing)[self.voxels]
        begin = time.perf_counter()
        if self.matrix is None:
            self.matrix = fem.petsc.create_matrix(self.form)
            self.matrix.setOption(PETSc.Mat.Option.SPD, True)
            self.matrix.setNearNullSpace(self.modes)
        self.matrix.zeroEntries()
        fem.petsc.assemble_matrix(self.matrix, self.form, bcs=self.held)
        self.matrix.assemble()
        right = fem.petsc.assemble_vector(self.load)
        fem.petsc.apply_lifting(right, [self.form], [self.held])
        right.ghostUpdate(addv=PETSc.InsertMode.ADD, mode=PETSc.ScatterMode.REVERSE)
        fem.petsc.set_bc(right, self.held)
        return right, time.perf_counter() - begin

    def judged(self, state: str) -> Found | None:
        """Return what the displacement is worth, on the first rank."""
        owned = self.space.dofmap.index_map.size_local
        places = np.rint(self.space.tabulate_dof_coordinates()[:owned] / self.spacing)
        values = self.found.x.array[: 3 * owned].reshape(-1, 3).copy()
        parts = MPI.COMM_WORLD.gather((places.astype(int), values))
        if parts is None:
            return None
        modulus = blocks.moduli(state, self.spacing)
        u = np.zeros((*blocks.nodes(modulus.shape), 3))
        for where, part in parts:
            u[tuple(where.T)] = part
        return blocks.judged(u, modulus, self.spacing)


def solver(tube: Tube, settings: dict[str, str]) -> Any:  # noqa: ANN401
    """Return a Krylov solver with the settings."""
    options = PETSc.Options()
    for name, value in settings.items():
        options[name] = value
    krylov = PETSc.KSP().create(MPI.COMM_WORLD)
    krylov.setOperators(tube.matrix)
    krylov.setFromOptions()
    krylov.setTolerances(rtol=blocks.RESIDUAL, max_it=500)
    return krylov


def tube(spacing: str = "1.0", *changes: str) -> Found:
    """Solve fresh, then again after a change of moduli, with the old hierarchy and with a new."""
    block = Tube(float(spacing))
    settings = SETTINGS | dict(change.split("=", 1) for change in changes)
    right, assembling = block.assemble("gap")
    begin = time.perf_counter()
    krylov = solver(block, settings)
    krylov.setInitialGuessNonzero(True)
    fem.petsc.set_bc(block.found.vector, block.held)
    krylov.setUp()
    ready = time.perf_counter()
    krylov.solve(right, block.found.vector)
    solved = time.perf_counter()
    iterations = krylov.getIterationNumber()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    memory = MPI.COMM_WORLD.allreduce(peak)
    block.found.x.scatter_forward()
    cold = block.judged("gap")

    right, again = block.assemble("changed")
    krylov.getPC().setReusePreconditioner(True)
    since = time.perf_counter()
    krylov.solve(right, block.found.vector)
    restart = time.perf_counter() - since
    block.found.x.scatter_forward()
    warm = block.judged("changed")
    return {
        "assemble": assembling,
        "setup": ready - begin,
        "solve": solved - ready,
        "cold": assembling + solved - begin,
        "iterations": iterations,
        "warm": again + restart,
        "warm_iterations": krylov.getIterationNumber(),
        "peak_MB": memory,
        "answer": cold,
        "warm_answer": warm,
    }


if __name__ == "__main__":
    try:
        if MPI.COMM_WORLD.rank:
            tube(*sys.argv[3:])
        else:
            asked_for({"tube": tube})
    except BaseException:  # noqa: BLE001  (the other rank must not wait for this one)
        traceback.print_exc()
        MPI.COMM_WORLD.Abort(1)
