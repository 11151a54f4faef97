"""Laws of fat: cells that collagenase sets free, and fat cut into clusters that keep theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from trephine.core.units import Fraction, Positive
from trephine.models.yields import Values, yield_of_run

STROMAL = "other stromal cell"
"""The nucleated cells of fat that are no progenitors."""


@dataclass(frozen=True)
class AdiposeParameters:
    """The numbers of fat; each field's record says what it is and where it comes from."""

    SECTION: ClassVar[str] = "adipose"

    digestion_viability: Fraction
    digestion_yield: Fraction
    yield_spread: Positive
    cut_viability: Fraction
    cluster_density: Positive
    cluster_yield: Fraction
    cluster_release: Fraction


@dataclass(frozen=True)
class Shares:
    """What becomes of the cells of lipoaspirate, as shares; over samples each is (sample,).

    Parameters
    ----------
    progenitors, others
        Share that counts as delivered [-].
    trapped_progenitors, trapped_others
        Share that stays in the clusters of fat, alive, and counts for nothing here [-].
    """

    progenitors: Any
    others: Any
    trapped_progenitors: Any = 0.0
    trapped_others: Any = 0.0


def digested(p: AdiposeParameters, luck: Values) -> Shares:
    r"""Return the shares of the stromal vascular fraction.

    .. math:: R_P = y(\tilde y, z), \qquad R_N = y(v, z)

    Lipoaspirate is counted by what collagenase frees of it in a laboratory, the dead with the
    living. Of the progenitors, which are counted by the colonies they form and so were alive,
    the share :math:`y` of the run reaches the product; of the other cells it is the living share
    :math:`v` in the median, and they follow the run by the same law.

    Parameters
    ----------
    p
        Viability :math:`v`, median yield :math:`\tilde y` and its spread.
    luck
        Standard normal deviate of the run, 0 for the median [-].
    """
    run = yield_of_run(p.digestion_yield, p.yield_spread, luck)
    return Shares(run, yield_of_run(p.digestion_viability, p.yield_spread, luck))


def fragmented(volume_in: Values, volume_out: Values, p: AdiposeParameters, luck: Values) -> Shares:
    r"""Return the shares of fat that is cut into clusters and washed.

    .. math:: R_P = k r, \qquad R_N = k r v, \qquad
              k = \min\!\left(y,\; c\,V_\mathrm{out}/V_\mathrm{in}\right)

    Cells cannot be had denser than they lie in fat. So what is kept :math:`k` is bounded by
    the room in the product; a larger product than the clusters fill holds saline. Most cells
    stay in the clusters; what counts as delivered is the share :math:`r` that leaves them.

    Parameters
    ----------
    volume_in, volume_out
        Volume of the lipoaspirate and of the product [m^3].
    p
        Yield :math:`y` with its spread, density of clusters :math:`c`, release :math:`r` and
        viability :math:`v`.
    luck
        Standard normal deviate of the run, 0 for the median [-].
    """
    run = yield_of_run(p.cluster_yield, p.yield_spread, luck)
    kept: Any = np.minimum(run, p.cluster_density * volume_out / volume_in)
    alive, out = kept * p.cut_viability, p.cluster_release
    return Shares(kept * out, alive * out, kept * (1.0 - out), alive * (1.0 - out))
