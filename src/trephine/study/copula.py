"""Correlated luck: normal deviates behind facts whose rank correlations are as stated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from trephine.case.laws import Choice, Law, Share
from trephine.case.population import Link
from trephine.core.errors import InputError, Problem

Array = NDArray[np.floating[Any]]

STRONGEST = 0.9999
"""Largest correlation of normal deviates that is tried."""
NODES = 64
"""Points of Gauss and Legendre on each step of the rank of a choice."""


def steps(law: Law) -> Array | None:
    """Return the shares up to each value of a law, from 0 to 1; None where it has no ties."""
    if isinstance(law, Share):
        return np.array([0.0, 1.0 - law.share, 1.0])
    if isinstance(law, Choice):
        shares = np.cumsum([0.0, *law.shares])
        shares[-1] = 1.0
        return shares
    return None


def rank_correlation(latent: float, one: Array | None, other: Array | None) -> float:
    r"""Return Spearman's correlation of two facts whose normal deviates correlate so much.

    .. math:: \rho_S = \frac{E[g_1(Z_1)\,g_2(Z_2)] - 1/4}{s_1 s_2}, \qquad
              \rho_S = \frac{6}{\pi} \arcsin\frac{r}{2}\ \text{without ties}

    with :math:`g` the share of patients below, ties at their middle, and :math:`s` its standard
    deviation.

    Parameters
    ----------
    latent
        Correlation :math:`r` of the deviates, between -1 and 1.
    one, other
        Shares up to each value, see :func:`steps`.
    """
    if one is None:
        if other is None:
            return float(6.0 / np.pi * np.arcsin(latent / 2.0))
        one, other = other, None
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    total = 0.0
    for low, high in pairwise(one):
        at = ndtri(low + (high - low) * (nodes + 1) / 2)
        below = _expected_rank(latent, at, other)
        total += (low + high) / 2 * (high - low) / 2 * float(weights @ below)
    return (total - 0.25) / (_spread(one) * _spread(other))


def _expected_rank(latent: float, deviate: Array, other: Array | None) -> Array:
    """Return the mean rank of the other fact where the deviate of the one is known."""
    if other is None:
        found: Array = ndtr(latent * deviate / np.sqrt(2.0 - latent**2))
        return found
    middles = (other[:-1] + other[1:]) / 2
    cuts = ndtri(other[1:-1])
    above = ndtr((latent * deviate[:, None] - cuts) / np.sqrt(1.0 - latent**2))
    ranks: Array = middles[0] + above @ np.diff(middles)
    return ranks


def _spread(shares: Array | None) -> float:
    """Return the standard deviation of the rank of a fact [-]."""
    if shares is None:
        return float(np.sqrt(1.0 / 12.0))
    middles, parts = (shares[:-1] + shares[1:]) / 2, np.diff(shares)
    return float(np.sqrt(parts @ middles**2 - 0.25))


def latent(rank: float, one: Array | None, other: Array | None) -> float:
    """Return the correlation of normal deviates that gives a rank correlation.

    Raises
    ------
    ValueError
        In words for a person, if ties leave less than was asked for.
    """
    if one is None and other is None:
        return float(2.0 * np.sin(np.pi * rank / 6.0))
    if any(shares is not None and np.max(np.diff(shares)) == 1.0 for shares in (one, other)):
        raise ValueError("one of the two is the same for all patients; drop the link")
    from scipy.optimize import brentq  # noqa: PLC0415  (slow to import)

    low, high = (rank_correlation(end, one, other) for end in (-STRONGEST, STRONGEST))
    if not low <= rank <= high:
        raise ValueError(f"ties leave a rank correlation from {low:.2f} to {high:.2f}")
    return float(
        brentq(lambda r: rank_correlation(r, one, other) - rank, -STRONGEST, STRONGEST, xtol=1e-9)
    )


def factors(laws: Mapping[str, Law], links: Sequence[Link]) -> tuple[list[str], Array]:
    """Return the linked facts and the triangular factor of the correlation of their deviates.

    Parameters
    ----------
    laws
        Law by fact, in their order.
    links
        Rank correlations.

    Returns
    -------
    tuple
        Names of the linked facts in the order of the laws, and the factor
        ``(fact, fact)`` that turns independent deviates into theirs [-].

    Raises
    ------
    InputError
        If a correlation cannot be had, or the correlations contradict each other.
    """
    linked = {place for link in links for place in link.places}
    names = [place for place in laws if place in linked]
    matrix = np.eye(len(names))
    problems = []
    for number, link in enumerate(links):
        i, j = (names.index(place) for place in link.places)
        try:
            matrix[i, j] = matrix[j, i] = latent(link.rank, *(steps(laws[p]) for p in link.places))
        except ValueError as error:
            problems.append(Problem(f"link.{number}.rank", str(error)))
    if not problems and names and np.linalg.eigvalsh(matrix)[0] < 1e-9:
        problems.append(
            Problem("link", f"the correlations of {', '.join(names)} contradict each other; "
                    "weaken one or add what is between the others")
        )  # fmt: skip
    if problems:
        raise InputError("the population cannot be drawn", problems)
    return names, np.linalg.cholesky(matrix)
