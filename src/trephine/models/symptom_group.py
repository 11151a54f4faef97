"""The course of a group of people alike under one treatment, for each draw of a posterior."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trephine.catalogue.vocabulary import Product
from trephine.core.types import Series
from trephine.models.instruments import Domain
from trephine.models.symptom_layout import CELLS, CULTURED, FLARING, PRODUCTS, SITES, class_of
from trephine.models.symptoms import (
    DAY,
    SymptomLaws,
    effect_shape,
    flare_shape,
    mean_change,
    response_reached,
    settled,
)

Floats = NDArray[np.float64]
Draws = Mapping[str, Floats]

CONTROLS = (Product.NONE, Product.EXERCISE)


@dataclass(frozen=True)
class Given:
    """What a group gets.

    Parameters
    ----------
    product
        By its standard name.
    days
        Days of the injections, in order; of a treatment without a needle its first day [d].
    cells
        Cultured cells, where it is they [-].
    alone
        Whether nobody was dealt it by chance, as in a series.
    open
        Whether patients of a randomised trial knew what they got.
    """

    product: Product
    days: tuple[float, ...] = (0.0,)
    cells: float | None = None
    alone: bool = False
    open: bool = False


@dataclass(frozen=True)
class Luck:
    """What differs from study to study, the same for every treatment that is compared.

    Parameters
    ----------
    study, benefit, bias
        Standard normal deviates (draw,); zero for the middle study.
    """

    study: Floats
    benefit: Floats
    bias: Floats


def group_change(
    draws: Draws,
    laws: SymptomLaws,
    given: Given,
    *,
    site: str,
    domain: Domain,
    baseline: float | Floats,
    severity: float,
    day: Series,
    luck: Luck,
) -> Floats:
    """Return the change of the mean burden of a group, negative where better, (draw, time).

    The last injection sets the benefit and the flare; benefits of earlier ones are not added up.

    Parameters
    ----------
    draws
        Parameters, (draw, ...).
    laws
        Levels that parameters refer to.
    given
        What the group gets.
    site, domain
        Where, and pain or function.
    baseline
        Mean burden before treatment, one or (draw,) [points].
    severity
        -1 mild, 0 mixed, 1 severe.
    day
        Days since day 0 (time,) [d].
    luck
        Of the study.
    """
    began, last = _since(given, np.asarray(day, dtype=np.float64))
    d = {k: np.asarray(v)[:, None] if np.ndim(v) == 1 else np.asarray(v) for k, v in draws.items()}
    place = SITES.index(site)
    injected = float(given.product not in CONTROLS)
    ratio = d["function_ratio"] if domain == "function" else 1.0
    response = d["response_of_site"][:, [place]] + d["response_by_study"] * luck.study[:, None]
    response = response - d["response_by_stage"] * severity
    kind = class_of(given.product)
    flare = d["flare"] if given.product in FLARING else d["flare_of_others"]
    gain = d["bias"] + d["bias_by_study"] * luck.bias[:, None] if given.alone else 0.0
    if given.open and given.product in FLARING:
        gain = gain + d["open_gain"] * laws.level_sd_pain
    base = np.reshape(np.asarray(baseline, dtype=float), (-1, 1))
    found = mean_change(
        regressed=d["regression"] * (base - laws.typical(domain)),
        regression_done=settled(began, laws.regression_days / DAY),
        response=ratio * response * response_reached(d["natural_share"], injected),
        response_done=settled(began, d["response_days"]),
        benefit=ratio * _benefit(d, laws, given, place, severity, luck),
        effect=effect_shape(last, d["onset"][:, [kind]], d["waning"][:, [kind]]),
        bias=ratio * gain,
        late_bias=ratio * (d["late_bias"] if given.alone else 0.0),
        late=effect_shape(began, d["onset"][:, [CELLS]], d["waning"][:, [CELLS]]),
        flare=ratio * flare * injected,
        flared=flare_shape(last, laws.flare_rise / DAY, d["flare_days"]),
    )
    return np.asarray(found)


def _since(given: Given, day: Floats) -> tuple[Floats, Floats]:
    """Return the days since the first and since the latest treatment, 0 before it, (time,)."""
    first = np.maximum(day - given.days[0], 0.0)
    latest = np.array([max((g for g in given.days if g <= t), default=t) for t in day])
    return first, day - latest


def _benefit(
    d: Draws, laws: SymptomLaws, given: Given, place: int, severity: float, luck: Luck
) -> Floats:
    """Return the benefit of a product over saline, (draw, 1)."""
    if given.product not in PRODUCTS:
        return np.zeros((len(d["bias"]), 1))
    benefit = d["benefit_of"][:, place, PRODUCTS.index(given.product)][:, None]
    benefit = benefit - d["benefit_by_stage"] * severity
    benefit = benefit + d["benefit_by_study"] * luck.benefit[:, None]
    if given.product in CULTURED and given.cells:
        benefit = benefit + d["benefit_by_dose"] * np.log10(given.cells / laws.reference_cells)
    return benefit
