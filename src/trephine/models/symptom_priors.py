"""Priors of the fit of symptoms, as their records state them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, ClassVar

from trephine.catalogue.load import Catalogue
from trephine.core.units import Unit
from trephine.models.reading import Reading
from trephine.models.symptoms import DAY, Points, Span

Positive = Annotated[float, Unit("1", "1", gt=0)]


@dataclass(frozen=True)
class SymptomPriors:
    """Middles of the priors; a record without a spread is the scale of a half-normal law.

    Parameters
    ----------
    response, response_by_joint, response_by_study, response_by_stage
        Shared response, its spread between joints and studies, what severe disease takes [points].
    response_days, flare_days
        Times in which the response comes and a flare fades [s].
    natural_share
        Odds of the share of the response that needs no needle [-].
    regression
        Share of the distance from the typical level that is regressed [-].
    function_ratio
        Change of function for a point of pain [-].
    benefit, benefit_of_kin, benefit_by_joint, benefit_by_study
        Benefit over saline, its spread among kin, joints and studies [points].
    benefit_by_dose, benefit_by_stage
        Benefit for tenfold the cultured cells, and what severe disease takes [points].
    bias, late_bias, bias_by_study
        Gain of treated arms without randomisation, coming as the response or as a benefit of
        cells, and its spread [points].
    open_gain
        Gain of cells or platelets in open randomised trials [standard deviations of pain].
    flare, flare_of_others
        Height of the flare of cells or platelets, and of other injections [points].
    """

    SECTION: ClassVar[str] = "symptoms.prior"
    response: Points
    response_by_joint: Positive
    response_by_study: Positive
    response_by_stage: Points
    response_days: Span
    natural_share: Positive
    regression: Positive
    function_ratio: Positive
    benefit: Points
    benefit_of_kin: Positive
    benefit_by_joint: Positive
    benefit_by_study: Positive
    benefit_by_dose: Points
    benefit_by_stage: Points
    bias: Points
    late_bias: Points
    bias_by_study: Positive
    open_gain: Points
    flare: Positive
    flare_of_others: Positive
    flare_days: Span


@dataclass(frozen=True)
class SymptomTimes:
    """Times in which an effect begins and wanes, by class of product [s]."""

    SECTION: ClassVar[str] = "symptoms"
    onset: Annotated[Mapping[str, float], Unit("s", "d", gt=0)]
    waning: Annotated[Mapping[str, float], Unit("s", "d", gt=0)]


@dataclass(frozen=True)
class Prior:
    """A prior: its middle, and the spread of its law; times are in days."""

    middle: float
    spread: float


def priors(facts: Catalogue) -> Mapping[str, Prior]:
    """Return the priors by name; those of times by class as ``onset.cells``.

    Raises
    ------
    CatalogueError
        If a record is missing or beyond its bounds.
    """
    reading = Reading(facts)
    printed, times = reading.fill(SymptomPriors), reading.fill(SymptomTimes)
    found = {field.name: getattr(printed, field.name) for field in fields(printed)}
    found = {k: v / DAY if k.endswith("_days") else v for k, v in found.items()}
    ids = {name: f"symptoms.prior.{name}" for name in found}
    for part in ("onset", "waning"):
        for name, value in getattr(times, part).items():
            found[f"{part}.{name}"] = value / DAY
            ids[f"{part}.{name}"] = f"symptoms.{part}.{name}"
    return {
        name: Prior(middle, _spread(facts, ids[name], middle)) for name, middle in found.items()
    }


def _spread(facts: Catalogue, identifier: str, middle: float) -> float:
    spread = facts.record(identifier).spread
    return middle if spread is None or spread.sd is None else spread.sd
