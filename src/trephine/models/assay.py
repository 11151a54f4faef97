"""How colonies are counted: laboratories that differ, dishes that scatter (H7)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trephine.models.aspiration_parameters import AspirationParameters, Values


def draw_laboratory(p: AspirationParameters, rng: np.random.Generator) -> float:
    """Return a laboratory's factor on colony counts, 1 in the reference laboratory (H7)."""
    return float(np.exp(p.laboratory_spread * rng.standard_normal()))


def count_colonies(
    prevalence: Values, plated: Values, laboratory: Values, rng: np.random.Generator
) -> NDArray[np.int64]:
    r"""Return the colonies a dish shows (H7).

    .. math:: n \sim \mathrm{Poisson}(\text{plated} \cdot \text{prevalence} \cdot E)

    Parameters
    ----------
    prevalence
        Progenitors per nucleated cell, as the reference laboratory counts them [-].
    plated
        Nucleated cells plated [-].
    laboratory
        Plating efficiency :math:`E` relative to the reference laboratory [-].
    rng
        Luck of the dish.
    """
    expected = np.asarray(plated) * np.asarray(prevalence) * np.asarray(laboratory)
    return np.asarray(rng.poisson(expected), dtype=np.int64)
