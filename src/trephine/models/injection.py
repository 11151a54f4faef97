"""Laws of delivery: waiting, needle, guidance, leak, veins and what stays at the lesion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from trephine.case.delivery import Delivery
from trephine.case.suspension import Suspension
from trephine.core.units import Duration, Fraction, Positive, Pressure, Rate, Unit, Viscosity
from trephine.models.filtration import FiltrationParameters, captured
from trephine.models.retention import Bed, lost_early

Values: TypeAlias = float | NDArray[np.floating[Any]]
"""A number or an array of them; arrays broadcast, the last axis is that of the samples."""
Lengths = Annotated[Mapping[str, float], Unit("m", "mm", gt=0)]
Shares = Annotated[Mapping[str, float], Unit("1", "1", ge=0, le=1)]
NonZeroShares = Annotated[Mapping[str, float], Unit("1", "1", gt=0, le=1)]
MinorShares = Annotated[Mapping[str, float], Unit("1", "1", ge=0, le=0.9)]
MinorShare = Annotated[float, Unit("1", "1", ge=0, le=0.9)]
Rates = Annotated[Mapping[str, float], Unit("1/s", "1/hour", ge=0)]
RateAboveZero = Annotated[float, Unit("1/s", "1/min", gt=0)]


@dataclass(frozen=True)
class InjectionParameters:
    """The numbers of delivery; each field's record says what it is and where it comes from.

    Any of them may be an array (sample,). The mappings go by how warm the product is kept
    (``hold_loss``), by gauge (``bore``), by guidance (``accuracy``, ``placement_error``), by
    what is injected into (``leak``), by tissue (``accessible``), by carrier (``solid``, the share
    of a carrier's bulk volume that its pieces take up) and by what the cells lie in
    (``retention``).
    """

    SECTION: ClassVar[str] = "injection"

    handling_time: Duration
    hold_loss: Rates
    longest_hold: Duration
    drawing_loss: MinorShare
    drawing_gauge: Positive
    shear_loss: Fraction
    shear_scale: Pressure
    plasma_viscosity: Viscosity
    viscosity_exponent: Positive
    bore: Lengths
    accuracy: NonZeroShares
    placement_error: Lengths
    leak: MinorShares
    accessible: Shares
    resting_pressure: Pressure
    least_escape: MinorShare
    most_escape: MinorShare
    escape_rate: RateAboveZero
    usual_rate: Rate
    solid: NonZeroShares
    retention: Mapping[str, Bed]
    filtration: FiltrationParameters


def hold_survival(time: Values, rate: Values) -> Values:
    r"""Return the share of progenitors that outlives a wait, ``v_hold`` of D1.

    .. math:: v = e^{-kt}
    """
    survival: Values = np.exp(-rate * time)
    return survival


def drawing_survival(gauge: float, p: InjectionParameters) -> Values:
    """Return the share of cells that outlives being drawn up through a needle of a gauge.

    Twenty gauge or finer harms, a wider needle does not; how much is a prior.
    """
    survival: Values = 1.0 - p.drawing_loss * (gauge >= p.drawing_gauge)
    return survival


def viscosity(haematocrit: Values, p: InjectionParameters) -> Values:
    r"""Return the viscosity of the product under high shear [Pa s].

    .. math:: \mu = \mu_p\, e^{2.5\,\phi}
    """
    thick: Values = p.plasma_viscosity * np.exp(p.viscosity_exponent * haematocrit)
    return thick


def bore(gauge: float, p: InjectionParameters) -> Values:
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
    wider = max(0, int(np.searchsorted(gauges, gauge)) - 1)
    (coarse, wide), (fine, narrow) = table[wider : wider + 2]
    weight = (gauge - coarse) / (fine - coarse)
    diameter: Values = np.exp((1.0 - weight) * np.log(wide) + weight * np.log(narrow))
    return diameter


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


def fits(arriving: Values, accessible: Values) -> Values:
    r"""Return the share of an arriving volume that finds room.

    .. math:: \min(1,\, V_\mathrm{acc}/V)

    D1 compares the room with the volume injected. Here it is compared with the volume that
    arrives: what was misplaced or ran back along the track needs no room.
    """
    share: Values = np.minimum(1.0, accessible / arriving)
    return share


def escape(flow: Values, accessible: Values, p: InjectionParameters) -> Values:
    r"""Return the share of the cells that escapes by veins when bone is injected under pressure.

    .. math:: e = e_0 + (e_1 - e_0)\, \frac{x}{x + x_e}, \qquad
              x = \max\!\left(\frac{Q}{V_\mathrm{acc}},\, x_u\right)

    A prior: no human number was found. Below the usual rate :math:`x_u` the escape is that of
    the usual rate, for nothing says what slowness spares.

    Parameters
    ----------
    flow
        Flow of the injection :math:`Q` [m^3/s].
    accessible
        Volume that the product can take up :math:`V_\mathrm{acc}` [m^3].
    p
        The numbers of delivery.
    """
    fastest = np.maximum(flow, p.usual_rate * accessible)
    risen = fastest / (fastest + p.escape_rate * accessible)
    share: Values = p.least_escape + (p.most_escape - p.least_escape) * risen
    return share


def usual_escape(p: InjectionParameters) -> Values:
    """Return the share that escapes by veins at the usual rate of injection [-]."""
    risen = p.usual_rate / (p.usual_rate + p.escape_rate)
    return p.least_escape + (p.most_escape - p.least_escape) * risen


def outlasts(washed_out: Values, p: InjectionParameters) -> Values:
    r"""Return the share that stays after the first days of what the veins left.

    .. math:: \min\!\left(1,\, \frac{1-f}{1-e(x_u)}\right)

    The share :math:`f` of D3 is all that is lost early, by veins too. It is meant for the usual
    rate of injection; what veins take at that rate is taken out of it here, so that it is not
    counted twice.
    """
    share: Values = np.minimum(1.0, (1.0 - washed_out) / (1.0 - usual_escape(p)))
    return share


class Step(NamedTuple):
    """One loss on the way to the lesion.

    Parameters
    ----------
    loss
        What happened to those that are gone.
    left
        What is said of those that are left.
    share
        Share that is left of the step before, a number or (sample,) [-].
    """

    loss: str
    left: str
    share: Values


@dataclass(frozen=True)
class Delivered:
    """What an injection brings to the lesion; each value is a number or an array (sample,).

    Parameters
    ----------
    shares
        Share of the progenitors left after each step, in the order of the funnel.
    of_others
        The same of the other nucleated cells; another share only where a carrier filters.
    placed
        Progenitors at the lesion before any is washed out [-].
    progenitors, others
        Progenitors and other nucleated cells that stay after the first days [-].
    volume
        Volume that settles at the lesion, with its carrier [m^3].
    mixed
        Volume that is brought to the needle, the pieces of a carrier included [m^3].
    pieces
        Solid volume of the carrier [m^3].
    passed
        Fluid that flowed through a carrier and is lost [m^3].
    stress
        Shear stress at the wall of the needle [Pa].
    pressure
        Pressure that the flow through the needle needs [Pa].
    """

    shares: tuple[Step, ...]
    of_others: tuple[Step, ...]
    placed: Values
    progenitors: Values
    others: Values
    volume: Values
    mixed: Values
    pieces: float | Values
    passed: float | Values
    stress: Values
    pressure: Values

    @property
    def density(self) -> Values:
        """Progenitors per volume of what settles [1/m^3]."""
        return self.progenitors / self.volume


WASHED_OUT = ("escaped by veins", "washed out")
"""Losses of cells that were already placed."""


def delivered(
    product: Suspension,
    plan: Delivery,
    room: Values,
    p: InjectionParameters,
    waited: float = 0.0,
) -> Delivered:
    r"""Return what of a product stays at the lesion, step by step (D1 to D3).

    .. math:: N = N_\mathrm{product}\, \frac{V_\mathrm{inj}}{V_\mathrm{product}}\,
              v_\mathrm{hold}\, c\, S_\mathrm{needle}\, A_\mathrm{guid}\, (1 - L)\,
              \min\!\left(1, \frac{V_\mathrm{acc}}{V}\right) (1 - e)\,
              \min\!\left(1, \frac{1-f}{1-e_u}\right)

    with :math:`V` the volume that arrives with its carrier and :math:`c` the share that a
    carrier catches, 1 unless the product is filtered through it. Of the retention law D3 only
    the share :math:`f` that is gone after the first days is taken off; the slow loss belongs to
    the healing model, whose own death rates act on what stays.

    A miss counts once: the accuracy says how much of the volume comes to the lesion at all, the
    error of the needle tip (:mod:`trephine.models.placement`) only where in the lesion the rest
    lies. The pieces of a solid carrier take up a share of its bulk volume, and the product fills
    the pores between them. Mixed, the whole product comes with them; filtered, only what fills
    the pores, with all the cells that were caught.

    Parameters
    ----------
    product
        The product; its fields are numbers or arrays (sample,). Its nucleated cells include
        the progenitors.
    plan
        Volume, needle, guidance, carrier, wait.
    room
        Volume that the product can take up within reach [m^3].
    p
        The numbers of delivery.
    waited
        Time that the product waited before this session, beyond the wait of the plan [s].

    Raises
    ------
    ValueError
        If the bore of the needle is not known.
    """
    is_filtered = plan.loading == "filtered"
    wait = (p.handling_time if plan.wait is None else plan.wait) + waited
    radius = bore(plan.needle.gauge, p) / 2.0
    thick = viscosity(product.haematocrit, p)
    stress = wall_stress(plan.flow, radius, thick)
    survival = needle_survival(stress, p)
    if plan.drawn_up is not None:
        survival = survival * drawing_survival(plan.drawn_up, p)
    pieces = plan.carrier_volume * p.solid.get(plan.carrier, 0.0)
    passed = plan.volume - (plan.carrier_volume - pieces) if is_filtered else 0.0
    mixed = plan.volume + pieces - passed
    accuracy = p.accuracy[plan.guidance]
    kept = 1.0 - p.leak["open_gap" if plan.opened else "bone"]
    arriving = mixed * accuracy * kept
    settled = fits(arriving, room)
    # Neither an open gap nor cells that a carrier caught are pressed into veins by the flow.
    is_pressed = not (plan.opened or is_filtered)
    escaped = escape(plan.flow, room, p) if is_pressed else usual_escape(p)
    before = (
        Step("left over", "taken up for injection", plan.volume / product.volume),
        Step("died waiting", "alive after waiting", hold_survival(wait, p.hold_loss[plan.kept])),
    )
    after = (
        Step("sheared", "through the needle", survival),
        Step("misplaced", "placed at the lesion", accuracy),
        Step("leaked", "kept from running back along the track", kept),
        Step("found no room", "fits the room at the lesion", settled),
        Step("escaped by veins", "kept from the veins", 1.0 - escaped),
        Step(
            "washed out",
            "stays after the first days",
            outlasts(lost_early(p.retention[plan.carrier]), p),
        ),
    )
    caught = captured(plan.carrier, p.filtration) if is_filtered else None
    words = ("flowed through the carrier", "caught by the carrier")
    between = [() if caught is None else (Step(*words, share),) for share in caught or (1.0, 1.0)]
    shares, of_others = ((*before, *here, *after) for here in between)
    placed = product.progenitors * left([s for s in shares if s.loss not in WASHED_OUT])
    return Delivered(
        shares=shares,
        of_others=of_others,
        placed=placed,
        progenitors=product.progenitors * left(shares),
        others=(product.nucleated - product.progenitors) * left(of_others),
        volume=arriving * settled,
        mixed=mixed,
        pieces=pieces,
        passed=passed,
        stress=stress,
        pressure=pressure_drop(plan.flow, radius, plan.needle.length, thick),
    )


def left(steps: Sequence[Step]) -> Values:
    """Return the share that is left after all of some steps [-]."""
    share: Values = 1.0
    for step in steps:
        share = share * step.share
    return share
