"""How long injected cells stay where they were placed, after one injection or several (D3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from trephine.core.units import Fraction, Positive, Unit

Values: TypeAlias = float | NDArray[np.floating[Any]]
"""A number or an array of them; arrays broadcast, the last axis is that of the samples."""
HalfLife = Annotated[float, Unit("s", "d", gt=0)]


@dataclass(frozen=True)
class Bed:
    """What injected cells lie in: a joint, a tendon, a disc, or bone with what holds them there.

    Parameters
    ----------
    washed_out
        Share that is lost early, by veins and lymph and by death, as counted [-].
    fast_half_life, slow_half_life
        Half-lives of the share lost early and of the one that stays [s].
    count
        Factor on the odds that a cell stays, for what counting by labels gets wrong [-].
    """

    SECTION: ClassVar[str] = "retention"

    washed_out: Fraction
    fast_half_life: HalfLife
    slow_half_life: HalfLife
    count: Positive


def lost_early(bed: Bed) -> Values:
    r"""Return the share of placed cells that is gone after the first days [-].

    .. math:: f' = \frac{f}{f + c\,(1 - f)}

    The error :math:`c` of the count acts on the odds that a cell stays. Where few stay that is
    a factor on their number, 0.7 in its logarithm as the specification has it, and where most stay
    no more than all can. Without an error the share is the one counted.
    """
    lost: Values = bed.washed_out / (bed.washed_out + bed.count * (1.0 - bed.washed_out))
    return lost


def retained(time: Values, washed_out: Values, fast: Values, slow: Values) -> Values:
    r"""Return the share of placed cells that is there after a time (D3).

    .. math:: \mathrm{Ret}(t) = f\, 2^{-t/h_1} + (1-f)\, 2^{-t/h_2}

    Parameters
    ----------
    time
        Time since the injection :math:`t` [s].
    washed_out
        Share :math:`f` that is lost early, by veins and lymph and by death [-].
    fast, slow
        Half-lives :math:`h_1` and :math:`h_2` [s].
    """
    share: Values = washed_out * np.exp2(-time / fast) + (1.0 - washed_out) * np.exp2(-time / slow)
    return share


class Placed(NamedTuple):
    """Cells that an injection placed.

    Parameters
    ----------
    day
        Time of the injection [s].
    cells
        Cells placed, before any is washed out, a number or (sample,) [-].
    washed_out
        Share that is lost early, a number or (sample,) [-].
    fast, slow
        Half-lives of that share and of the rest, a number or (sample,) [s].
    """

    day: float
    cells: Values
    washed_out: Values
    fast: Values
    slow: Values


def present(times: Values, injections: Sequence[Placed]) -> Values:
    r"""Return how many cells are there over time after one injection or several [-].

    .. math:: N(t) = \sum_{i:\, t_i \le t} N_i\, \mathrm{Ret}_i(t - t_i)

    By D3 alone: cells neither divide nor differentiate, and one injection does not change what
    another leaves. A dose split over days adds up by the same law; the healing model, which has
    its own losses, does not use it.

    Parameters
    ----------
    times
        A time, or times as a column (time, 1) [s].
    injections
        What each injection placed, and how long it stays.

    Returns
    -------
    array
        Cells, a number or (time, sample).
    """
    total: Values = np.zeros(np.shape(times))
    for one in injections:
        since = np.asarray(times) - one.day
        # Before its day an injection counts as not yet there, at whatever the law says then.
        share = retained(np.maximum(since, 0.0), one.washed_out, one.fast, one.slow)
        total = total + np.where(since >= 0.0, one.cells * share, 0.0)
    return total
