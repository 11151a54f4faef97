"""What drawing marrow may do to the donor, by the orthopaedic series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from trephine.case.aspirate import HarvestRisk
from trephine.case.patient import Patient
from trephine.models.aspiration_parameters import HarvestRiskParameters, Values
from trephine.models.donor import Facts

__all__ = ["HarvestRiskParameters", "bleeding", "chance", "haemoglobin_fall", "risks"]

BLEEDING = ("major", "anaemia", "minor")
"""Events that bleeding brings about, so that what makes bleed makes them likelier."""
INTERVAL = (0.025, 0.975)


def chance(
    events: Values, cases: Values, p: HarvestRiskParameters, quantile: Values | None = None
) -> Values:
    r"""Return the chance of an event that was seen in some of the cases.

    .. math:: P \sim \mathrm{Beta}(k + \tfrac12,\ n - k + \tfrac12)

    Parameters
    ----------
    events, cases
        Events :math:`k` among :math:`n` cases.
    p
        The events :math:`\tfrac12` that the prior is worth.
    quantile
        Which quantile of the posterior, between 0 and 1, one value or (sample,); a uniform deviate
        gives a sample. None for the mean.
    """
    some, none = events + p.prior_events, cases - events + p.prior_events
    if quantile is None:
        return some / (some + none)
    from scipy.special import betaincinv  # noqa: PLC0415  (slow to import, the dose does without)

    return np.asarray(betaincinv(some, none, quantile), dtype=np.float64)[()]


def haemoglobin_fall(
    red_cells: Values, haematocrit: Values, mass: Values, p: HarvestRiskParameters
) -> Values:
    r"""Return the fall of the haemoglobin once the drawn volume has been replaced.

    .. math:: \Delta = c\, H \left(1 - e^{-R/(H B)}\right), \qquad B = b\, m

    Fluid replaces the marrow while it is drawn, so that later draws hold less of the red cells.
    For a small draw the fall is that of the red cells over the blood, :math:`c R/B`.

    Parameters
    ----------
    red_cells
        Packed red cells :math:`R` drawn, as counted in undiluted blood [m^3].
    haematocrit
        Of the blood before, :math:`H` [-].
    mass
        Body mass :math:`m` [kg].
    p
        Blood per mass :math:`b` [m^3/kg] and haemoglobin of red cells :math:`c` [kg/m^3].

    Returns
    -------
    Values
        [kg/m^3], the same in g/L; never more than there was.
    """
    exchanged = red_cells / (haematocrit * p.blood_per_mass * mass)
    fall: Values = -p.red_cell_haemoglobin * haematocrit * np.expm1(-exchanged)
    return fall


def bleeding(facts: Facts, p: HarvestRiskParameters) -> Any:  # noqa: ANN401  (one value or an array)
    """Return the relative risk of bleeding, by anticoagulants and obesity, (sample,) [-].

    A body mass index that is not known counts as one that is not obese.

    Parameters
    ----------
    facts
        Of one patient or of many.
    p
        Relative risks.
    """
    relative: Any = np.where(facts.anticoagulated, p.anticoagulated, 1.0)
    if facts.body_mass_index is not None:
        relative = relative * np.where(facts.body_mass_index >= p.obese, p.obesity, 1.0)
    return relative


def risks(
    patient: Patient | Facts,
    red_cells: Values,
    haematocrit: Values,
    p: HarvestRiskParameters,
    luck: Mapping[str, Values] | None = None,
) -> HarvestRisk:
    r"""Return what a harvest may do to the donor, over samples.

    .. math:: P = 1 - (1 - P_0)^{r}

    The chances :math:`P_0` are those of the orthopaedic series, whatever the volume: its volumes
    were not told. The relative risk :math:`r` of anticoagulants and of obesity counts for
    bleeding; for a small chance it is the plain factor. A chance of a patient whose body mass
    index is not known is that of one who is not obese.

    Parameters
    ----------
    patient
        One patient, or the facts of many.
    red_cells, haematocrit
        Packed red cells drawn [m^3] and haematocrit of the blood before [-].
    p
        Events counted and relative risks, each one value or (sample,).
    luck
        Uniform deviate of each event, (sample,), to sample its chance; None for the mean.
    """
    facts = Facts.of(patient) if isinstance(patient, Patient) else patient
    relative = bleeding(facts, p)

    def told(event: str, quantile: Values | None) -> Any:  # noqa: ANN401  (one value or an array)
        plain = chance(p.aspiration_events[event], p.aspirations, p, quantile)
        if event not in BLEEDING:
            return plain
        return -np.expm1(relative * np.log1p(-plain))

    lucky: Mapping[str, Values | None] = luck or dict.fromkeys(p.aspiration_events)
    fall: Any = None
    if facts.mass is not None:
        fall = haemoglobin_fall(red_cells, haematocrit, facts.mass, p)
    graft: dict[str, Any] = {k: chance(n, p.grafts, p) for k, n in p.graft_events.items()}
    return HarvestRisk(
        chance={event: told(event, lucky[event]) for event in p.aspiration_events},
        low={event: told(event, INTERVAL[0]) for event in p.aspiration_events},
        high={event: told(event, INTERVAL[1]) for event in p.aspiration_events},
        graft=graft,
        haemoglobin_fall=fall,
    )
