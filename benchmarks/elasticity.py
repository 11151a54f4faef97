"""Time, memory and error of a compression, on the block that other programs have solved.

Run with ``python benchmarks/elasticity.py``. The gapped tube (44 x 44 x 60 mm at 1 mm, 358,425
unknowns, contrast 8.5e4) is 134.236 N/mm stiff by FEniCSx, CHOLMOD, pyamg, scikit-fem and
CalculiX alike; the best of them needs 9.7 s and 1.5 GB for it on two cores.
"""

from __future__ import annotations

import os
import resource
import statistics
import time
from collections.abc import Callable

os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "0"

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from trephine.numerics import elasticity, multigrid

REFERENCE = {"gapped tube": 134.236}


def radius_and_height(
    shape: tuple[int, int, int], spacing: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y, z = np.meshgrid(*(spacing * (np.arange(n) + 0.5 - n / 2) for n in shape), indexing="ij")
    return np.hypot(x, y), np.abs(z)


def gapped_tube() -> tuple[NDArray[np.float64], float]:
    r, z = radius_and_height((44, 44, 60), 1.0)
    ring = (r > 7) & (r < 13)
    return np.where(ring & (z > 2), 17000.0, np.where(ring, 1.0, 0.2)), 1.0


def nailed_shaft(shape: tuple[int, int, int], spacing: float) -> tuple[NDArray[np.float64], float]:
    r, z = radius_and_height(shape, spacing)
    modulus = np.where((r > 8) & (r < 14) & (z > 2), 17000.0, 1.0)
    return np.where(r < 5.5, 0.0, modulus), spacing


def seconds(call: Callable[[], object], repeats: int = 5) -> float:
    """Median wall time of a call."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        jax.block_until_ready(call())
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure(name: str, modulus: NDArray[np.float64], spacing: float) -> None:
    start, used = time.perf_counter(), time.process_time()
    found = elasticity.compress(modulus, spacing=spacing)
    first, first_used = time.perf_counter() - start, time.process_time() - used
    again = seconds(lambda: elasticity.compress(modulus, spacing=spacing).displacement)
    material = multigrid.material(0.3)
    setup = seconds(lambda: multigrid.hierarchy(modulus * spacing, material, jnp.float32))
    changed = modulus * (1 + 0.05 * np.sin(np.arange(modulus.size)).reshape(modulus.shape))
    after = elasticity.compress(changed, spacing=spacing, guess=found.displacement)
    warm = seconds(
        lambda: elasticity.compress(changed, spacing=spacing, guess=found.displacement).displacement
    )
    sharp = elasticity.compress(modulus, spacing=spacing, tolerance=1e-9).stiffness
    truth = REFERENCE.get(name, sharp)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name:14s} {'x'.join(map(str, modulus.shape)):9s}"
        f" {first:6.2f} {first_used:6.2f} {again:7.3f} {setup:7.3f} {found.iterations:3d}"
        f" {warm:7.3f} {after.iterations:3d} {peak:7.0f}"
        f" {found.stiffness:9.4f} {abs(found.stiffness / truth - 1):8.1e}"
        f" {abs(found.stiffness / sharp - 1):8.1e}"
    )


def main() -> None:
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {jax.default_backend()}")
    print(
        "block          elements   first    cpu   again  set-up its  warm 5% its  RSS MB"
        "      N/mm  vs truth  vs 1e-9"
    )
    measure("nailed draft", *nailed_shaft((34, 34, 36), 1.5))
    measure("nailed finer", *nailed_shaft((50, 50, 48), 1.0))
    measure("gapped tube", *gapped_tube())


if __name__ == "__main__":
    main()
