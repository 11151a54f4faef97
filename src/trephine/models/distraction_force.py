"""The force that distraction takes: a law of strain memory and two relaxation times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from trephine.core.types import Series
from trephine.core.units import Duration, Fraction, Length, Positive, Unit

Kilopascals = Annotated[float, Unit("Pa", "kPa")]
Area = Annotated[float, Unit("m^2", "mm^2", gt=0)]


@dataclass(frozen=True)
class DistractionForceParameters:
    """Numbers of the law; steps are counted from 1.

    Parameters
    ----------
    modulus_rise, modulus_start, modulus_divisor
        The modulus of step :math:`i` is (rise * i - start) / divisor.
    memory_rise, memory_start
        Share of the strain that is left when a step has relaxed: rise * ln i + start.
    fast_share, fast_time
        Share of what relaxes that relaxes fast at the first step, and how fast [s].
    slow_rise, slow_start
        The slow relaxation time of step :math:`i` is rise * i + start [s].
    area, area_factor
        Cross-section, and how much larger than the bone the callus is.
    initial_gap
        Distance between the bone ends before the first step [m].
    step
        Length of the steps that the law was written for [m].
    """

    SECTION: ClassVar[str] = "distraction_force"

    modulus_rise: Kilopascals
    modulus_start: Kilopascals
    modulus_divisor: Positive
    memory_rise: Fraction
    memory_start: Fraction
    fast_share: Fraction
    fast_time: Duration
    slow_rise: Duration
    slow_start: Duration
    area: Area
    area_factor: Positive
    initial_gap: Length
    step: Length


@dataclass(frozen=True)
class ForceCourse:
    """Force at each step of a distraction, (step,).

    Parameters
    ----------
    day
        Day of the step, from the first [d].
    peak
        Force right after the step [N].
    residual
        Force that is left when it has relaxed [N].
    stress
        Stress right after the step [Pa].
    """

    day: Series
    peak: Series
    residual: Series
    stress: Series


def force_course(
    length: float, per_day: float, step: float, p: DistractionForceParameters
) -> ForceCourse:
    r"""Return the force of every step of a distraction.

    .. math::
        p_i = \frac{\Delta}{l_0 + (i-1)\Delta} + \alpha_{i-1} p_{i-1}, \quad
        \alpha_i = a \ln i + b, \quad
        F_i = A\,\frac{E_1 i - E_0}{d}\,p_i

    Each step strains what is there and adds to what the steps before left. The modulus was
    measured at steps of ``p.step``; for other steps :math:`i` counts the steps of that length
    that would have gained as much.

    Parameters
    ----------
    length
        Length gained in all [m].
    per_day
        Steps a day.
    step
        Length of a step [m].
    p
        Numbers of the law.
    """
    count = max(1, round(length / step))
    peak_strain = np.zeros(count)
    number = np.arange(count) * (step / p.step) + 1.0
    memory = p.memory_rise * np.log(number) + p.memory_start
    left = 0.0
    for i in range(count):
        peak_strain[i] = step / (p.initial_gap + i * step) + left
        left = memory[i] * peak_strain[i]
    modulus = (p.modulus_rise * number - p.modulus_start) / p.modulus_divisor
    stress = modulus * peak_strain
    force = stress * p.area * p.area_factor
    return ForceCourse(np.arange(count) / per_day, force, memory * force, stress)


def relaxation(
    number: float, after: NDArray[np.float64], total: float, p: DistractionForceParameters
) -> NDArray[np.float64]:
    r"""Return the share of a step's peak force that is left some time after it [-].

    .. math:: r(t) = \alpha + (1-\alpha)\left[\beta e^{-t/\tau_f} + (1-\beta) e^{-t/\tau_s}\right],
        \quad \beta = \beta_0 (1 - i/S), \quad \tau_s = \tau_1 i + \tau_0

    From 1 right after the step to :math:`\alpha` when it has relaxed.

    Parameters
    ----------
    number
        Which step :math:`i`, from 1.
    after
        Time since the step, (time,) [s].
    total
        Steps :math:`S` of the whole distraction.
    p
        Numbers of the law.
    """
    kept = p.memory_rise * np.log(number) + p.memory_start
    fast = p.fast_share * max(1.0 - number / total, 0.0)
    slow_time = p.slow_rise * number + p.slow_start
    course = fast * np.exp(-after / p.fast_time) + (1.0 - fast) * np.exp(-after / slow_time)
    found: NDArray[np.float64] = kept + (1.0 - kept) * course
    return found
