"""Owns how likely published values are, given what a virtual series of the same kind expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, gammaln, logit, logsumexp, roots_hermitenorm

from trephine.models.discrepancy import DiscrepancyParameters
from trephine.study.targets import Target

Array = NDArray[np.floating[Any]]

NODES = 15
"""Points of the quadrature over the log odds of a share."""
LEAST = 1e-6
"""Smallest chance that an emulator's share is taken for, and of its complement."""


@dataclass(frozen=True)
class Expected:
    """What virtual patients expect of one published value, by draw of the unknowns.

    Parameters
    ----------
    mean
        Share, weeks or dose, (sample,).
    variance
        Of single patients, (sample,); of a share the variance of the chances between patients.
    counted
        How many virtual patients the mean rests on, (sample,).
    """

    mean: Array
    variance: Array
    counted: Array


def log_likelihood(
    targets: Sequence[Target],
    expected: Sequence[Expected],
    p: DiscrepancyParameters,
    laboratory: float,
) -> Array:
    """Return the log likelihood of all published values together, (sample,).

    Values are independent of each other but for the doses of one trial, which one laboratory
    counted.

    Parameters
    ----------
    targets
        The published values.
    expected
        What is expected of each.
    p
        How far a right model may lie off a series.
    laboratory
        Spread of the logarithm of what a laboratory counts.
    """
    whole = np.zeros(len(expected[0].mean)) if expected else np.zeros(1)
    doses: dict[str, list[int]] = {}
    for number, (target, told) in enumerate(zip(targets, expected, strict=True)):
        if target.kind == "share":
            whole = whole + share(target, told, p.share)
        elif target.kind == "time":
            whole = whole + time(target, told, p.time)
        else:
            doses.setdefault(target.trial, []).append(number)
    for members in doses.values():
        some = [targets[n] for n in members]
        whole = whole + dose(some, [expected[n] for n in members], p.dose, laboratory)
    return whole


def share(target: Target, told: Expected, discrepancy: float) -> Array:
    r"""Return the log likelihood of a count of patients, (sample,).

    .. math:: k \sim \mathrm{Binomial}(n, \sigma(\mathrm{logit}\,\bar p + e)), \qquad
              e \sim \mathrm{Normal}\!\left(0,\, \delta^2 +
              \frac{s^2}{P\,[\bar p (1 - \bar p)]^2}\right)

    integrated over :math:`e` by quadrature; :math:`s^2/P` is what :math:`P` virtual patients leave
    open.
    """
    mean = np.clip(told.mean, LEAST, 1.0 - LEAST)
    few = told.variance / (told.counted * (mean * (1.0 - mean)) ** 2)
    node, weight = roots_hermitenorm(NODES)
    odds = logit(mean)[:, None] + np.sqrt(discrepancy**2 + few)[:, None] * node
    chance = np.clip(expit(odds), 1e-300, 1.0 - 1e-16)
    k, n = target.value, target.n
    ways = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    each = ways + k * np.log(chance) + (n - k) * np.log1p(-chance)
    return np.asarray(logsumexp(each, axis=1, b=weight / weight.sum()))


def time(target: Target, told: Expected, discrepancy: float) -> Array:
    r"""Return the log likelihood of a mean time, (sample,).

    .. math:: \bar t \sim \mathrm{Normal}\!\left(\mu,\; \frac{s^2}{n} + \frac{s^2}{P} +
              (\delta \mu)^2 + \frac{h^2}{3}\right)

    with the half unit :math:`h` of the last decimal printed.
    """
    single = told.variance if target.spread is None else np.full_like(told.mean, target.spread**2)
    variance = (
        single / target.n
        + told.variance / told.counted
        + (discrepancy * told.mean) ** 2
        + target.rounded**2 / 3.0
    )
    off = target.value - told.mean
    return np.asarray(-0.5 * (off**2 / variance + np.log(2.0 * np.pi * variance)))


def dose(
    targets: Sequence[Target], told: Sequence[Expected], discrepancy: float, laboratory: float
) -> Array:
    r"""Return the log likelihood of mean doses that one laboratory counted, (sample,).

    .. math:: \ln \bar d_j - \ln \mu_j = \ell + e_j, \quad \ell \sim \mathrm{Normal}(0, s_\ell^2),
              \quad e_j \sim \mathrm{Normal}\!\left(0,\, \delta^2 + \frac{v_j}{n_j} +
              \frac{v_j'}{P_j}\right)

    with the squared coefficients of variation :math:`v` of the patients. What is common to all,
    the laboratory, is integrated out, so that doses beside each other tell more than each.
    """
    mean = np.stack([one.mean for one in told])
    off = np.stack([np.log(t.value / one.mean) for t, one in zip(targets, told, strict=True)])
    own = np.stack(
        [
            discrepancy**2
            + (one.variance / one.mean**2 if t.spread is None else (t.spread / t.value) ** 2) / t.n
            + one.variance / (one.mean**2 * one.counted)
            for t, one in zip(targets, told, strict=True)
        ]
    )
    weight = 1.0 / own
    common = 1.0 / (1.0 / laboratory**2 + weight.sum(axis=0))
    square = (off**2 * weight).sum(axis=0) - common * (off * weight).sum(axis=0) ** 2
    size = np.log(own).sum(axis=0) + 2.0 * np.log(laboratory) - np.log(common)
    return np.asarray(-0.5 * (square + size + len(mean) * np.log(2.0 * np.pi)))
