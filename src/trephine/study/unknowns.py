"""Owns the numbers that are calibrated: their priors, and what they change of a course."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from trephine.catalogue.load import catalogue
from trephine.models.injection import InjectionParameters, outlasts
from trephine.models.reading import quantile
from trephine.models.retention import lost_early
from trephine.study.biology import ASSAY, RECORDS, is_possible, printed

Array = NDArray[np.floating[Any]]

RETENTION = "retention.none.count"
"""Record of how many of the cells of a shaft lesion without carrier stay, as odds."""
IDENTIFIERS = (*RECORDS, ASSAY, RETENTION)
"""Every number that is calibrated, by record id (design, healing, 7.7)."""
BED = "none"
"""What the cells of the calibrated series lie in."""


def values(deviates: Array) -> dict[str, Array]:
    """Return the numbers that standard normal deviates stand for, by record id, (sample,) each.

    In the unit of the record, by the spread that the catalogue states.

    Parameters
    ----------
    deviates
        One column for each of :data:`IDENTIFIERS`, (sample, number).
    """
    below = ndtr(deviates)
    return {
        name: quantile(catalogue().record(name), np.asarray(below[:, column], dtype=float))
        for column, name in enumerate(IDENTIFIERS)
    }


def biology(found: Mapping[str, Array]) -> dict[str, Array]:
    """Return what of the numbers an emulator is told as biology, in SI."""
    told = {name: found[name] * _to_si(name) for name in RECORDS}
    return {**told, ASSAY: found[ASSAY]}


def possible(found: Mapping[str, Array]) -> NDArray[np.bool_]:
    """Return whether an untreated non-union stays one and some dose tips it, (sample,)."""
    return is_possible(biology(found))


def retained(found: Mapping[str, Array], p: InjectionParameters) -> Array:
    r"""Return how many cells stay beside the printed retention, (sample,) [-].

    .. math:: \frac{\min(1,\,(1 - f'(c))/(1 - e_u))}{\min(1,\,(1 - f'(c_0))/(1 - e_u))}

    with the odds :math:`c` of the count and the share :math:`f'` lost early; what comes before on
    the way to the lesion does not know them.
    """
    bed = p.retention[BED]
    odds: Any = found[RETENTION]
    changed = replace(bed, count=odds)
    return np.asarray(outlasts(lost_early(changed), p) / outlasts(lost_early(bed), p))


@cache
def _to_si(name: str) -> float:
    return printed()[name] / catalogue().record(name).printed
