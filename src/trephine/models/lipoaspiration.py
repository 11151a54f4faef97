"""What liposuction brings: fat with the stromal cells that it holds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trephine.case.harvesting import FatHarvest
from trephine.case.suspension import Suspension
from trephine.models.aspiration_parameters import LipoaspirationParameters

__all__ = ["LipoaspirationParameters", "lipoaspirated"]


def lipoaspirated(
    plan: FatHarvest, p: LipoaspirationParameters, luck: float | NDArray[np.floating[Any]]
) -> Suspension:
    r"""Return the lipoaspirate and the cells it holds, over samples.

    .. math:: N = n\,V e^{\sigma z - \sigma^2/2}, \qquad P = \pi N

    The cells sit in the tissue; what is set free is the business of the processing. Fat cells do
    not count. Of the blood in it the red cells are told, the platelets not.

    Parameters
    ----------
    plan
        The volume drawn.
    p
        Cells :math:`n` per volume, share of progenitors :math:`\pi` and spread :math:`\sigma`
        between donors, each one value or (sample,).
    luck
        Standard normal deviate :math:`z` of the donor, (sample,) or one value [-].

    Returns
    -------
    Suspension
        Cells are (sample,); the mean over donors is preserved.
    """
    nucleated: Any = (
        plan.volume * p.nucleated * np.exp(p.donor_spread * luck - p.donor_spread**2 / 2)
    )
    return Suspension(
        volume=plan.volume,
        nucleated=nucleated,
        progenitors=nucleated * p.prevalence,
        platelets=0.0,
        red_cell_volume=plan.volume * p.red_cells,
        anticoagulant=0.0,
    )
