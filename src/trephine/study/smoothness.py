"""Owns how the smoothness of functions is learned from runs: by how likely it makes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trephine.study.gaussian_process import ITERATIONS, JITTER, Scale, Smoothness, newton

Array = NDArray[np.floating[Any]]

USUAL_REACH, REACH_SPREAD = 5.0, 1.0
"""Prior of the reach of a coordinate in units of its spread: most hardly matter; and the spread
of its logarithm."""
USUAL_HEIGHT = 3.0
"""Prior of the height of log odds, which the runs alone would let grow without end where they
can be told apart without a mistake."""
BOUNDS = ((-1.0, 5.0), (-4.0, 3.0), (-5.0, 1.0), (-6.0, 2.0))
"""Bounds of the logarithms of reach, height, noise and slope."""
STILL = 1e-6
"""Largest change of log odds at which Newton's steps have come to rest; they converge squarely."""
STEPS = 150
"""Most steps of the search."""


def of_values(x: Array, y: Array, steps: int = STEPS) -> Smoothness:
    r"""Return the smoothness that makes values likeliest.

    .. math:: \ln p = -\frac12 \sum_j y_j^T K^{-1} y_j - \frac{m}{2} \ln |K| + \ln p(\ell)

    Parameters
    ----------
    x
        Coordinates, (run, coordinate).
    y
        Values, (run, value).
    steps
        Most steps of the search.
    """
    jax, jnp = _jax()
    points, values = Scale.of(x).to(x), Scale.of(y).to(y)

    def cost(theta: Any) -> Any:  # noqa: ANN401
        smooth = _smoothness(jnp.exp(theta))
        whole = smooth.between(points, points, jnp)
        whole = whole + (smooth.noise**2 + JITTER) * jnp.eye(len(points))
        root = jnp.linalg.cholesky(whole)
        away = jax.scipy.linalg.solve_triangular(root, values, lower=True)
        size = values.shape[1] * jnp.log(jnp.diag(root)).sum()
        return 0.5 * jnp.sum(away**2) + size + _prior(theta, jnp)

    return _searched(cost, x.shape[1], (1.0, 0.3, 0.1), steps)


def of_chance(x: Array, yes: NDArray[np.bool_], steps: int = STEPS) -> Smoothness:
    """Return the smoothness of log odds that makes what was seen likeliest, after Laplace.

    Parameters
    ----------
    x
        Coordinates, (run, coordinate).
    yes
        What was seen, (run,).
    steps
        Most steps of the search.
    """
    jax, jnp = _jax()
    points, seen = Scale.of(x).to(x), yes.astype(float)
    ways = (jnp.linalg.cholesky, lambda root, v: jax.scipy.linalg.cho_solve((root, True), v))

    def cost(theta: Any) -> Any:  # noqa: ANN401
        smooth = _smoothness(jnp.exp(theta))
        whole = smooth.between(points, points, jnp) + JITTER * jnp.eye(len(points))

        # A step from rest has the slope of the whole way there, which need not be followed; the
        # next one carries it into the curvature.
        found = jax.lax.stop_gradient(_at_rest(jax.lax.stop_gradient(whole), seen, ways))
        odds = newton(whole, found, seen, jnp, ways)[0]
        odds, pull, _, root = newton(whole, odds, seen, jnp, ways)
        sign = 2.0 * seen - 1.0
        likely = jnp.sum(jax.nn.log_sigmoid(sign * odds))
        size = jnp.log(jnp.diag(root)).sum()
        tall = 0.5 * (theta[-3] - np.log(USUAL_HEIGHT)) ** 2
        return 0.5 * pull @ odds - likely + size + tall + _prior(theta, jnp)

    return _searched(cost, x.shape[1], (USUAL_HEIGHT, 1.0, 0.3), steps)


def _at_rest(whole: Any, seen: Array, ways: Any) -> Any:  # noqa: ANN401
    """Return the likeliest log odds, as steps of Newton find them, (run,)."""
    jax, jnp = _jax()

    def goes_on(now: tuple[Any, Any, Any]) -> Any:  # noqa: ANN401
        count, _, moved = now
        return (count < ITERATIONS) & (moved > STILL)

    def step(now: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
        count, odds, _ = now
        after = newton(whole, odds, seen, jnp, ways)[0]
        return count + 1, after, jnp.max(jnp.abs(after - odds))

    start = (0, jnp.zeros(len(seen)), jnp.inf)
    return jax.lax.while_loop(goes_on, step, start)[1]


def _jax() -> tuple[Any, Any]:
    """Return JAX in double precision; imported where needed, for a made emulator does without."""
    import jax  # noqa: PLC0415
    import jax.numpy as jnp  # noqa: PLC0415

    import trephine.numerics  # noqa: F401, PLC0415

    return jax, jnp


def _smoothness(theta: Any) -> Smoothness:  # noqa: ANN401
    return Smoothness(theta[:-3], height=theta[-3], noise=theta[-2], slope=theta[-1])


def _prior(theta: Any, jnp: Any) -> Any:  # noqa: ANN401
    away = (theta[:-3] - np.log(USUAL_REACH)) / REACH_SPREAD
    return 0.5 * jnp.sum(away**2)


def _searched(
    cost: Callable[[Any], Any], count: int, start: tuple[float, float, float], steps: int
) -> Smoothness:
    """Return the smoothness of least cost (quasi-Newton within bounds)."""
    from scipy.optimize import minimize  # noqa: PLC0415  (slow to load)

    jax, _ = _jax()
    both = jax.jit(jax.value_and_grad(cost))
    first = np.log(np.concatenate([np.full(count, USUAL_REACH), start]))
    reach, *others = BOUNDS

    def plain(theta: Array) -> tuple[float, Array]:
        value, slope = both(theta)
        return float(value), np.asarray(slope, dtype=float)

    found = minimize(
        plain,
        first,
        jac=True,
        method="L-BFGS-B",
        bounds=[reach] * count + others,
        options={"maxiter": steps},
    )
    best = np.exp(found.x)
    return Smoothness(best[:-3], *(float(best[n]) for n in (-3, -1, -2)))
