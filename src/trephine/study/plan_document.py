"""What the planner found as plain data: one document for JSON, table and page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import trephine
from trephine.case.delivery import Delivery
from trephine.case.harvesting import FatHarvest, Harvest
from trephine.case.plan import Injection
from trephine.case.processing import Culture, Processing, Unspun
from trephine.catalogue.load import catalogue
from trephine.core.units import in_unit
from trephine.models.burden import PlanningParameters, priced
from trephine.models.reading import Reading
from trephine.study.asked import SEARCHED, TARGET, Asked, Axis, axis
from trephine.study.choices import PRICE
from trephine.study.planner import LARGE, LEAST, MINIMAL, MOST, PLANNED, Planned
from trephine.study.scored import Scored

FILES = {
    LEAST: "least-burden",
    MOST: "best-chance",
    MINIMAL: "best-chance-minimal",
    PLANNED: "as-planned",
    LARGE: "one-large-draw",
}
"""Name of the case file of each named plan, in the order in which they are told."""
BY_BURDEN = (LEAST, MOST, MINIMAL)
"""Plans that depend on which burden is laid against the chance."""
AXES = {
    "minutes": ("time in theatre", "min"),
    "marrow": ("marrow drawn", "mL"),
    "punctures": ("punctures", "1"),
    "risk": ("fall of the haemoglobin", "g/L"),
    "cost": ("cost", ""),
}
"""What a burden is, and its unit."""
GRID = (160, 100)
"""Cells along burden and chance in which one dot stands for all searched plans."""


def by(burden: Axis) -> str:
    """Return what the names of files end in, so that no burden's plans replace another's."""
    return "" if burden == "minutes" else f"-by-{burden}"


def plan_document(planned: Planned) -> dict[str, Any]:
    """Return everything that is told of a search, as plain data."""
    asked, found = planned.asked, planned.candidates
    own = [one.injections for one in planned.front]
    named = [
        {
            "name": title,
            "file": f"{FILES[title]}{by(asked.axis) if title in BY_BURDEN else ''}.toml",
            "is_on_front": planned.named[title].injections in own,
            **_plan(planned.named[title], asked),
        }
        for title in FILES
        if title in planned.named
    ]
    what, unit = AXES[asked.axis]
    prices = asked.brief.prices
    return {
        "case": asked.case.name,
        "case_digest": asked.case.digest,
        "page": f"plans{by(asked.axis)}.html",
        "objective": asked.aim,
        "gain": "chance of union" if asked.aim == "union" else "chance of the prescription",
        "burden": {
            "axis": asked.axis,
            "what": what,
            "unit": prices.currency if asked.axis == "cost" and prices is not None else unit,
        },
        "prescription": None if asked.prescription is None else asked.prescription.in_words(),
        "assay": asked.assay,
        "target": TARGET,
        "is_reached": planned.is_reached,
        "seed": asked.seed,
        "samples": {"search": SEARCHED, "told": asked.count},
        "plans": {
            "made": found.total,
            "refused": found.refused,
            "within_limits": len(found.keys),
            "left_out": dict(sorted(found.excluded.items(), key=lambda item: -item[1])),
        },
        "limits": _limits(asked),
        "currency": None if prices is None else prices.currency,
        "named": named,
        "front": [_plan(one, asked) for one in planned.front],
        "cloud": _cloud(planned),
        "emulators": {name: one.as_written() for name, one in planned.emulators.items()},
        "notices": notices(planned),
        "version": trephine.__version__,
        "catalogue_digest": catalogue().digest,
    }


def _plan(one: Scored, asked: Asked) -> dict[str, Any]:
    first, b = one.injections[0], one.burden
    days = [i.day / 86400 for i in one.injections]
    return {
        "draws": _each(one.injections, lambda i: drawn(i.harvest)),
        "bone": _each(one.injections, lambda i: getattr(i.harvest, "bone", "fat")),
        "needle": _each(one.injections, _gauge),
        "track": _each(one.injections, lambda i: str(getattr(i.harvest, "track", 1))),
        "device": _each(one.injections, lambda i: made(i.process)),
        "product": _each(one.injections, lambda i: f"{i.deliver.volume * 1e6:.3g} mL"),
        "carrier": _each(one.injections, lambda i: carried(i.deliver)),
        "injections": len(one.injections),
        "days": days,
        "portions": first.deliver.portions,
        "chance": one.gain,
        "interval": list(one.interval),
        "chance_in_search": one.searched,
        "prescription": None if one.reaches is None else one.reaches[0],
        "prescription_interval": None if one.reaches is None else list(one.reaches[1]),
        "difference": None if one.difference is None else one.difference[0],
        "difference_interval": None if one.difference is None else list(one.difference[1]),
        "union_between": None if one.bounds is None else list(one.bounds),
        "union_week": None if one.week is None else list(one.week),
        "dose": list(one.dose),
        "grown": list(one.grown),
        "refused": one.refused,
        "burden": _finite(axis(b, asked.axis)),
        "theatre_min": b.theatre / 60,
        "theatre_min_80": [one.theatre[0] / 60, one.theatre[-1] / 60],
        "patient_min": b.patient / 60,
        "sessions": b.sessions,
        "culture_days": b.culture / 86400,
        "marrow_mL": b.marrow * 1e6,
        "punctures": b.punctures,
        "major_chance": b.major,
        "haemoglobin_fall_g_L": b.haemoglobin_fall,
        "cost": b.cost,
        "over_limits": list(one.over),
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _each(injections: Sequence[Injection], words: Any) -> str:  # noqa: ANN401  (a function)
    """Return words on all injections, said once where they are alike."""
    return "; ".join(dict.fromkeys(words(i) for i in injections))


def drawn(plan: Harvest | FatHarvest) -> str:
    """Return the draws of a harvest, for example ``"12 x 5 mL"``."""
    if isinstance(plan, FatHarvest):
        return f"{plan.volume * 1e6:.4g} mL of fat"
    counted: dict[float, int] = {}
    for volume in plan.draws:
        counted[volume] = counted.get(volume, 0) + 1
    return " + ".join(f"{number} x {volume * 1e6:.3g} mL" for volume, number in counted.items())


def _gauge(injection: Injection) -> str:
    plan = injection.harvest
    return "-" if isinstance(plan, FatHarvest) else f"{plan.needle.gauge:g} G"


def made(plan: Processing) -> str:
    """Return the processing in a word or two."""
    if isinstance(plan, Unspun):
        return "none"
    if isinstance(plan, Culture):
        return f"culture {plan.duration / 86400:.3g} d"
    return str(getattr(plan, "device", plan.method)).replace("_", " ")


def carried(plan: Delivery) -> str:
    """Return the carrier with its volume."""
    name = plan.carrier.replace("_", " ")
    return f"{name} {plan.carrier_volume * 1e6:.3g} mL" if plan.carrier_volume else name


def _limits(asked: Asked) -> dict[str, Any]:
    """Return the limits as written, the catalogue's cap where they say nothing."""
    written = asked.brief.limits.as_written()
    if asked.brief.limits.marrow_per_mass is None:
        cap = Reading(catalogue()).fill(PlanningParameters).marrow_per_mass
        written["marrow_per_mass"] = f"{in_unit(cap, 'm^3/kg', 'mL/kg'):.3g} mL/kg"
    return written


def _cloud(planned: Planned) -> list[list[float]]:
    """Return searched plans as burden and gain, one for all that fall into a cell of a grid."""
    cloud = planned.cloud
    widest = max(float(cloud[:, 0].max()), 1e-30)
    cells = np.rint(cloud * [GRID[0] / widest, GRID[1]])
    _, first = np.unique(cells, axis=0, return_index=True)
    return [[float(f"{x:.6g}"), float(f"{y:.6g}")] for x, y in cloud[np.sort(first)]]


def _unpriced(planned: Planned) -> str:
    """Return what has no price, in a sentence; empty where all is priced."""
    prices, left_out = planned.asked.brief.prices, planned.candidates.excluded.get(PRICE, 0)
    if prices is None:
        return ""
    missing = {
        name: None
        for injections in (*planned.shown, *(one.injections for one in planned.named.values()))
        for injection in injections
        for name, price in priced(injection, prices).items()
        if price is None
    }
    if not missing:
        return ""
    told = "plans that take it have no cost"
    if left_out:
        told += f", and {left_out:,} of them are left out"
    return f"No price is given for {', '.join(missing)}; {told}."


def _grown(asked: Asked) -> str:
    """Return how grown cells are counted, in sentences."""
    if asked.prescription is None:
        return (
            "Cultured cells are counted one for one as progenitors; that they do as much is an "
            "assumption."
        )
    if asked.prescription.grown:
        return (
            "Grown cells count towards the prescription one for one, as they were asked to; that "
            "they do as much as those that form colonies is an assumption."
        )
    return (
        "Grown cells do not count towards the prescription, which is of colonies; they are told "
        "apart. Write 'grown cells included' to count them one for one."
    )


def notices(planned: Planned) -> list[str]:
    """Return what a reader must be told, in sentences."""
    asked = planned.asked
    said: list[str] = []
    unpriced = _unpriced(planned)
    if unpriced:
        said.append(unpriced)
    if any(i.process.method == "culture" for o in planned.named.values() for i in o.injections):
        said.append(_grown(asked))
    if planned.candidates.refused:
        said.append(
            f"{planned.candidates.refused:,} more combinations are no plans: with middle luck "
            "their product cannot be had from the marrow, since the cells would fill it or there "
            "is not so much plasma, and a run refuses them. Of a plan, each sample in which a run "
            "is refused counts as a failure."
        )
    if asked.aim == "union":
        said.append(
            "The dose threshold of the healing model is a choice made to fit one published "
            "series; a chance of union is no evidence."
        )
        said.extend(
            f"The ladder of '{name}' is not monotone: a dose unites below one that does not. "
            "Between the two the chance is guessed."
            for name, one in planned.emulators.items()
            if not one.is_monotone
        )
    said.append(
        "The minutes are assumed but for recalled spin programs; what limits and orders the plans "
        "are their printed values."
    )
    return said
