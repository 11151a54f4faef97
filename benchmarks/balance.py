"""Oxygen and signal in balance, ours beside pyamg and SciPy.

Run with ``python benchmarks/balance.py [--write]``. On 64 x 64 x 96 voxels of unit edge oxygen
diffuses from where vessels are, is taken up by a saturable sink, and is cut off within 18 voxels
of the middle; bone lets through a fifth. The signal is made by patches of cells, diffuses and is
cleared. Then supply, uptake and source rise by 5 % and both are solved from the old answer: that
is what a time loop pays. One function judges every answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from page import prose, publish, table, targets, verdict
from process import Found, alone, asked_for, seconds

SHAPE = (64, 64, 96)
TOLERANCE = 1e-5
"""Sum of the sizes of the residual relative to what is turned over, at which all stop."""

HALF = 0.05
Array = NDArray[np.float64]


class Problem(NamedTuple):
    """What is taken up at most, supplied, made and cleared, and what each face lets through."""

    uptake: Array
    supply: Array
    source: Array
    clearance: Array
    faces: tuple[Array, Array, Array]


def problem(factor: float = 1.0) -> Problem:
    """Return the two balances, with supply, uptake and source raised by a factor."""
    x, y, z = np.meshgrid(*(np.arange(n) + 0.5 - n / 2 for n in SHAPE), indexing="ij")
    r = np.hypot(x, y)
    spread = np.where((r > 10) & (r < 19) & (np.abs(z) > 4), 0.2, 1.0)
    supply = np.where(np.hypot(r, z) < 18, 0.0, 0.05)
    rough = 0.5 + 0.5 * np.sin(x / 3) * np.cos(y / 4) * np.sin(z / 5 + 1)
    faces = []
    for axis in range(3):
        low, high = np.delete(spread, -1, axis), np.delete(spread, 0, axis)
        faces.append(2 * low * high / (low + high))
    patches = np.where(np.hypot(r, z) < 18, rough, 0.0)
    across = (faces[0], faces[1], faces[2])
    return Problem(
        factor * 0.02 * rough, factor * supply, factor * 0.3 * patches, np.full(SHAPE, 0.1), across
    )


def inflow(u: Array, faces: tuple[Array, Array, Array]) -> Array:
    """Return what flows into each voxel through its faces."""
    total = np.zeros_like(u)
    for axis, across in enumerate(faces):
        flux = across * np.diff(u, axis=axis)
        ends = [(int(a == axis),) * 2 for a in range(3)]
        total += np.diff(np.pad(flux, ends), axis=axis)
    return total


def oxygen_left(n: Array, p: Problem) -> tuple[Array, Array]:
    """Return the residual of oxygen and what is turned over."""
    used = p.uptake * n / (HALF + n)
    return p.supply * (1 - n) - used + inflow(n, p.faces), used + 1e-3 * p.supply


def signal_left(g: Array, p: Problem) -> tuple[Array, Array]:
    """Return the residual of the signal and what is turned over."""
    return p.source - p.clearance * g + inflow(g, p.faces), p.source


def residual(left: tuple[Array, Array]) -> float:
    """Return the sum of the sizes of a residual relative to what is turned over."""
    return float(np.abs(left[0]).sum() / left[1].sum())


def judged(n: Array, g: Array, p: Problem) -> Found:
    """Return residuals, means and the least oxygen of an answer."""
    return {
        "oxygen_residual": residual(oxygen_left(n, p)),
        "signal_residual": residual(signal_left(g, p)),
        "oxygen_mean": float(n.mean()),
        "signal_mean": float(g.mean()),
        "least": float(n.min()),
    }


Solve = Callable[[Problem, Any], Any]
"""From a problem and where to start to the field in balance."""


def timed(
    solvers: Mapping[str, Solve], *, repeats: bool, given: Callable[[Any], Any] = lambda p: p
) -> Found:
    """Return times and answers of both fields, fresh and after a change.

    Parameters
    ----------
    solvers
        For ``oxygen`` and ``signal``.
    repeats
        Whether to take the least of several times, not the first, which may compile.
    given
        Makes of a problem or a start what the solvers take, before the time counts.
    """
    fresh, changed = problem(), problem(1.05)
    found: Found = {}
    cold: dict[str, Any] = {}
    warm: dict[str, Any] = {}
    for field, solve in solvers.items():
        guess = np.full(SHAPE, 0.5 if field == "oxygen" else 0.0)
        for name, kept, p in (("cold", cold, fresh), ("warm", warm, changed)):
            once = partial(solve, given(p), given(cold.get(field, guess)))
            begin = time.perf_counter()
            kept[field] = once()
            found[f"{name}_{field}"] = time.perf_counter() - begin
            if repeats:
                found[f"{name}_{field}"] = seconds(once, during=1.5)
    for name, kept, p in (("cold", cold, fresh), ("warm", warm, changed)):
        n, g = (np.asarray(kept[field]) for field in ("oxygen", "signal"))
        found[f"{name}_answer"] = judged(n, g, p)
    return found


def ours() -> Found:
    """Measure the project's own solvers."""
    import jax  # noqa: PLC0415  (a peer's process must not pay for it)
    import jax.numpy as jnp  # noqa: PLC0415

    from trephine.numerics.elliptic import balance, balance_saturable  # noqa: PLC0415

    @jax.jit  # type: ignore[untyped-decorator]
    def oxygen(uptake: Any, supply: Any, faces: Any, guess: Any) -> Any:  # noqa: ANN401
        return balance_saturable(uptake, HALF, supply, 1.0, faces, 1.0, guess, TOLERANCE).u

    @jax.jit  # type: ignore[untyped-decorator]
    def signal(clearance: Any, source: Any, faces: Any, guess: Any) -> Any:  # noqa: ANN401
        return balance(clearance, source, faces, 1.0, guess, TOLERANCE).u

    def solve_oxygen(p: Problem, start: Any) -> Any:  # noqa: ANN401
        return jax.block_until_ready(oxygen(p.uptake, p.supply, p.faces, start))

    def solve_signal(p: Problem, start: Any) -> Any:  # noqa: ANN401
        return jax.block_until_ready(signal(p.clearance, p.source, p.faces, start))

    solvers = {"oxygen": solve_oxygen, "signal": solve_signal}
    return timed(solvers, repeats=True, given=lambda p: jax.tree.map(jnp.asarray, p))


def laplacian(faces: tuple[Array, Array, Array]) -> Any:  # noqa: ANN401
    """Return minus the flow through faces as a sparse matrix."""
    from scipy.sparse import coo_array  # noqa: PLC0415  (only a peer's process has it)

    place = np.arange(np.prod(SHAPE), dtype=np.int32).reshape(SHAPE)
    rows, columns, values = [], [], []
    for axis, across in enumerate(faces):
        low, high = np.delete(place, -1, axis).ravel(), np.delete(place, 0, axis).ravel()
        t = across.ravel()
        rows += [low, high, low, high]
        columns += [high, low, low, high]
        values += [-t, -t, t, t]
    size = (place.size, place.size)
    entries = (np.concatenate(rows), np.concatenate(columns))
    return coo_array((np.concatenate(values), entries), shape=size).tocsr()


def sparse(preconditioner: str) -> Found:
    """Measure Newton and conjugate gradients on matrices, by one of three preconditioners."""
    import pyamg  # noqa: PLC0415  (only this process has it)
    from scipy.sparse import diags_array  # noqa: PLC0415
    from scipy.sparse.linalg import LinearOperator, cg  # noqa: PLC0415

    def diagonal(matrix: Any) -> Any:  # noqa: ANN401
        inverse = 1 / matrix.diagonal()
        return LinearOperator(matrix.shape, lambda v: inverse * v)

    make = {
        "classical": lambda a: pyamg.ruge_stuben_solver(a).aspreconditioner(),
        "aggregation": lambda a: pyamg.smoothed_aggregation_solver(a).aspreconditioner(),
        "diagonal": diagonal,
    }[preconditioner]
    flow = laplacian(problem().faces)
    hierarchies: dict[str, Any] = {}

    def correction(field: str, slope: Array, left: Array, reduction: float) -> Array:
        matrix = (flow + diags_array(slope.ravel())).tocsr()
        # a hierarchy serves the later rounds and the changed problem too, which is the quickest;
        # a diagonal costs nothing to renew
        if field not in hierarchies or preconditioner == "diagonal":
            hierarchies[field] = make(matrix)
        found, failed = cg(matrix, left.ravel(), rtol=reduction, M=hierarchies[field])
        assert not failed
        return np.asarray(found).reshape(SHAPE)

    def oxygen(p: Problem, n: Array) -> Array:
        while True:
            left = oxygen_left(n, p)
            size = residual(left)
            if size <= TOLERANCE:
                return n
            slope = p.supply + p.uptake * HALF / (HALF + n) ** 2
            reduction = min(max(0.3 * TOLERANCE / size, 1e-2), 0.3)
            n = np.maximum(n + correction("oxygen", slope, left[0], reduction), 0)

    def signal(p: Problem, g: Array) -> Array:
        while True:
            left = signal_left(g, p)
            size = residual(left)
            if size <= TOLERANCE:
                return g
            slope = p.clearance
            g = g + correction("signal", slope, left[0], min(0.3 * TOLERANCE / size, 0.3))

    return timed({"oxygen": oxygen, "signal": signal}, repeats=False)


PEERS = (
    ("pyamg, classical", "classical"),
    ("pyamg, smoothed aggregation", "aggregation"),
    ("SciPy, CG with the diagonal", "diagonal"),
)


def row(name: str, found: Found) -> tuple[str, ...]:
    """Return a row of the table."""
    times = [f"{found[f'{at}_{f}']:.3f}" for at in ("cold", "warm") for f in ("oxygen", "signal")]
    answer = found["warm_answer"]
    return (
        name,
        *times,
        f"{found['peak_MB']:.0f}",
        f"{answer['oxygen_mean']:.7f}",
        f"{answer['oxygen_residual']:.1e}",
        f"{answer['signal_mean']:.7f}",
        f"{answer['signal_residual']:.1e}",
    )


def section() -> str:
    """Return the section of the page."""
    mine = alone(__file__, "ours")
    peers = {name: alone(__file__, "sparse", which) for name, which in PEERS}

    def both(found: Found, at: str) -> float:
        return float(found[f"{at}_oxygen"] + found[f"{at}_signal"])

    multigrid = [found for name, found in peers.items() if name.startswith("pyamg")]
    ratios = {at: min(both(f, at) for f in multigrid) / both(mine, at) for at in ("cold", "warm")}
    off = max(
        abs(f["warm_answer"][k] / mine["warm_answer"][k] - 1)
        for f in peers.values()
        for k in ("oxygen_mean", "signal_mean")
    )
    rows = [row("ours", mine), *(row(name, found) for name, found in peers.items())]
    wanted = [
        verdict("faster than the quicker pyamg, after 5 %", ratios["warm"], 10.0),
        verdict("the same, fresh", ratios["cold"], 10.0),
        verdict("largest relative difference of a mean", off, 1e-5, at_most=True),
    ]
    return "\n\n".join(
        [
            "## Oxygen and signal in balance",
            prose(f"""
                64 x 64 x 96 voxels; oxygen with a Michaelis-Menten sink by
                Newton's method, the signal in one linear solve; all stop at a
                residual of {TOLERANCE:g} of what is turned over. *After 5 %*:
                supply, uptake and source raised, the old answer as start,
                hierarchies kept. Means and residuals are those after the
                change.
            """),
            table(
                (
                    "solver",
                    "oxygen, fresh (s)",
                    "signal, fresh (s)",
                    "oxygen, after 5 % (s)",
                    "signal, after 5 % (s)",
                    "peak memory (MB)",
                    "mean oxygen",
                    "residual",
                    "mean signal",
                    "residual",
                ),
                rows,
            ),
            targets(wanted),
        ]
    )


if __name__ == "__main__" and not asked_for({"ours": ours, "sparse": sparse}):
    publish("balance", section)
