"""What a solid carrier catches of the cells in a product that is passed through it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from trephine.core.units import Positive, Unit

Values: TypeAlias = float | NDArray[np.floating[Any]]
"""A number or an array of them; arrays broadcast, the last axis is that of the samples."""
Shares = Annotated[Mapping[str, float], Unit("1", "1", gt=0, le=1)]


@dataclass(frozen=True)
class FiltrationParameters:
    """The numbers of loading a carrier by filtration.

    Parameters
    ----------
    capture
        Share of the progenitors that a carrier catches, by carrier [-].
    cells_over_mixing, progenitors_over_mixing
        Cells and progenitors that a carrier holds after filtration, over mixing [-].
    measured_ratio
        Volume passed through over bulk volume of carrier at which captures were measured [-].
    """

    SECTION: ClassVar[str] = "filtration"

    capture: Shares
    cells_over_mixing: Positive
    progenitors_over_mixing: Positive
    measured_ratio: Positive


class Captured(NamedTuple):
    """Shares that a carrier catches, a number or (sample,) [-]."""

    progenitors: Values
    others: Values


def affinity(p: FiltrationParameters) -> Values:
    r"""Return how much more readily progenitors are caught than cells at large [-].

    .. math:: a = \frac{P_\mathrm{filtered}/P_\mathrm{mixed}}{N_\mathrm{filtered}/N_\mathrm{mixed}}

    How much was passed through falls out of the ratio. Measured in dogs on demineralised bone
    [Muschler2005] and used for all carriers.
    """
    return p.progenitors_over_mixing / p.cells_over_mixing


def captured(carrier: str, p: FiltrationParameters) -> Captured:
    r"""Return the shares of progenitors and of other nucleated cells that a carrier catches.

    .. math:: c_P = c, \qquad c_N = \min\left(1, \frac{c}{a}\right)

    Progenitors are a few in a hundred thousand nucleated cells, so the capture of all cells is
    that of the others. Captures were counted after five to six passes at one ratio of marrow to
    carrier [Filtration2019]; how they fall when a carrier is overloaded is not known.

    Parameters
    ----------
    carrier
        A carrier whose capture is known.
    p
        The numbers of filtration.
    """
    progenitors = p.capture[carrier]
    return Captured(progenitors, np.minimum(1.0, progenitors / affinity(p)))
