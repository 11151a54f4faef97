"""How far each kernel is from what the memory of this machine allows.

Run with ``python benchmarks/memory_bound.py [--write]``. A kernel must at least read what it needs
and write what it makes, once; at the speed of the triad ``a = b + s c`` on two threads, measured
in the same run, that takes a time below which nothing can go. 64 x 64 x 96 voxels for transport
and balance, the gapped tube (44 x 44 x 60) for elasticity.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import balance
import blocks
import transport
from page import prose, publish, table
from process import Found, alone, asked_for, seconds

FEW, MANY = 400_000, 48_000_000
"""Numbers in each array of a triad that stays in the caches as the kernels do, and of one that
cannot."""


def triad() -> Found:
    """Return the speed of the triad at both sizes [GB/s]."""
    import numba  # noqa: PLC0415  (only this process has it)

    threads = numba.get_num_threads()

    @numba.njit(parallel=True, fastmath=True)  # type: ignore[untyped-decorator]
    def many(a: Any, b: Any, c: Any, repeats: int) -> None:  # noqa: ANN401
        part = a.size // threads
        for thread in numba.prange(threads):
            mine = slice(thread * part, (thread + 1) * part)
            x, y, z = a[mine], b[mine], c[mine]
            # repeated inside, so that starting threads is not what is timed
            for repeat in range(repeats):
                for i in range(part):
                    x[i] = y[i] + repeat * z[i]

    found = {}
    for name, count in (("near", FEW), ("far", MANY)):
        arrays = [np.full(count, value) for value in (0.0, 1.0, 2.0)]
        repeats = max(1, 20_000_000 // count)
        many(*arrays, repeats)
        took = seconds(partial(many, *arrays, repeats), during=3.0)
        found[name] = repeats * 3 * arrays[0].nbytes / took / 1e9
    return found


def size(tree: Any) -> int:  # noqa: ANN401
    """Return the bytes of all arrays of a tree."""
    import jax  # noqa: PLC0415

    return sum(leaf.nbytes for leaf in jax.tree.leaves(tree))


Kernel = tuple[str, float, float]
"""Name, seconds, bytes it must move."""


def moving() -> list[Kernel]:
    """Return the kernels of transport."""
    import jax  # noqa: PLC0415
    import jax.numpy as jnp  # noqa: PLC0415

    from trephine.numerics.advection import advect  # noqa: PLC0415
    from trephine.numerics.diffusion import diffuse  # noqa: PLC0415
    from trephine.numerics.faces import difference  # noqa: PLC0415

    kernels = []
    for precision in ("float32", "float64"):
        fields = tuple(jnp.asarray(u) for u in transport.initial(precision))
        march = transport.marching(precision)
        took = seconds(lambda f=fields, m=march: jax.block_until_ready(m(f, 10)))  # type: ignore[misc]
        kernels.append((f"step of six fields, {precision}", took / 10, 2.0 * size(fields)))
        u = fields[0]
        faces = tuple(0.1 + abs(x) for x in difference(fields[4], 1.0))
        for name, operator in (("diffusion", diffuse), ("limited taxis", advect)):
            compiled = jax.jit(operator)
            once = seconds(
                lambda c=compiled, u=u, f=faces: jax.block_until_ready(c(u, f, 1.0)),  # type: ignore[misc]
                during=1.0,
            )
            kernels.append((f"{name}, {precision}", once, float(2 * size(u) + size(faces))))
    return kernels


def balancing() -> list[Kernel]:
    """Return one step of the conjugate gradients of a balance.

    Four passes, in fields of single precision: the product reads the direction, three links and
    the diagonal and writes the image (6); solution and residual are read and written beside
    direction and image, and the residual is scaled by the inverse diagonal (8); the preconditioner
    reads residual, inverse, scaled residual and three links and writes its answer (7), from which
    and from the old direction comes the new (3).
    """
    import jax  # noqa: PLC0415
    import jax.numpy as jnp  # noqa: PLC0415

    from trephine.numerics import elliptic  # noqa: PLC0415

    p = balance.problem()
    clearance, source = jnp.full(balance.SHAPE, 1e-3), jnp.asarray(p.source)
    faces = tuple(jnp.asarray(f) for f in p.faces)
    solve = jax.jit(
        lambda tolerance: elliptic.balance(
            clearance, source, faces, 1.0, jnp.zeros(balance.SHAPE), tolerance
        )
    )
    rough, sharp = (jnp.asarray(t) for t in (0.5, 3e-4))
    steps = int(solve(sharp).iterations) - int(solve(rough).iterations)
    took = seconds(lambda: jax.block_until_ready(solve(sharp)))
    took -= seconds(lambda: jax.block_until_ready(solve(rough)))
    return [("step of a balance, float32", took / steps, 24.0 * 4 * source.size)]


def deforming() -> list[Kernel]:
    """Return the kernels of elasticity."""
    import jax  # noqa: PLC0415
    import jax.numpy as jnp  # noqa: PLC0415

    from trephine.numerics import elasticity, multigrid  # noqa: PLC0415

    modulus = blocks.moduli("gap", 1.0)

    def prepare() -> Any:  # noqa: ANN401
        return jax.block_until_ready(elasticity.precondition(modulus, spacing=1.0).levels)

    levels = prepare()
    kernels: list[Kernel] = []
    product, cycle = jax.jit(multigrid.product), jax.jit(multigrid.cycle)
    rng = np.random.default_rng(0)
    u = rng.random((3, *blocks.nodes(modulus.shape)))
    for precision in (jnp.float32, jnp.float64):
        fine = jax.tree.map(lambda x, p=precision: x.astype(p), levels.fine)
        v = jnp.asarray(u, precision)
        took = seconds(lambda f=fine, v=v: jax.block_until_ready(product(f, v)), during=1.5)  # type: ignore[misc]
        must = size(fine) - size(fine.inverse_bound) + 2 * size(v)
        kernels.append((f"stiffness times displacement, {v.dtype}", took, float(must)))
    first = levels.coarse[0]
    coarse = jnp.asarray(rng.random((3, *first.inverse_bound.shape[1:])), jnp.float32)
    took = seconds(lambda: jax.block_until_ready(product(first, coarse)), during=1.5)
    must = size(first.matrices) + 2 * size(coarse)
    kernels.append(("the same on the first coarse level, float32", took, float(must)))
    took = seconds(lambda: jax.block_until_ready(cycle(levels, jnp.asarray(u))))
    kernels.append(("multigrid cycle, float32", took, cycled(levels)))
    # matrices are summed in double precision, each level written once and read once
    coarse_bytes = 2.0 * sum(size(level.matrices) for level in levels.coarse)
    kernels.append(("set-up of all levels", seconds(prepare), 2 * coarse_bytes))
    return kernels


def cycled(levels: Any) -> float:  # noqa: ANN401
    """Return what a cycle must move: each smoothing step an operator and six vectors."""
    from trephine.numerics import multigrid  # noqa: PLC0415

    moved = float(size(levels.inverse))
    for depth, level in enumerate((levels.fine, *levels.coarse)):
        given = multigrid.SMOOTHING_STEPS[min(depth, len(multigrid.SMOOTHING_STEPS) - 1)]
        vector = 3.0 * level.inverse_bound.size / level.inverse_bound.shape[0] * 4
        moved += 2 * given * (size(level) + 6 * vector)
    return moved


def ours() -> Found:
    """Measure every kernel of the project."""
    return {"kernels": [*moving(), *balancing(), *deforming()]}


PARTS: dict[str, Callable[..., Found]] = {"triad": triad, "ours": ours}


def section() -> str:
    """Return the section of the page."""
    speed = alone(__file__, "triad")
    kernels = alone(__file__, "ours")["kernels"]
    rows = []
    for name, took, must in kernels:
        reached = must / took / 1e9
        rows.append(
            (
                name,
                f"{took * 1e3:.2f}",
                f"{must / 1e6:.1f}",
                f"{reached:.1f}",
                f"{reached / speed['far']:.0%}",
                f"{reached / speed['near']:.0%}",
            )
        )
    return "\n\n".join(
        [
            "## How far from the memory bound",
            prose(f"""
                The triad `a = b + s c` on two threads moves {speed["far"]:.1f}
                GB/s on arrays that no cache holds ({MANY * 8 // 2**20} MiB
                each) and {speed["near"]:.1f} GB/s on arrays of {
                FEW * 8 / 2**20:.1f} MiB, about as large as one field here. *Must move*
                counts what a kernel needs read once and what it makes written
                once. A share near 100 % means that only less data would make it
                faster; a small one that arithmetic, or data moved more than
                once, takes the time.
            """),
            table(
                (
                    "kernel",
                    "time (ms)",
                    "must move (MB)",
                    "reached (GB/s)",
                    "share of memory speed",
                    "share of cache speed",
                ),
                rows,
            ),
        ]
    )


if __name__ == "__main__" and not asked_for(PARTS):
    publish("memory_bound", section)
