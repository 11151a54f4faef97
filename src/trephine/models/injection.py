"""Laws of delivery: waiting, needle, guidance, leak and what stays at the lesion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from trephine.core.units import Duration, Fraction, Positive, Pressure, Rate, Unit, Viscosity

Values: TypeAlias = float | NDArray[np.floating[Any]]
"""A number or an array of them; arrays broadcast."""
Lengths = Annotated[Mapping[str, float], Unit("m", "mm", gt=0)]
Shares = Annotated[Mapping[str, float], Unit("1", "1", ge=0, le=1)]
NonZeroShares = Annotated[Mapping[str, float], Unit("1", "1", gt=0, le=1)]
MinorShare = Annotated[float, Unit("1", "1", ge=0, le=0.9)]
Durations = Annotated[Mapping[str, float], Unit("s", "d", gt=0)]


@dataclass(frozen=True)
class InjectionParameters:
    """The numbers of delivery; each field's record says what it is and where it comes from.

    The mappings go by gauge (``bore``), by guidance (``accuracy``, ``placement_error``), by
    tissue (``accessible``) and by carrier (``washed_out``, the two half-lives, and ``solid``, the
    share of a carrier's bulk volume that its pieces take up).
    """

    SECTION: ClassVar[str] = "injection"

    handling_time: Duration
    hold_loss: Rate
    shear_loss: Fraction
    shear_scale: Pressure
    plasma_viscosity: Viscosity
    viscosity_exponent: Positive
    bore: Lengths
    accuracy: NonZeroShares
    placement_error: Lengths
    leak: MinorShare
    accessible: Shares
    washed_out: Shares
    fast_half_life: Durations
    slow_half_life: Durations
    solid: NonZeroShares


def hold_survival(time: Values, rate: Values) -> Values:
    r"""Return the share of progenitors that outlives a wait, ``v_hold`` of D1.

    .. math:: v = e^{-kt}
    """
    survival: Values = np.exp(-rate * time)
    return survival


def viscosity(haematocrit: Values, p: InjectionParameters) -> Values:
    r"""Return the viscosity of the product under high shear [Pa s].

    .. math:: \mu = \mu_p\, e^{2.5\,\phi}
    """
    thick: Values = p.plasma_viscosity * np.exp(p.viscosity_exponent * haematocrit)
    return thick


def bore(gauge: float, p: InjectionParameters) -> float:
    """Return the inner diameter of a needle [m].

    The logarithm of the tabulated diameters is linear between neighbouring gauges.

    Raises
    ------
    ValueError
        If the gauge lies outside the table; it names what would be accepted.
    """
    table = sorted((float(name), diameter) for name, diameter in p.bore.items())
    gauges = [g for g, _ in table]
    if not gauges[0] <= gauge <= gauges[-1]:
        raise ValueError(
            f"no bore is known for {gauge:g} gauge; write one from {gauges[0]:g} to {gauges[-1]:g}"
        )
    return float(np.exp(np.interp(gauge, gauges, np.log([d for _, d in table]))))


def wall_stress(flow: Values, radius: Values, viscosity: Values) -> Values:
    r"""Return the shear stress at the wall of a needle in laminar flow (D2) [Pa].

    .. math:: \tau_w = \frac{4 \mu Q}{\pi R^3}
    """
    return 4.0 * viscosity * flow / (np.pi * radius**3)


def pressure_drop(flow: Values, radius: Values, length: Values, viscosity: Values) -> Values:
    r"""Return the pressure that laminar flow through a needle needs (D2) [Pa].

    .. math:: \Delta P = \frac{8 \mu L Q}{\pi R^4}
    """
    return 8.0 * viscosity * length * flow / (np.pi * radius**4)


def needle_survival(stress: Values, p: InjectionParameters) -> Values:
    r"""Return the share of cells that passes a needle unharmed (D2).

    .. math:: S = 1 - l\, \frac{\tau_w^2}{\tau_w^2 + \tau_0^2}

    Entry flow, which does much of the harm, is not resolved; the spread of the loss is broad.
    """
    squared = stress**2
    return 1.0 - p.shear_loss * squared / (squared + p.shear_scale**2)


def fits(arriving: float, accessible: float) -> float:
    r"""Return the share of an arriving volume that finds room.

    .. math:: \min(1,\, V_\mathrm{acc}/V)

    D1 compares the room with the volume injected. Here it is compared with the volume that
    arrives: what was misplaced or ran back along the track needs no room.
    """
    return min(1.0, accessible / arriving)


def retained(time: Values, washed_out: Values, fast: Values, slow: Values) -> Values:
    r"""Return the share of placed cells that is there after a time (D3).

    .. math:: \mathrm{Ret}(t) = f\, 2^{-t/h_1} + (1-f)\, 2^{-t/h_2}

    Parameters
    ----------
    time
        Time since the injection :math:`t` [s].
    washed_out
        Share :math:`f` that is lost early, by veins and lymph and by death [-].
    fast, slow
        Half-lives :math:`h_1` and :math:`h_2` [s].
    """
    share: Values = washed_out * np.exp2(-time / fast) + (1.0 - washed_out) * np.exp2(-time / slow)
    return share
