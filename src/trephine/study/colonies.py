"""What a colony assay of each product would show, in the laboratory that a dose is told in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trephine.catalogue.load import catalogue
from trephine.core.rng import Streams
from trephine.models.assay import Assay, AssayParameters, assay
from trephine.models.reading import Reading
from trephine.study.chain import Treated
from trephine.study.dose import Dose


@dataclass(frozen=True)
class Dishes:
    """Colonies of a product, counted over samples.

    Parameters
    ----------
    plated
        Nucleated cells in each dish [-].
    number
        Dishes.
    found
        What the laboratory reports of the product.
    """

    plated: float
    number: int
    found: Assay

    @property
    def colonies(self) -> NDArray[np.int64]:
        """Colonies in all dishes together, (sample,)."""
        return np.asarray(self.found.colonies.sum(axis=0))

    @property
    def per_million(self) -> NDArray[np.float64]:
        """Colonies per million nucleated cells, (sample,)."""
        return np.asarray(self.colonies / (self.plated * self.number * 1e-6))


def dishes(dose: Dose, number: int) -> Dishes:
    """Return the assay of an injection's product over the samples of its dose.

    Dishes are filled by count of nucleated cells, so that a sample's volume in them depends on how
    many cells it holds. The luck of donor, needle and device, the numbers of the catalogue and
    the scatter of the dishes all are in it.

    Parameters
    ----------
    dose
        The dose, with its laboratory.
    number
        Which injection, from 0; one of marrow that was not cultured.
    """
    p = Reading(catalogue()).fill(AssayParameters)
    treated: Treated = dose.injections[number]
    count = int(p.dishes)
    nucleated: Any = treated.product.nucleated * np.ones(dose.count)
    volume = p.plated * treated.product.volume / nucleated
    rng = Streams(dose.seed).within("assay", number).named("dishes")
    plated = np.broadcast_to(volume, (count, dose.count))
    return Dishes(p.plated, count, assay(treated.product, plated, dose.factor, rng))
