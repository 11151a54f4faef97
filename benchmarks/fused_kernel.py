"""The step of the transport benchmark as one hand-written parallel kernel, for Numba.

Fields carry a copy of their edge around them, which is what a closed wall means to a neighbour;
each row is taken out first, so that the innermost loop runs over contiguous memory.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

NUMBERS = (0.1, 0.05, 0.5, 0.3, 0.2, 0.01, 1.0, 6.0)


@numba.njit(inline="always")  # type: ignore[untyped-decorator]
def taken(rise: Any, here: Any, there: Any) -> Any:  # noqa: ANN401
    """Return the rise times the value upwind of a face."""
    return rise * (here if rise > 0 else there)


@numba.njit(parallel=True, fastmath=True, error_model="numpy")  # type: ignore[untyped-decorator]
def step(u: Any, new: Any, length: Any, numbers: Any) -> None:  # noqa: ANN401
    """Write the six fields one step later into ``new``, (field, x+2, y+2, z+2)."""
    tenth, twentieth, half, thirty, fifth, hundredth, one, six = numbers
    _, nx, ny, nz = u.shape
    for i in numba.prange(1, nx - 1):
        for j in range(1, ny - 1):
            rm, rb, rf = u[0, i, j], u[1, i, j], u[2, i, j]
            rv, rg, rc = u[3, i, j], u[4, i, j], u[5, i, j]
            ma, mb, mc, md = u[0, i - 1, j], u[0, i + 1, j], u[0, i, j - 1], u[0, i, j + 1]
            va, vb, vc, vd = u[3, i - 1, j], u[3, i + 1, j], u[3, i, j - 1], u[3, i, j + 1]
            ga, gb, gc, gd = u[4, i - 1, j], u[4, i + 1, j], u[4, i, j - 1], u[4, i, j + 1]
            to_m, to_b, to_f = new[0, i, j], new[1, i, j], new[2, i, j]
            to_v, to_g, to_c = new[3, i, j], new[4, i, j], new[5, i, j]
            for k in range(1, nz - 1):
                m, b, f, v, g, c = rm[k], rb[k], rf[k], rv[k], rg[k], rc[k]
                around_m = ma[k] + mb[k] + mc[k] + md[k] + rm[k - 1] + rm[k + 1] - six * m
                around_v = va[k] + vb[k] + vc[k] + vd[k] + rv[k - 1] + rv[k + 1] - six * v
                around_g = ga[k] + gb[k] + gc[k] + gd[k] + rg[k - 1] + rg[k + 1] - six * g
                left = taken(ga[k] - g, m, ma[k]) + taken(gb[k] - g, m, mb[k])
                left += taken(gc[k] - g, m, mc[k]) + taken(gd[k] - g, m, md[k])
                left += taken(rg[k - 1] - g, m, rm[k - 1]) + taken(rg[k + 1] - g, m, rm[k + 1])
                signalled = g / (tenth + g)
                supplied = v * v / (fifth + v * v)
                cube = c * c * c
                stiff = cube * cube / (hundredth + cube * cube)
                to_bone = thirty * signalled * supplied * m
                to_fibrous = fifth * (one - supplied) * stiff * m
                grown = half * m * (one - m) - to_bone - to_fibrous
                to_m[k] = m + length * (tenth * around_m - twentieth * left + grown)
                to_b[k] = b + length * (fifth * b * (one - b) + to_bone - tenth * b)
                lost = tenth * f * signalled
                to_f[k] = f + length * (tenth * f * (one - f) + to_fibrous - lost)
                to_v[k] = v + length * (twentieth * around_v + fifth * v * (one - v) * signalled)
                to_g[k] = g + length * (fifth * around_g + b - g)
                to_c[k] = c + length * (tenth * b * (one - c))
            for moving in (0, 3, 4):
                new[moving, i, j, 0] = new[moving, i, j, 1]
                new[moving, i, j, nz - 1] = new[moving, i, j, nz - 2]
                if j == 1:
                    new[moving, i, 0] = new[moving, i, 1]
                if j == ny - 2:
                    new[moving, i, ny - 1] = new[moving, i, ny - 2]
    for moving in (0, 3, 4):
        new[moving, 0] = new[moving, 1]
        new[moving, nx - 1] = new[moving, nx - 2]


class March:
    """The fields and a second buffer; called with a number of steps, starts over each time."""

    def __init__(self, start: NDArray[Any], length: float) -> None:
        self.start = np.pad(start, [(0, 0), (1, 1), (1, 1), (1, 1)], mode="edge")
        self.buffers = self.start.copy(), self.start.copy()
        real = self.start.dtype.type
        self.length = real(length)
        self.numbers = tuple(real(number) for number in NUMBERS)

    def __call__(self, steps: int) -> NDArray[Any]:
        """Return the fields after a number of steps, (field, x, y, z)."""
        now, new = self.buffers
        now[:] = self.start
        for _ in range(steps):
            step(now, new, self.length, self.numbers)
            now, new = new, now
        return now[:, 1:-1, 1:-1, 1:-1]
