"""The plans that a planner chooses among: every combination that can be made, and its limits."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from trephine.case.brief import Brief, Choices, Limits, Prices
from trephine.case.case import Case
from trephine.case.delivery import Delivery
from trephine.case.document import validate
from trephine.case.harvesting import Harvest
from trephine.case.plan import Injection
from trephine.case.processing import Concentrate, Culture, Processing, Unspun
from trephine.core.errors import InputError, Problem, did_you_mean
from trephine.core.units import Unit
from trephine.models.burden import Burden, PlanningParameters
from trephine.models.dose_beliefs import DoseBeliefs
from trephine.models.positions import punctures_needed
from trephine.models.separation import DeviceParameters
from trephine.stages import deliver, harvest

DRAWN, UNHURRIED = Unit("m^3", "mL"), Unit("s", "d")
COUNTS = (1, 2, 4, 6, 8, 12, 16, 20, 30, 40)
VOLUMES = (2e-6, 4e-6, 8e-6, 15e-6, 30e-6, 60e-6)
TRACKS = (1, 3)
PUNCTURES = (1, 2)
"""Punctures searched, as multiples of the fewest that the tracks need."""
PRODUCTS = (6e-6, 10e-6, 15e-6)
INJECTIONS = (1, 2)
"""What is searched around a plan where a brief says nothing; a search, no belief."""
SYRINGES = (10e-6, 20e-6, 30e-6, 60e-6)
"""Syringes to be had [m^3]; a draw takes the least that holds it."""
MOST_PLANS = 200_000
SLACK = 1 + 1e-9
"""Room for rounding at a bound."""
NONE, CULTURE = "none", "culture"
METHODS_OF_FAT = ("stromal_vascular_fraction", "microfragmented_fat")
PRICE = "price"
"""What leaves out a plan whose cost is asked for and not known."""


@dataclass(frozen=True)
class Making:
    """What is done to a harvest: processing and delivery."""

    process: Processing
    deliver: Delivery

    @cached_property
    def name(self) -> str:
        """Content name of the processing, shared by all ways to inject its product."""
        return self.process.digest

    def accepts(self, drawn: Harvest) -> bool:
        """Return whether a harvest is large enough for it."""
        pool = drawn.volume + drawn.anticoagulant
        if isinstance(self.process, Culture):
            return True
        wanted = self.deliver.volume
        if isinstance(self.process, Concentrate):
            wanted = self.process.product_volume
        return wanted <= pool * SLACK


@dataclass(frozen=True)
class Schedule:
    """Days of equal injections [s]."""

    days: tuple[float, ...]


@dataclass(frozen=True)
class Space:
    """Every choice, link by link.

    Parameters
    ----------
    harvests, makings, schedules
        The links of the chain, each in a fixed order.
    """

    harvests: tuple[Harvest, ...]
    makings: tuple[Making, ...]
    schedules: tuple[Schedule, ...]

    @property
    def most_injections(self) -> int:
        """Injections of the longest schedule."""
        return max(len(s.days) for s in self.schedules)

    def plans(self) -> Iterable[tuple[int, int, int]]:
        """Return harvest, making and schedule of each plan that can be made."""
        for h, drawn in enumerate(self.harvests):
            for m, making in enumerate(self.makings):
                if making.accepts(drawn):
                    for s in range(len(self.schedules)):
                        yield h, m, s

    def injections(self, plan: tuple[int, int, int]) -> tuple[Injection, ...]:
        """Return the injections of a plan."""
        drawn, making = self.harvests[plan[0]], self.makings[plan[1]]
        # The parts are valid each, and together by what this module makes.
        return tuple(
            Injection.model_construct(
                kind="injection",
                day=day,
                harvest=drawn,
                process=making.process,
                deliver=making.deliver,
            )
            for day in self.schedules[plan[2]].days
        )


def template(case: Case) -> Injection:
    """Return the injection of a case that the planner varies: the first one made of marrow.

    Raises
    ------
    InputError
        If there is none.
    """
    for injection in case.plan.injections:
        if isinstance(injection.harvest, Harvest):
            return injection
    raise InputError(
        f"{case.name}: the plan holds no injection made of marrow, so there is nothing to vary; "
        "add a step with kind = 'injection'"
    )


def space(case: Case, brief: Brief, p: DoseBeliefs, planning: PlanningParameters) -> Space:
    """Return the choices of a brief, what it leaves open taken around the case's plan.

    Raises
    ------
    InputError
        With the place of each unknown name and the nearest known one, of each needle that was
        never compared, and where too many plans are asked for or none can be made.
    """
    own, asked = template(case), brief.choices
    _refuse_unknown(asked, brief.prices, p)
    found = Space(
        harvests=tuple(_harvests(own, asked, p)),
        makings=tuple(_makings(case, own, asked, p)),
        schedules=tuple(_schedules(own, asked, planning, case.plan.follow_up.duration)),
    )
    size = len(found.harvests) * len(found.makings) * len(found.schedules)
    if size > MOST_PLANS:
        raise InputError(
            f"the choices make {size:,} plans, more than the {MOST_PLANS:,} that are searched; "
            "shorten the lists of the brief"
        )
    if next(iter(found.plans()), None) is None:
        raise InputError(
            "no plan can be made of these choices: the draws are too small for the products, "
            "they need more punctures, or the carriers do not fit"
        )
    return found


def _merged(given: Sequence[Any] | None, usual: Iterable[Any], own: Iterable[Any]) -> list[Any]:
    """Return what a brief gives, or the usual choices with the case's own, in order."""
    return list(dict.fromkeys(given)) if given is not None else sorted({*usual, *own})


def _harvests(own: Injection, asked: Choices, p: DoseBeliefs) -> list[Harvest]:
    plan = own.harvest
    if not isinstance(plan, Harvest):  # the template is of marrow
        return []
    blood = plan.anticoagulant / plan.volume
    found = {}
    for bone, gauge, count, volume, track in itertools.product(
        asked.bones or [plan.bone],
        asked.needles or [plan.needle.gauge],
        _merged(asked.counts, COUNTS, [len(plan.draws)]),
        _merged(asked.volumes, VOLUMES, plan.draws),
        _merged(asked.tracks, TRACKS, [plan.track]),
    ):
        if track > count:
            continue
        for pierced in _punctures(-(-count // track), plan.punctures, asked, p):
            made = plan.model_copy(
                update={
                    "bone": bone,
                    "needle": plan.needle.model_copy(update={"gauge": gauge}),
                    "draws": [volume] * count,
                    "track": track,
                    "punctures": pierced,
                    "syringe": syringe(volume, plan.syringe),
                    "anticoagulant": tidy(blood * volume * count),
                    "day": None,
                }
            )
            found[made.digest] = made
    return list(found.values())


def _punctures(tracks: int, own: int | None, asked: Choices, p: DoseBeliefs) -> list[int]:
    """Return the punctures to choose among, of which each reaches its tracks."""
    fewest = punctures_needed(tracks, p.harvest.fan)
    usual = (fewest * times for times in PUNCTURES)
    wanted = _merged(asked.punctures, usual, [] if own is None else [own])
    return [pierced for pierced in wanted if fewest <= pierced <= tracks]


def tidy(volume: float) -> float:
    """Return a volume as a person would write it, to a thousandth of its mL."""
    return DRAWN.read(f"{volume * 1e6:.3f} mL")


def syringe(volume: float, own: float) -> float:
    """Return the syringe for a draw: the case's own if it holds it, else the least that does."""
    sizes = [own, *sorted(s for s in SYRINGES if s > own), volume]
    return next(s for s in sizes if volume <= s * SLACK)


def _makings(case: Case, own: Injection, asked: Choices, p: DoseBeliefs) -> list[Making]:
    others = case.plan.injections
    cultured = [i.process for i in others if isinstance(i.process, Culture)]
    usual = [NONE, *sorted(p.process.separation.devices), *([CULTURE] if cultured else [])]
    carriers = asked.carriers or list(dict.fromkeys(i.deliver.carrier for i in others))
    solid = max((i.deliver.carrier_volume for i in others), default=0.0) or 3e-6
    lengths = asked.culture_durations or [c.duration for c in cultured[:1]] or [28 * 86400.0]
    found: dict[tuple[str, str], Making] = {}
    for device, volume, carrier, portions in itertools.product(
        asked.devices or usual,
        _merged(asked.products, PRODUCTS, [own.deliver.volume]),
        carriers,
        asked.portions or [own.deliver.portions],
    ):
        held = "none" if device == CULTURE and carrier == "clot" else carrier
        given = _delivery(own.deliver, volume, held, asked.carrier_volume or solid, portions)
        if deliver.problems(given, p.deliver):
            continue
        for made in _processings(own.process, device, volume, lengths, cultured):
            making = Making(made, given)
            found[made.digest, given.digest] = making
    return list(found.values())


def _delivery(
    own: Delivery, volume: float, carrier: str, carrier_volume: float, portions: int
) -> Delivery:
    is_solid = carrier not in {"none", "clot"}
    apart = own.apart if own.portions > 1 else own.reach / 2
    return own.model_copy(
        update={
            "volume": volume,
            "carrier": carrier,
            "carrier_volume": carrier_volume if is_solid else 0.0,
            "loading": own.loading if is_solid else "mixed",
            "portions": portions,
            "apart": apart if portions > 1 else 0.0,
        }
    )


def _processings(
    own: Processing,
    device: str,
    volume: float,
    lengths: Sequence[float],
    cultured: Sequence[Culture],
) -> list[Processing]:
    written = DRAWN.write(volume)
    if device == NONE:
        return [Unspun(method="none")]
    if device == CULTURE:
        plain = {"method": "culture", "product_volume": written}
        base = cultured[0].as_written() if cultured else {}
        return [
            validate(Culture, {**base, **plain, "duration": UNHURRIED.write(length)}, "culture")
            for length in lengths
        ]
    plain = {"method": "concentrate", "device": device, "product_volume": written}
    # The spin of a case belongs to its device.
    if isinstance(own, Concentrate) and own.device == device and own.spin is not None:
        plain = {**own.as_written(), **plain}
    return [validate(Concentrate, plain, "process")]


def _schedules(
    own: Injection, asked: Choices, planning: PlanningParameters, latest: float
) -> list[Schedule]:
    found = []
    for number in _merged(asked.injections, INJECTIONS, []):
        for spacing in asked.spacing or [planning.repeat_interval]:
            days = tuple(own.day + k * spacing for k in range(number))
            if days[-1] <= latest and Schedule(days) not in found:
                found.append(Schedule(days))
    if not found:
        raise InputError(
            "no injections of the brief fit the follow-up; shorten choices.spacing or ask for fewer"
        )
    return found


def _refuse_unknown(asked: Choices, prices: Prices | None, p: DoseBeliefs) -> None:
    """Raise InputError for every name and needle the catalogue has no numbers for."""
    problems: list[Problem] = []
    devices = [NONE, CULTURE, *p.process.separation.devices]

    def check(names: Iterable[str], known: Iterable[str], place: str) -> None:
        options = list(known)
        for key, name in enumerate(names):
            if name not in options:
                hint = did_you_mean(name, options)
                problems.append(Problem(f"{place}.{key}", f"'{name}' is unknown; {hint}"))

    check(asked.bones or [], p.harvest.sites, "choices.bones")
    check(asked.devices or [], devices, "choices.devices")
    if prices is not None:
        check(prices.kits, [*p.process.separation.devices, "tubes", *METHODS_OF_FAT], "prices.kits")
    for number, gauge in enumerate(asked.needles or []):
        probe = Harvest.model_validate(
            {"draws": ["1 mL"], "needle": {"gauge": gauge, "length": "100 mm"}}
        )
        problems += [
            Problem(f"choices.needles.{number}", found.message)
            for found in harvest.problems(probe, p.harvest)
        ]
    if problems:
        raise InputError("the brief names what the catalogue does not know", problems)


def is_reported(injections: Iterable[Injection], devices: Mapping[str, DeviceParameters]) -> bool:
    """Return whether each device reduces the volume by as much as its class is reported to."""
    for injection in injections:
        made, drawn = injection.process, injection.harvest
        if isinstance(made, Concentrate):
            times = (drawn.volume + drawn.anticoagulant) / made.product_volume
            one = devices[made.device]
            if not one.least_reduction / SLACK <= times <= one.most_reduction * SLACK:
                return False
    return True


def passed_limits(
    asked: Burden, limits: Limits, mass: float, planning: PlanningParameters
) -> list[str]:
    """Return the limits that a plan passes over, by their names in a brief.

    Parameters
    ----------
    asked
        What the plan asks for.
    limits
        The limits; where they say nothing of marrow per body mass the catalogue's cap holds.
    mass
        Body mass [kg].
    planning
        The catalogue's cap.
    """
    per_mass = limits.marrow_per_mass or planning.marrow_per_mass
    over = {
        "marrow_per_mass": asked.most_marrow > per_mass * mass * SLACK,
        "marrow": limits.marrow is not None and asked.marrow > limits.marrow * SLACK,
        "punctures": limits.punctures is not None and asked.punctures > limits.punctures,
        "theatre_time": limits.theatre_time is not None
        and asked.theatre > limits.theatre_time * SLACK,
        PRICE: limits.cost is not None and asked.cost is None,
        "cost": limits.cost is not None
        and asked.cost is not None
        and asked.cost > limits.cost * SLACK,
        "sessions": limits.sessions is not None and asked.sessions > limits.sessions,
        "manipulation": limits.manipulation == "minimal" and not asked.is_minimal,
        "reduction": limits.reduction == "reported" and not asked.is_reported,
    }
    return [name for name, is_over in over.items() if is_over]
