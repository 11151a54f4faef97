"""What beats what: the front of chance against burden, and the plans that deserve a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Whole = NDArray[np.intp]


def front(gain: Array, burdens: Sequence[Array]) -> Whole:
    r"""Return the plans that no other plan beats, in the order of their burden.

    A plan is on the front if no plan of at most its burden gains at least as much. Of plans that
    are alike in burden and gain the one that comes first by the further burdens stands for all,
    and of those the first.

    Parameters
    ----------
    gain
        What is to be high, (plan,).
    burdens
        What is to be low, (plan,) each; the first is the axis, the rest break ties.

    Returns
    -------
    NDArray
        Numbers of the plans; burden and gain both rise along them.
    """
    order = np.lexsort((*reversed([np.asarray(b) for b in burdens[1:]]), -gain, burdens[0]))
    best = np.maximum.accumulate(np.concatenate([[-np.inf], gain[order]]))[:-1]
    found: Whole = order[gain[order] > best]
    return found


def least(gain: Array, burdens: Sequence[Array], target: float) -> int | None:
    """Return the plan of the least burden that reaches a gain; ties by the further burdens.

    Parameters
    ----------
    gain, burdens
        As for :func:`front`.
    target
        The gain to reach.
    """
    fit = np.flatnonzero(gain >= target)
    if not fit.size:
        return None
    keys = [-gain[fit], *reversed([np.asarray(b)[fit] for b in burdens])]
    return int(fit[np.lexsort(keys)[0]])


def best(gain: Array, burdens: Sequence[Array]) -> int:
    """Return the plan of the highest gain; ties by the burdens in turn."""
    keys = [*reversed([np.asarray(b) for b in burdens]), -gain]
    return int(np.lexsort(keys)[0])


def paired(one: Array, other: Array) -> tuple[float, tuple[float, float]]:
    r"""Return the mean difference of two plans that met the same luck, with its interval of 95 %.

    .. math:: \bar d \pm 1.96\, s_d/\sqrt{n}

    Parameters
    ----------
    one, other
        What each gained, (sample,).
    """
    difference = np.asarray(one, dtype=float) - np.asarray(other, dtype=float)
    half = 1.959963984540054 * float(difference.std()) / np.sqrt(difference.size)
    middle = float(difference.mean())
    return middle, (middle - float(half), middle + float(half))
