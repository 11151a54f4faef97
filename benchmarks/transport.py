"""One step of reaction and transport, ours beside a hand-fused kernel, SciPy and py-pde.

Run with ``python benchmarks/transport.py [--write]``. Six fields on 64 x 64 x 96 voxels of unit
edge with closed walls: progenitors diffuse and climb the gradient of a signal (first-order
upwind), vessels and signal diffuse, three fields stay where they are, Hill reactions couple all
six; explicit Euler. Everyone solves the same equations, and everyone's means are compared.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from page import prose, publish, table, targets, verdict
from process import Found, alone, asked_for, seconds

SHAPE = (64, 64, 96)
NAMES = ("progenitor", "bone", "fibrous", "vessel", "signal", "cartilage")
STEP = 0.02
COMPARED = 10
"""Steps after which the means are compared."""

Fields = tuple[Any, ...]


def initial(precision: str) -> NDArray[Any]:
    """Return the six fields at the start, (field, x, y, z)."""
    return np.random.default_rng(0).random((len(NAMES), *SHAPE)).astype(precision)


def reactions(m: Any, b: Any, f: Any, v: Any, g: Any, c: Any) -> Fields:  # noqa: ANN401
    """Return the rates of the reactions, for any arrays."""
    signalled = g / (0.1 + g)
    supplied = v * v / (0.2 + v * v)
    stiff = c * c * c
    stiff = stiff * stiff / (0.01 + stiff * stiff)
    to_bone = 0.3 * signalled * supplied * m
    to_fibrous = 0.2 * (1 - supplied) * stiff * m
    return (
        0.5 * m * (1 - m) - to_bone - to_fibrous,
        0.2 * b * (1 - b) + to_bone - 0.1 * b,
        0.1 * f * (1 - f) + to_fibrous - 0.1 * f * signalled,
        0.2 * v * (1 - v) * signalled,
        b - g,
        0.1 * b * (1 - c),
    )


def measured(run: Callable[[int], Any], precision: str) -> Found:
    """Return the time of a step and the means, from what marches a number of steps."""
    begin = time.perf_counter()
    run(COMPARED)
    first = time.perf_counter() - begin
    took = seconds(lambda: run(COMPARED), during=4.0)
    means = [float(np.mean(np.asarray(u), dtype=np.float64)) for u in run(COMPARED)]
    return {
        "step": took / COMPARED,
        "first": first - took,
        "means": means,
        "precision": precision,
    }


def marching(precision: str) -> Callable[[Fields, int], Fields]:
    """Return what marches the fields a number of steps with the project's own operators."""
    import jax  # noqa: PLC0415  (a peer's process must not pay for it)
    import jax.numpy as jnp  # noqa: PLC0415

    from trephine.numerics.advection import upwind  # noqa: PLC0415
    from trephine.numerics.diffusion import diffuse  # noqa: PLC0415
    from trephine.numerics.faces import difference  # noqa: PLC0415

    def everywhere(value: float) -> tuple[jax.Array, jax.Array, jax.Array]:
        each = jnp.asarray(value, precision)
        return each, each, each

    def step(u: Fields) -> Fields:
        m, _, _, v, g, _ = u
        x, y, z = difference(g, 1.0)
        moved = (
            diffuse(m, everywhere(0.1), 1.0) + upwind(m, (0.05 * x, 0.05 * y, 0.05 * z), 1.0),
            0.0,
            0.0,
            diffuse(v, everywhere(0.05), 1.0),
            diffuse(g, everywhere(0.2), 1.0),
            0.0,
        )
        return tuple(a + STEP * (r + t) for a, r, t in zip(u, reactions(*u), moved, strict=True))

    def march(u: Fields, steps: int) -> Fields:
        return tuple(jax.lax.fori_loop(0, steps, lambda _, now: step(now), u))

    compiled: Callable[[Fields, int], Fields] = jax.jit(march)
    return compiled


def ours(precision: str) -> Found:
    """Measure the project's own operators."""
    import jax  # noqa: PLC0415  (a peer's process must not pay for it)
    import jax.numpy as jnp  # noqa: PLC0415

    march = marching(precision)
    start = tuple(jnp.asarray(u) for u in initial(precision))
    return measured(lambda steps: jax.block_until_ready(march(start, steps)), precision)


def fused(precision: str) -> Found:
    """Measure one hand-written parallel kernel."""
    from fused_kernel import March  # noqa: PLC0415  (only this process has Numba)

    return measured(March(initial(precision), STEP), precision)


def sparse(precision: str) -> Found:
    """Measure gradients and divergences as SciPy's sparse matrices."""
    from scipy.sparse import csr_array  # noqa: PLC0415  (only this process has it)

    real = np.dtype(precision).type
    place = np.arange(np.prod(SHAPE), dtype=np.int32).reshape(SHAPE)
    lower = np.concatenate([np.delete(place, -1, axis).ravel() for axis in range(3)])
    upper = np.concatenate([np.delete(place, 0, axis).ravel() for axis in range(3)])
    faces = np.arange(lower.size, dtype=np.int32)
    sign = np.repeat(np.asarray([1, -1], precision), lower.size)
    where = (np.tile(faces, 2), np.concatenate([upper, lower]))
    gradient = csr_array((sign, where), shape=(lower.size, place.size))
    divergence = csr_array(-gradient.T)
    laplacian = csr_array(divergence @ gradient)

    def run(steps: int) -> list[NDArray[Any]]:
        u = [a.ravel().copy() for a in initial(precision)]
        for _ in range(steps):
            m, _, _, v, g, _ = u
            rise = gradient @ g
            flux = real(0.05) * rise * np.where(rise > 0, m[lower], m[upper])
            moved = (
                real(0.1) * (laplacian @ m) - divergence @ flux,
                real(0),
                real(0),
                real(0.05) * (laplacian @ v),
                real(0.2) * (laplacian @ g),
                real(0),
            )
            every = zip(u, reactions(*u), moved, strict=True)
            u = [a + real(STEP) * (r + t) for a, r, t in every]
        return u

    return measured(run, precision)


def upwind_expression() -> str:
    """Return minus the divergence of the upwind flux in py-pde's operators."""
    terms = []
    for axis in "xyz":
        rise = f"d_d{axis}_forward(g)"
        flux = f"(heaviside({rise}, 0)*m + heaviside(-{rise}, 0)*(m + d_d{axis}_forward(m)))"
        terms.append(f"d_d{axis}_backward({rise}*{flux})")
    return f"0.05*({' + '.join(terms)})"


CENTRAL = "0.05*(dot(gradient(m), gradient(g)) + m*laplace(g))"


def pypde(backend: str, form: str, precision: str) -> Found:
    """Measure py-pde with one of its engines, with upwind taxis or with its own central form."""
    import pde  # noqa: PLC0415  (only this process has it)

    taxis = upwind_expression() if form == "upwind" else CENTRAL
    signalled, supplied = "(g/(0.1 + g))", "(v*v/(0.2 + v*v))"
    to_bone = f"0.3*{signalled}*{supplied}*m"
    to_fibrous = f"0.2*(1 - {supplied})*(c**6/(0.01 + c**6))*m"
    no_flux = {"derivative": 0}
    # what a wall lets through is nothing: the flux just outside is zero, not its slope
    closed = {f"m:d_d{axis}_backward": {"virtual_point": 0} for axis in "xyz"}
    equations = pde.PDE(
        {
            "m": f"0.1*laplace(m) - {taxis} + 0.5*m*(1 - m) - {to_bone} - {to_fibrous}",
            "b": f"0.2*b*(1 - b) + {to_bone} - 0.1*b",
            "f": f"0.1*f*(1 - f) + {to_fibrous} - 0.1*f*{signalled}",
            "v": f"0.05*laplace(v) + 0.2*v*(1 - v)*{signalled}",
            "g": "0.2*laplace(g) + b - g",
            "c": "0.1*b*(1 - c)",
        },
        bc=no_flux,
        bc_ops=closed if form == "upwind" else None,
    )
    grid = pde.CartesianGrid([(0, n) for n in SHAPE], SHAPE)
    state = pde.FieldCollection(
        [
            pde.ScalarField(grid, u, label=name, dtype=u.dtype)
            for name, u in zip("mbfvgc", initial(precision), strict=True)
        ]
    )
    marks: list[float] = []
    kept: list[list[float]] = []

    def mark(now: Any, _: float) -> None:  # noqa: ANN401
        kept.append([float(u.data.mean(dtype=np.float64)) for u in now])
        marks.append(time.perf_counter())

    begin = time.perf_counter()
    # compiling is not the matter: one solve, watched every few steps
    equations.solve(
        state,
        t_range=4 * COMPARED * STEP,
        dt=STEP,
        solver="euler",
        backend=backend,
        tracker=[pde.CallbackTracker(mark, interrupts=COMPARED * STEP)],
    )
    step = float(np.diff(marks).min()) / COMPARED
    return {
        "step": step,
        "first": marks[0] - begin,
        "means": kept[1],
        "precision": state[0].dtype.name,
    }


PEERS = (
    ("ours, single", "ours", ("float32",)),
    ("ours, double", "ours", ("float64",)),
    ("hand-fused Numba, single", "fused", ("float32",)),
    ("hand-fused Numba, double", "fused", ("float64",)),
    ("SciPy sparse, single", "sparse", ("float32",)),
    ("SciPy sparse, double", "sparse", ("float64",)),
    ("py-pde, NumPy", "pypde", ("numpy", "upwind", "float64")),
    ("py-pde, Numba", "pypde", ("numba", "upwind", "float64")),
)
"""Each with its part and what the part is given; the second is what the others are held to."""


def section() -> str:
    """Return the section of the page."""
    found = {name: alone(__file__, part, *given) for name, part, given in PEERS}
    # whatever else the machine did meanwhile is kept out by a second look at the quick ones
    for name, part, given in PEERS:
        if part != "pypde":
            again = alone(__file__, part, *given)
            found[name]["step"] = min(found[name]["step"], again["step"])
    exact = np.asarray(found["ours, double"]["means"])
    voxels = len(NAMES) * np.prod(SHAPE)
    off = {name: float(np.abs(f["means"] / exact - 1).max()) for name, f in found.items()}
    mine = found["ours, single"]["step"]
    rows = [
        (
            name,
            f"{f['step'] * 1e3:.2f}",
            f"{f['step'] / voxels * 1e9:.2f}",
            f"{f['step'] / mine:.2f}",
            f"{f['first']:.1f}",
            f"{f['peak_MB']:.0f}",
            f"{off[name]:.1e}",
        )
        for name, f in found.items()
    ]

    def against(peer: str, precision: str) -> float:
        return float(found[f"{peer}, {precision}"]["step"] / found[f"ours, {precision}"]["step"])

    slow = min(found[name]["step"] for name in found if name.startswith("py-pde"))
    wanted = [
        verdict(
            "times a hand-fused kernel, single",
            1 / against("hand-fused Numba", "single"),
            1.3,
            at_most=True,
        ),
        verdict(
            "times a hand-fused kernel, double",
            1 / against("hand-fused Numba", "double"),
            1.3,
            at_most=True,
        ),
        verdict("faster than SciPy sparse, single", against("SciPy sparse", "single"), 15.0),
        verdict("faster than SciPy sparse, double", against("SciPy sparse", "double"), 15.0),
        verdict("faster than the quicker py-pde (double)", slow / mine, 25.0),
        verdict("largest relative difference of a mean", max(off.values()), 1e-8, at_most=True),
    ]
    return "\n\n".join(
        [
            "## A step of reaction and transport",
            prose(f"""
                Six fields on {" x ".join(map(str, SHAPE))} voxels: diffusion,
                upwind taxis, Hill reactions; the same explicit step by
                everyone. The difference is the largest of the six means after
                {COMPARED} steps, relative to ours in double precision.
            """),
            table(
                (
                    "implementation",
                    "step (ms)",
                    "ns per voxel and field",
                    "times ours",
                    "compiled in (s)",
                    "peak memory (MB)",
                    "difference of means",
                ),
                rows,
            ),
            targets(wanted),
        ]
    )


PARTS: dict[str, Callable[..., Found]] = {
    "ours": ours,
    "fused": fused,
    "sparse": sparse,
    "pypde": pypde,
}

if __name__ == "__main__" and not asked_for(PARTS):
    publish("transport", section)
