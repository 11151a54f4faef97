"""Pain and function over time: how a burden changes after an injection, or without one.

Burden is in points of 100, of which more are worse; time is in days since the first treatment.
:func:`mean_change` puts the parts together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeAlias

import jax.numpy as jnp

from trephine.core.units import Unit

Values: TypeAlias = Any
"""A number or an array of NumPy or JAX; arrays broadcast."""

Points = Annotated[float, Unit("1", "1")]
Share = Annotated[float, Unit("1", "1", ge=0, le=1)]
Span = Annotated[float, Unit("s", "d", gt=0)]
Cells = Annotated[float, Unit("1", "1", gt=0)]

DAY = 86400.0
BASELINE_SD = 15.0
"""Spread between studies of a baseline that is not printed, as its records state it [points]."""


@dataclass(frozen=True)
class SymptomLaws:
    """What studies do not print, and levels to which the parameters refer.

    Parameters
    ----------
    change_sd_pain, change_sd_function
        Standard deviation of the change between patients [points].
    level_sd_pain
        Standard deviation of pain between patients [points].
    visit_correlation, knee_correlation
        Correlation of two visits of a group, of the two knees of a patient [-].
    significance
        Level below which a difference is called one [-].
    baseline_pain, baseline_function
        Burden before treatment of an arm that prints none [points].
    typical_pain, typical_function
        Burden at which regression to the mean moves nothing [points].
    regression_days
        Time of regression to the mean [s].
    flare_rise
        Time in which a flare rises [s].
    lasting_share
        Share of the variance between patients that stays with the patient [-].
    reference_cells
        Cultured cells to which their benefit refers [-].
    """

    SECTION: ClassVar[str] = "symptoms.laws"
    change_sd_pain: Points
    change_sd_function: Points
    level_sd_pain: Points
    visit_correlation: Share
    knee_correlation: Share
    significance: Share
    baseline_pain: Points
    baseline_function: Points
    typical_pain: Points
    typical_function: Points
    regression_days: Span
    flare_rise: Span
    lasting_share: Share
    reference_cells: Cells

    def change_sd(self, domain: str) -> float:
        """Return the standard deviation of the change of a domain between patients [points]."""
        return self.change_sd_pain if domain == "pain" else self.change_sd_function

    def typical(self, domain: str) -> float:
        """Return the burden of a domain that regression leaves alone [points]."""
        return self.typical_pain if domain == "pain" else self.typical_function


def settled(days: Values, time_constant: Values) -> Values:
    r"""Return how much of something slow is done, :math:`1 - e^{-t/\tau}`, from 0 to 1 [-].

    Parameters
    ----------
    days
        Time, at least 0 [d].
    time_constant
        :math:`\tau` [d].
    """
    return -jnp.expm1(-days / time_constant)


def effect_shape(days: Values, onset: Values, waning: Values) -> Values:
    r"""Return the course of a benefit, :math:`(1 - e^{-t/\tau_o})\,e^{-t/\tau_w}`, below 1 [-].

    Parameters
    ----------
    days
        Time since the injection, at least 0 [d].
    onset, waning
        :math:`\tau_o` and :math:`\tau_w` [d].
    """
    return settled(days, onset) * jnp.exp(-days / waning)


def flare_shape(days: Values, rise: Values, fading: Values) -> Values:
    """Return the course of the pain that an injection itself brings, from 0 to below 1 [-].

    Parameters
    ----------
    days
        Time since the injection, at least 0 [d].
    rise, fading
        Times of its rise and of its end [d].
    """
    return settled(days, rise) * jnp.exp(-days / fading)


def response_reached(natural: Values, injected: Values) -> Values:
    r"""Return the share of the shared response that a group shows, :math:`\varphi + (1-\varphi)i`.

    Parameters
    ----------
    natural
        Share that comes without a needle :math:`\varphi` [-].
    injected
        1 where anything was injected, 0 where nothing was [-].
    """
    return natural + (1.0 - natural) * injected


def mean_change(
    *,
    regressed: Values,
    regression_done: Values,
    response: Values,
    response_done: Values,
    benefit: Values,
    effect: Values,
    bias: Values,
    late_bias: Values,
    late: Values,
    flare: Values,
    flared: Values,
) -> Values:
    r"""Return the change of a group's mean burden, negative where it feels better [points].

    .. math::

       \Delta(t) = -R\,s(t;\tau_r) - (P + b)\,s(t;\tau_p) - E\,h(t') - b_l\,h(t) + F\,f(t'),
       \qquad R = \rho\,(B - B_0), \quad P = P_j\,\bigl(\varphi + (1 - \varphi)\,i\bigr)

    with regression to the mean of a burden :math:`B`, the response that every treated group of a
    site shows (:math:`i = 1` for an injection), the benefit over saline and the flare; :math:`t'`
    is the time since the last injection.

    Parameters
    ----------
    regressed
        What regression to the mean takes away in the end :math:`R` [points].
    regression_done, response_done, effect, flared
        Courses over time, see :func:`settled`, :func:`effect_shape`, :func:`flare_shape` [-].
    response
        Shared response of this group :math:`P` [points].
    benefit
        Benefit of the product over saline :math:`E` [points].
    bias, late_bias
        Gain of an arm that was not randomised :math:`b` and :math:`b_l` [points].
    late
        Course of the benefit of cells since the first treatment [-].
    flare
        Height of the flare :math:`F` [points].
    """
    better = regressed * regression_done + (response + bias) * response_done + benefit * effect
    better += late_bias * late
    return flare * flared - better
