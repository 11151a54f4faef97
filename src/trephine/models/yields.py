"""The yield of one run: a share that differs from run to run and never passes one."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.polynomial.chebyshev import chebvander, chebvander2d
from numpy.polynomial.hermite_e import hermegauss
from numpy.typing import NDArray

Values: TypeAlias = float | NDArray[np.floating[Any]]
"""A number or an array of them; arrays broadcast."""
Floats: TypeAlias = NDArray[np.float64]

LOGIT = (-2.5, 4.8)
"""Logits of the medians that the table holds: 0.08 to 0.99."""
WIDEST = 0.8
"""Widest spread of the logarithm that the table holds."""
DEGREES = (24, 20)
"""Degrees of the table along the logit and along the spread."""
CHUNK = 8192
"""Values worked on at once, so that they stay in the processor's cache."""


def logistic(x: Values) -> Values:
    """Return the logistic function, which the hyperbolic tangent gives for any argument."""
    found: Values = 0.5 * (1.0 + np.tanh(0.5 * np.asarray(x)))
    return found


def yield_of_run(median: Values, spread: Values, luck: Values) -> Values:
    r"""Return the yield of each run, never above 1.

    .. math:: \operatorname{logit} y = \operatorname{logit} \tilde y + \sigma z

    A lognormal yield would pass 1 in a third of the runs. The logit-normal one cannot, keeps
    the median :math:`\tilde y`, and :math:`\sigma` is set so that the standard deviation of
    :math:`\ln y` is ``spread``.

    Parameters
    ----------
    median
        Median yield :math:`\tilde y`, between 0 and 1; exactly 0 and 1 do not vary [-].
    spread
        Standard deviation of the logarithm of the yield [-].
    luck
        Standard normal deviate :math:`z` [-].
    """
    middle, z = np.asarray(median, float), np.asarray(luck, float)
    if not z.any():
        same: Values = middle[()]
        return same
    varies = (middle > 0.0) & (middle < 1.0)
    inside = np.where(varies, middle, 0.5)
    odds = np.exp(logit_spread(inside, spread) * z)
    found: Values = inside * odds / (1.0 - inside + inside * odds)
    return np.where(varies & (z != 0.0), found, middle)[()]


def logit_spread(median: Values, spread: Values) -> Values:
    r"""Return the spread of the logit for which the logarithm of the yield spreads as asked.

    .. math:: \operatorname{sd} \ln \operatorname{expit}(\operatorname{logit}\tilde y + \sigma z)
              = s

    Solved once on a table of Chebyshev polynomials, to 1e-6 of the result, and outside of the
    table value by value. A value does not depend on those asked for at the same time.

    Parameters
    ----------
    median
        Median yield :math:`\tilde y`, strictly between 0 and 1 [-].
    spread
        Standard deviation of the logarithm of the yield :math:`s`, more than 0 [-].
    """
    middle, wide = np.broadcast_arrays(np.asarray(median, float), np.asarray(spread, float))
    flat_middle, flat_wide = middle.ravel(), wide.ravel()
    found = np.empty(middle.size)
    for start in range(0, middle.size, CHUNK):
        part = slice(start, start + CHUNK)
        found[part] = _looked_up(flat_middle[part], flat_wide[part])
    answer: Values = found.reshape(middle.shape)[()]
    return answer


def _looked_up(median: Floats, spread: Floats) -> Floats:
    """Return the spread of the logit from the table, and solved where it does not reach."""
    middle = np.log(median / (1.0 - median))
    held = (middle >= LOGIT[0]) & (middle <= LOGIT[1]) & (spread <= WIDEST)
    found = np.empty_like(middle)
    if held.any():
        found[held] = _interpolated(middle[held], spread[held])
    if not held.all():
        found[~held] = _solved(middle[~held], spread[~held])
    return found


def _near_one(ratio: Floats) -> Floats:
    r"""Return the spread of the logit where yields are near one, from the lognormal's variance.

    There :math:`1 - y` is lognormal, and :math:`e^{2\sigma^2} - e^{\sigma^2} = q^2` with
    :math:`q = s/(1-\tilde y)`. Elsewhere it is a first guess, right for small spreads.
    """
    found: Floats = np.sqrt(np.log(0.5 + 0.5 * np.sqrt(1.0 + 4.0 * ratio**2)))
    return found


def _place(middle: Floats, spread: Floats) -> tuple[Floats, Floats, Floats]:
    """Return where values lie on the table, each from -1 to 1, and the ratio of the guess."""
    lost = 0.5 * (1.0 - np.tanh(0.5 * middle))
    ratio = spread / lost
    along = (2.0 * middle - LOGIT[0] - LOGIT[1]) / (LOGIT[1] - LOGIT[0])
    across = 2.0 * np.arcsinh(ratio) / np.arcsinh(WIDEST / lost) - 1.0
    return along, across, ratio


def _interpolated(middle: Floats, spread: Floats) -> Floats:
    along, across, ratio = _place(middle, spread)
    rows, columns = chebvander(along, DEGREES[0]).T, chebvander(across, DEGREES[1]).T
    total = np.zeros_like(middle)
    for row, coefficients in zip(rows, _table(), strict=True):
        inner = np.zeros_like(middle)
        for column, coefficient in zip(columns, coefficients, strict=True):
            inner += coefficient * column
        total += row * inner
    found: Floats = _near_one(ratio) * np.exp(total)
    return found


@cache
def _table() -> Floats:
    """Return the coefficients of the logarithm of the spread over its first guess."""
    along, across = (np.cos(np.pi * (np.arange(n + 1) + 0.5) / (n + 1)) for n in DEGREES)
    x, y = (grid.ravel() for grid in np.meshgrid(along, across, indexing="ij"))
    middle = 0.5 * (LOGIT[0] + LOGIT[1] + x * (LOGIT[1] - LOGIT[0]))
    lost = 0.5 * (1.0 - np.tanh(0.5 * middle))
    ratio = np.sinh(0.5 * (y + 1.0) * np.arcsinh(WIDEST / lost))
    values = np.log(_solved(middle, ratio * lost) / _near_one(ratio))
    shape = (DEGREES[0] + 1, DEGREES[1] + 1)
    found: Floats = np.linalg.solve(chebvander2d(x, y, DEGREES), values).reshape(shape)
    return found


def _solved(middle: Floats, spread: Floats) -> Floats:
    """Return the spread of the logit by Newton's method on a quadrature over the luck."""
    nodes, weights = hermegauss(120)
    weights = weights / weights.sum()
    sigma = _near_one(spread / (0.5 * (1.0 - np.tanh(0.5 * middle))))
    for _ in range(50):
        logit = middle[:, None] + sigma[:, None] * nodes
        logarithm = -np.logaddexp(0.0, -logit)
        deviation = logarithm - (logarithm @ weights)[:, None]
        found = np.sqrt(deviation**2 @ weights)
        slope = (deviation * nodes * 0.5 * (1.0 - np.tanh(0.5 * logit))) @ weights / found
        stepped = sigma - (found - spread) / slope
        new = np.where(stepped > 0.0, stepped, 0.5 * sigma)
        done = bool(np.all(np.abs(new - sigma) <= 1e-13 * sigma))
        sigma = new
        if done:
            break
    return sigma
