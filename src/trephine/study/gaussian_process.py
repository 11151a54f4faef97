"""Owns Gaussian processes: values, and chances of yes or no, as smooth functions of coordinates."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.special import expit

Array = NDArray[np.floating[Any]]

JITTER = 1e-6
"""Added to the variance of each run, so that equal runs do no harm [-]."""
ITERATIONS = 12
"""Steps of Newton towards the likeliest chances; far fewer are enough."""


SHARPNESS, TRIED = (0.5, 8.0), 200
"""Range of the sharpness of chances, and how many are tried in it [-]."""


class Smoothness(NamedTuple):
    r"""How a function varies over coordinates that are scaled to mean 0 and spread 1.

    .. math:: k(a, b) = h^2 e^{-\frac12 \sum_i (a_i - b_i)^2/\ell_i^2} + s^2\, a \cdot b + 1

    Parameters
    ----------
    reach
        Distance :math:`\ell` over which the function changes, (coordinate,).
    height
        Size :math:`h` of what is smooth.
    slope
        Size :math:`s` of what is a straight line.
    noise
        What is left over, in the units of the scaled values; nothing for chances.
    """

    reach: Array
    height: float
    slope: float
    noise: float

    def between(self, a: Any, b: Any, xp: Any = np) -> Any:  # noqa: ANN401  (arrays of NumPy or JAX)
        """Return the covariance of the function at points, (a, coordinate) and (b, coordinate)."""
        one, other = a / self.reach, b / self.reach
        square = (one**2).sum(1)[:, None] + (other**2).sum(1)[None] - 2.0 * one @ other.T
        smooth = self.height**2 * xp.exp(-0.5 * xp.maximum(square, 0.0))
        return smooth + self.slope**2 * (a @ b.T) + 1.0

    def at(self, a: Array) -> Array:
        """Return the variance of the function at points, (a, coordinate)."""
        return np.asarray(self.height**2 + self.slope**2 * (a**2).sum(axis=1) + 1.0)

    def as_arrays(self) -> dict[str, Array]:
        """Return its numbers by name."""
        return {name: np.asarray(value) for name, value in self._asdict().items()}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Array]) -> Smoothness:
        """Return what :meth:`as_arrays` told."""
        rest = (float(arrays[name]) for name in ("height", "slope", "noise"))
        return cls(arrays["reach"], *rest)


class Scale(NamedTuple):
    """What takes coordinates or values to mean 0 and spread 1.

    Parameters
    ----------
    centre, width
        Mean and spread, (column,).
    """

    centre: Array
    width: Array

    @classmethod
    def of(cls, values: Array) -> Scale:
        """Return the scale of columns, (run, column); a column that does not vary is left."""
        width = values.std(axis=0)
        return cls(values.mean(axis=0), np.where(width > 1e-9, width, 1.0))

    def to(self, values: Array) -> Array:
        """Return scaled values."""
        return np.asarray((values - self.centre) / self.width)


class Values:
    """Several values as smooth functions of the coordinates, of one smoothness.

    Parameters
    ----------
    x
        Coordinates of the runs, (run, coordinate).
    y
        Values, (run, value).
    smooth
        How they vary.
    """

    def __init__(self, x: Array, y: Array, smooth: Smoothness) -> None:
        self.scale, self.of, self.smooth = Scale.of(x), Scale.of(y), smooth
        self.x, self.y = self.scale.to(x), self.of.to(y)
        whole = smooth.between(self.x, self.x)
        whole[np.diag_indices_from(whole)] += smooth.noise**2 + JITTER
        self.root = cholesky(whole, lower=True)
        self.pull = cho_solve((self.root, True), self.y)

    @cached_property
    def _unroot(self) -> Array:
        """The inverse of the root, so that many points take one product."""
        return np.asarray(solve_triangular(self.root, np.eye(len(self.root)), lower=True))

    def at(self, x: Array) -> tuple[Array, Array]:
        """Return mean and spread of the values at points, (sample, value) each."""
        points = self.scale.to(x)
        shared = self.smooth.between(points, self.x)
        known = ((shared @ self._unroot.T) ** 2).sum(axis=1)
        left = np.maximum(self.smooth.at(points) - known, 0.0) + self.smooth.noise**2
        mean = self.of.centre + self.of.width * (shared @ self.pull)
        return np.asarray(mean), np.sqrt(left)[:, None] * self.of.width

    def left_out(self) -> tuple[Array, Array]:
        """Return mean and spread of each run by all others, (run, value) each."""
        inverse = (self._unroot**2).sum(axis=0)[:, None]
        mean = self.of.centre + self.of.width * (self.y - self.pull / inverse)
        return np.asarray(mean), np.asarray(self.of.width / np.sqrt(inverse))


class Chance:
    r"""The chance of yes as a smooth function of the coordinates, by Laplace's approximation.

    .. math:: P = \sigma\!\left(\frac{a\,\mu}{\sqrt{1 + \pi v/8}}\right)

    of mean :math:`\mu` and variance :math:`v` of the log odds. The approximation is known to be too
    cautious; the sharpness :math:`a` is what makes each run likeliest by all others.

    Parameters
    ----------
    x
        Coordinates of the runs, (run, coordinate).
    yes
        What was seen, (run,).
    smooth
        How the log odds vary.
    """

    def __init__(self, x: Array, yes: NDArray[np.bool_], smooth: Smoothness) -> None:
        self.scale, self.smooth = Scale.of(x), smooth
        self.x = self.scale.to(x)
        whole = smooth.between(self.x, self.x)
        whole[np.diag_indices_from(whole)] += JITTER
        odds, self.pull = np.zeros(len(x)), np.zeros(len(x))
        for _ in range(ITERATIONS):
            odds, self.pull, self.weight, self.root = newton(whole, odds, yes.astype(float))
        self.sharpness = _sharpness(self._left_out(whole, odds, yes), yes)

    def _left_out(self, whole: Array, odds: Array, yes: NDArray[np.bool_]) -> Array:
        r"""Return the log odds of each run by all others, with what is not known, (run,).

        .. math:: v_{-i} = \frac{1}{1/v_i - w_i}, \qquad \mu_{-i} = f_i - v_{-i}\,(y_i - p_i)
        """
        rest = solve_triangular(self.root, self.weight[:, None] * whole, lower=True)
        variance = np.diag(whole) - (rest**2).sum(axis=0)
        without = 1.0 / np.maximum(1.0 / variance - self.weight**2, 1e-9)
        mean = odds - without * (yes - expit(odds))
        return np.asarray(mean / np.sqrt(1.0 + np.pi * without / 8.0))

    @cached_property
    def _unroot(self) -> Array:
        inverse = solve_triangular(self.root, np.eye(len(self.root)), lower=True)
        return np.asarray(inverse * self.weight)

    def at(self, x: Array) -> Array:
        """Return the chance of yes at points, (sample,)."""
        points = self.scale.to(x)
        shared = self.smooth.between(points, self.x)
        known = ((shared @ self._unroot.T) ** 2).sum(axis=1)
        left = np.maximum(self.smooth.at(points) - known, 0.0)
        odds = shared @ self.pull / np.sqrt(1.0 + np.pi * left / 8.0)
        return np.asarray(expit(self.sharpness * odds))


def _sharpness(odds: Array, yes: NDArray[np.bool_]) -> float:
    """Return what log odds are multiplied by where that makes what was seen likeliest [-]."""
    sign = 2.0 * yes - 1.0
    tried = np.geomspace(*SHARPNESS, TRIED)
    likely = -np.logaddexp(0.0, -tried[:, None] * sign * odds).sum(axis=1)
    return float(tried[likely.argmax()])


def newton(
    whole: Any,  # noqa: ANN401  (arrays of NumPy or JAX)
    odds: Any,  # noqa: ANN401
    yes: Any,  # noqa: ANN401
    xp: Any = np,  # noqa: ANN401
    decomposed: Any = None,  # noqa: ANN401
) -> tuple[Any, Any, Any, Any]:
    r"""Return one step of Newton towards the likeliest log odds of what was seen.

    With :math:`W` the curvature of the likelihood, :math:`B = 1 + W^{1/2} K W^{1/2}` is
    decomposed, so that nothing near singular is ever inverted (Rasmussen and Williams,
    algorithm 3.1).

    Parameters
    ----------
    whole
        Covariance of the log odds of the runs, (run, run).
    odds
        Where the step starts, (run,).
    yes
        What was seen, 0 or 1, (run,).
    xp, decomposed
        NumPy or JAX, and its Cholesky's root with the solution by a root.

    Returns
    -------
    tuple
        Log odds, their pull (the covariance times it gives them), root of the curvature, and
        root of :math:`B`.
    """
    root_of, solve = decomposed or (
        lambda m: cholesky(m, lower=True),
        lambda r, v: cho_solve((r, True), v),
    )
    chance = 1.0 / (1.0 + xp.exp(-odds))
    weight = xp.sqrt(chance * (1.0 - chance) + 1e-9)
    root = root_of(xp.eye(len(yes)) + weight[:, None] * whole * weight[None])
    aim = weight**2 * odds + (yes - chance)
    pull = aim - weight * solve(root, weight * (whole @ aim))
    return whole @ pull, pull, weight, root
