"""What drives a spread: shares of a variance by input, first-order and total (Sobol)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

RESAMPLES = 200
"""Resamples of the bootstrap."""
COVERAGE = 0.95


@dataclass(frozen=True)
class Driver:
    """The share of a variance that one input, or one group of inputs, accounts for.

    Parameters
    ----------
    name
        The input.
    first
        Share by the input alone: what knowing it would take off the variance [-].
    total
        Share with all that it does together with others: what is left if only it is unknown [-].
    first_interval, total_interval
        Where the two lie in 95 % of resamples, low and high [-].
    """

    name: str
    first: float
    total: float
    first_interval: tuple[float, float]
    total_interval: tuple[float, float]


def indices(f_a: Array, f_b: Array, f_ab: Array) -> tuple[Array, Array]:
    r"""Return first-order and total indices of each input.

    .. math:: S_i = \frac{\overline{f_B\,(f_{AB_i} - f_A)}}{V}, \qquad
              T_i = \frac{\overline{(f_A - f_{AB_i})^2}}{2V}

    :math:`AB_i` is sample A with input :math:`i` taken from the independent sample B; outputs are
    taken about their mean, and :math:`V` is the variance over A and B. An input that changes
    nothing gets exactly 0.

    Parameters
    ----------
    f_a, f_b
        Outputs of the two samples, (..., sample).
    f_ab
        Outputs with one input exchanged, (input, ..., sample).

    Returns
    -------
    tuple
        First-order and total, each (input, ...) [-].

    References
    ----------
    Saltelli 2010 for :math:`S_i`, Jansen 1999 for :math:`T_i`.
    """
    both = np.concatenate([f_a, f_b], axis=-1)
    mean, variance = both.mean(axis=-1), both.var(axis=-1)
    first = ((f_b - mean[..., None]) * (f_ab - f_a)).mean(axis=-1) / variance
    total = 0.5 * ((f_a - f_ab) ** 2).mean(axis=-1) / variance
    return first, total


def drivers(
    f_a: Array, f_b: Array, f_ab: Mapping[str, Array], rng: np.random.Generator
) -> tuple[Driver, ...]:
    """Return the drivers of an output, the largest total first, with bootstrap intervals.

    Parameters
    ----------
    f_a, f_b
        Outputs of the two samples, (sample,).
    f_ab
        Outputs with one input exchanged, (sample,), by input.
    rng
        Luck of the resampling.
    """
    names = list(f_ab)
    if not names or max(np.ptp(f_a), np.ptp(f_b)) <= 1e-12 * np.abs(f_a).max():
        return ()
    exchanged = np.stack([f_ab[name] for name in names])
    first, total = indices(f_a, f_b, exchanged)
    tails = ((1.0 - COVERAGE) / 2.0, (1.0 + COVERAGE) / 2.0)
    ends = np.quantile(_resampled(f_a, f_b, exchanged, rng), tails, axis=1)  # (end, kind, input)
    found = [
        Driver(
            name,
            float(first[i]),
            float(total[i]),
            (float(ends[0, 0, i]), float(ends[1, 0, i])),
            (float(ends[0, 1, i]), float(ends[1, 1, i])),
        )
        for i, name in enumerate(names)
    ]
    return tuple(sorted(found, key=lambda driver: -driver.total))


def _resampled(f_a: Array, f_b: Array, f_ab: Array, rng: np.random.Generator) -> Array:
    """Return both indices of each resample of the samples, (kind, resample, input)."""
    count = f_a.size
    chosen = rng.integers(0, count, (RESAMPLES, count)) + count * np.arange(RESAMPLES)[:, None]
    times = np.bincount(chosen.ravel(), minlength=RESAMPLES * count)
    weights = times.reshape(RESAMPLES, count) / count
    middle = f_a.mean()
    a, b, change = f_a - middle, f_b - middle, f_ab - f_a
    mean = 0.5 * weights @ (a + b)
    variance = (0.5 * weights @ (a**2 + b**2) - mean**2)[:, None]
    first = weights @ (b * change).T - mean[:, None] * (weights @ change.T)
    found: Array = np.stack([first, 0.5 * weights @ (change**2).T]) / variance
    return found


def shares_by_sample(
    inputs: Mapping[str, Array], output: Array, bins: int = 16
) -> dict[str, float]:
    r"""Return a rough first-order share of each input from one sample of inputs and output.

    .. math:: \eta_i^2 = \frac{\operatorname{Var}[\,\operatorname{E}(f \mid x_i)\,]}
              {\operatorname{Var} f}

    The conditional mean is that of equally filled bins, less what bins of pure noise would
    show. It costs no evaluation and serves to choose what to look at closely.

    Parameters
    ----------
    inputs
        Samples of each input, (sample,), by name.
    output
        Output, (sample,).
    bins
        Bins an input is cut into.
    """
    count = output.size // bins * bins
    variance = float(output.var())
    found: dict[str, float] = {}
    for name, values in inputs.items():
        rows = output[np.argsort(values[:count], kind="stable")].reshape(bins, -1)
        share = float(rows.mean(axis=1).var()) / variance if variance > 0 else 0.0
        found[name] = share - (bins - 1) / count
    return found
