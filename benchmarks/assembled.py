"""The gapped tube as an assembled matrix, solved by pyamg's smoothed aggregation.

Run with ``python benchmarks/assembled.py --part aggregated``. The matrix is filled by slices of
the grid, much faster than by a list of entries, and pyamg is given the rigid-body modes and the
settings that were found best; both are part of what is timed.
"""

from __future__ import annotations

import time
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

import blocks
from process import Found, asked_for, peak_memory

STENCIL = tuple(product((-1, 0, 1), repeat=3))


class Assembled:
    """The matrix of the free nodes, 3 x 3 blocks, and how to fill it for each set of moduli."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        count = blocks.nodes(shape)
        self.free = np.zeros(count, bool)
        self.free[:, :, 1:-1] = True
        number = np.full([n + 2 for n in count], -1, np.int32)
        number[1:-1, 1:-1, 1:-1][self.free] = np.arange(self.free.sum(), dtype=np.int32)
        around = [
            number[1 + i : 1 + i + count[0], 1 + j : 1 + j + count[1], 1 + k : 1 + k + count[2]]
            for i, j, k in STENCIL
        ]
        near = np.stack(around, -1)[self.free]
        self.present = near >= 0
        self.columns = near[self.present]
        self.starts = np.concatenate([[0], np.cumsum(self.present.sum(1))]).astype(np.int32)

    def filled(self, modulus: blocks.Field) -> Any:  # noqa: ANN401
        """Return the matrix of a set of moduli at a spacing of 1 mm."""
        from scipy.sparse import bsr_array  # noqa: PLC0415  (only a peer's process has it)

        nx, ny, nz = modulus.shape
        element = blocks.unit_stiffness()
        near = np.zeros((27, *self.free.shape, 9))
        for a, (i, j, k) in enumerate(blocks.CORNERS):
            for b, other in enumerate(blocks.CORNERS):
                block = element[3 * a : 3 * a + 3, 3 * b : 3 * b + 3].ravel()
                place = STENCIL.index((other[0] - i, other[1] - j, other[2] - k))
                near[place, i : i + nx, j : j + ny, k : k + nz] += modulus[..., None] * block
        values = np.moveaxis(near, 0, 3)[self.free][self.present].reshape(-1, 3, 3)
        return bsr_array((values, self.columns, self.starts))


def rigid_motions(free: NDArray[np.bool_]) -> blocks.Field:
    """Return the six rigid motions of the free nodes, (unknown, 6)."""
    places = np.argwhere(free).astype(float)
    x, y, z = (places - places.mean(0)).T
    modes = np.zeros((len(places), 3, 6))
    modes[:, range(3), range(3)] = 1.0
    modes[:, 0, 3], modes[:, 1, 3] = -y, x
    modes[:, 1, 4], modes[:, 2, 4] = -z, y
    modes[:, 0, 5], modes[:, 2, 5] = z, -x
    return modes.reshape(-1, 6)


def aggregated() -> Found:
    """Measure assembly and pyamg's smoothed aggregation, at the best settings found."""
    import pyamg  # noqa: PLC0415  (only this process has it)
    from scipy.sparse.linalg import cg  # noqa: PLC0415

    fresh, changed = blocks.moduli("gap", 1.0), blocks.moduli("changed", 1.0)
    _, moved = blocks.platens(fresh.shape)
    counts: list[int] = []

    def solve(matrix: Any, modulus: blocks.Field, start: Any, levels: Any) -> Any:  # noqa: ANN401
        right = -blocks.forces(moved, modulus, 1.0)[pattern.free].ravel()
        steps: list[None] = []
        preconditioner = levels.aspreconditioner()
        found, failed = cg(
            matrix,
            right,
            x0=start,
            rtol=blocks.RESIDUAL,
            M=preconditioner,
            callback=lambda _: steps.append(None),
        )
        assert not failed
        counts.append(len(steps))
        return found

    def whole(found: Any) -> blocks.Field:  # noqa: ANN401
        u = moved.copy()
        u[pattern.free] = found.reshape(-1, 3)
        return u

    smoother = ("gauss_seidel", {"sweep": "symmetric"})
    begin = time.perf_counter()
    pattern = Assembled(fresh.shape)
    matrix = pattern.filled(fresh)
    assembled = time.perf_counter()
    levels = pyamg.smoothed_aggregation_solver(
        matrix,
        B=rigid_motions(pattern.free),
        symmetry="symmetric",
        strength=("symmetric", {"theta": 0.02}),
        improve_candidates=None,
        presmoother=smoother,
        postsmoother=smoother,
        max_coarse=500,
        coarse_solver="splu",
    )
    ready = time.perf_counter()
    first = solve(matrix, fresh, None, levels)
    solved = time.perf_counter()
    restart = time.perf_counter()
    second = solve(pattern.filled(changed), changed, first, levels)
    again = time.perf_counter() - restart
    peak = peak_memory()
    return {
        "assemble": assembled - begin,
        "setup": ready - assembled,
        "solve": solved - ready,
        "cold": solved - begin,
        "iterations": counts[0],
        "warm": again,
        "warm_iterations": counts[1],
        "peak_MB": peak,
        "answer": blocks.judged(whole(first), fresh, 1.0),
        "warm_answer": blocks.judged(whole(second), changed, 1.0),
    }


if __name__ == "__main__":
    asked_for({"aggregated": aggregated})
