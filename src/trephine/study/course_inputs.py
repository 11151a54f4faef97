"""Owns the way from a case, and the dose that stays, to the inputs of the emulator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from trephine.case.case import Case
from trephine.case.delivery import Delivery
from trephine.case.places import value_at
from trephine.case.plan import Injection
from trephine.core.errors import InputError, Problem
from trephine.models.beliefs import Beliefs
from trephine.models.fixation import springs
from trephine.models.injection import InjectionParameters
from trephine.study import inputs
from trephine.study.biology import ASSAY, POTENCY, RECORDS, beliefs, printed
from trephine.study.designed import WEEKS
from trephine.study.input_range import Values
from trephine.study.inputs import DAY

MOST_INJECTIONS = 2
At = Callable[[str], Any]
"""From a place of the case to what patients have there, one value or (sample,)."""


def course_inputs(
    case: Case,
    *,
    progenitors: Any = 0.0,  # noqa: ANN401  (a number or an array)
    nucleated: Any = 0.0,  # noqa: ANN401
    volume: Any = 0.0,  # noqa: ANN401
    cultured: bool = False,
    at: At | None = None,
    biology: Mapping[str, Any] | None = None,
) -> Values:
    """Return the inputs of the emulator for patients who are treated by the plan of a case.

    What is no input must be as in the designed runs, or is refused here: one injection at most, or
    the same one twice; drugs from day 0; a shaft held by a nail with bolts, a plate, a fixator, or
    a cast whose stiffness is stated; axial load alone.
    The load of six weeks is its mean over them; that of the time after week 12 too. Ovality,
    roughness and tilt of the shaft are taken as those of the designed runs.

    Parameters
    ----------
    case
        Site, plan and whatever does not vary.
    progenitors
        Progenitors of one injection that stay after the first days, as the bedside counts them,
        or cultured cells, one value or (sample,) [-]. What the emulator sees are functional ones:
        so many per colony, or per cultured cell, as the catalogue or ``biology`` says.
    nucleated
        Nucleated cells that stay, the progenitors included [-].
    volume
        Volume that settles at the lesion, with its carrier [m^3].
    cultured
        Whether the progenitors were grown.
    at
        What patients have at a place of the case, for example the method ``__getitem__`` of
        :class:`trephine.study.patients.Features`; those of the case unless given.
    biology
        Numbers by record id, one value or (sample,) [SI], of
        :data:`trephine.study.biology.RECORDS` and those that scale progenitors; as the catalogue
        prints them unless given.

    Raises
    ------
    InputError
        If the emulator knows no such course, whatever the numbers.
    """
    place: At = at or (lambda where: value_at(case, where))
    _refuse(case, place)
    p = beliefs()
    own = told(biology)
    found: Values = {
        inputs.GAP: place(inputs.GAP),
        inputs.OUTER: place(inputs.OUTER),
        inputs.CANAL: place(inputs.CANAL),
        inputs.NAIL: place(inputs.NAIL) if case.site.fixation.kind == "nail" else 0.0,
        inputs.STIFFNESS: _stiffness(case, place, p),
        **{f"site.biology.{name}": place(f"site.biology.{name}") for name in inputs.SITE},
        inputs.AGE: place(inputs.AGE),
        inputs.SMOKER: place(inputs.SMOKER),
        inputs.DIABETES: place(inputs.DIABETES),
        **_drugs(case),
        **_loads(case, place("patient.mass") * p.heal.fixation.gravity),
        inputs.CELLS: np.asarray(progenitors) * own[POTENCY if cultured else ASSAY],
        inputs.OTHERS: np.asarray(nucleated) - (0.0 if cultured else np.asarray(progenitors)),
        inputs.VOLUME: volume,
        inputs.SOLID: 0.0,
        inputs.INJECTED: 0.0,
        inputs.AGAIN: 0.0,
        **{name: own[name] for name in RECORDS},
        inputs.CARRIER: "no injection",
    }
    injections = case.plan.injections
    if injections:
        given = injections[0].deliver
        solid = given.carrier == "demineralised_bone"
        share = _solid_share(given, p.deliver) if solid else 0.0
        found |= {
            inputs.CARRIER: given.carrier,
            inputs.INJECTED: injections[0].day,
            inputs.AGAIN: injections[-1].day - injections[0].day,
            inputs.SOLID: share * np.asarray(volume),
        }
    shape = np.broadcast_shapes(*(np.shape(v) for v in found.values()))
    return {
        name: np.broadcast_to(np.asarray(v, dtype=None if name == inputs.CARRIER else float), shape)
        for name, v in found.items()
    }


def told(biology: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the biology by record id, what is not given as the catalogue prints it [SI].

    Raises
    ------
    InputError
        If something is given that is no input.
    """
    numbers = beliefs().heal.callus
    usual = {**printed(), ASSAY: numbers.assay_factor, POTENCY: numbers.cultured_potency}
    given = biology or {}
    strange = [
        Problem(name, f"is no biology that the emulator takes; it takes {', '.join(usual)}")
        for name in given
        if name not in usual
    ]
    if strange:
        raise InputError("the emulator does not take such biology", strange)
    return {**usual, **given}


def _refuse(case: Case, place: At) -> None:
    """Raise InputError when a case holds what no designed run held."""
    plan, site, given = case.plan, case.site, case.plan.injections
    held = site.fixation
    fresh = np.any(np.asarray(place("site.biology.clot"), dtype=float) > 0.0)
    is_bare_cast = held.kind == "cast" and held.axial_stiffness is None
    many, other = len(given) > MOST_INJECTIONS, len({_alike(one) for one in given}) > 1
    checks = (
        (site.shaft is None, "site.scan", "knows idealised shafts alone"),
        (
            held.locking in ("sliding", "press_fit"),
            "site.fixation",
            "knows bolted nails, plates, fixators and casts alone",
        ),
        (is_bare_cast, "site.fixation.axial_stiffness", "needs that of a cast"),
        (fresh, "site.biology.clot", "knows non-unions, not a fresh fracture full of clot"),
        (many, "plan.steps", f"knows two injections at most, not {len(given)}"),
        (
            other and not many,
            "plan.steps",
            "knows a second injection that is the same as the first alone",
        ),
        (bool(plan.surgeries), "plan.steps", "knows no operation on the bone"),
        (
            any(any(step.load[1:]) for step in plan.loadings),
            "plan.steps",
            "knows load along the shaft alone",
        ),
        (any(m.day > 0.0 for m in plan.medications), "plan.steps", "knows drugs from day 0 alone"),
    )
    wrong = [problem for one in given for problem in _unknown(one.deliver)]
    wrong += [
        Problem(where, f"the emulator {said}") for is_wrong, where, said in checks if is_wrong
    ]
    if wrong:
        raise InputError(f"the emulator cannot stand in for {case.name}; use the engine", wrong)


def _alike(injection: Injection) -> str:
    """Return what an injection is, besides its day."""
    return str({**injection.as_written(), "day": None})


def _unknown(given: Delivery) -> list[Problem]:
    """Return what of a delivery no designed run held."""
    wrong = []
    if given.carrier not in inputs.CARRIERS:
        known = ", ".join(inputs.CARRIERS[1:])
        said = f"the emulator knows {known}, not {given.carrier}"
        wrong.append(Problem("plan.steps.deliver.carrier", said))
    if abs(given.reach - inputs.REACH) > 1e-9:
        said = f"the emulator knows a reach of {inputs.REACH * 1e3:g} mm alone"
        wrong.append(Problem("plan.steps.deliver.reach", said))
    return wrong


def _stiffness(case: Case, place: At, p: Beliefs) -> Any:  # noqa: ANN401
    """Return the axial stiffness of the fixation [N/m]."""
    if case.site.fixation.axial_stiffness is not None:
        return place(inputs.STIFFNESS)
    return springs(case.site.fixation, p.heal.fixation).axial


def _drugs(case: Case) -> Values:
    """Return how long each drug is taken [s]."""
    end = WEEKS * 7.0 * DAY
    found: Values = {inputs.NSAID: 0.0, inputs.STEROID: 0.0}
    for taken in case.plan.medications:
        name = f"drug.{taken.drug}"
        until = end if taken.until is None else min(taken.until, end)
        found[name] = max(found[name], until)
    return found


def _loads(case: Case, weight: Any) -> Values:  # noqa: ANN401
    """Return the mean peak force of the three times of a designed course [N]."""
    ends = (*inputs.TURNS, WEEKS * 7.0)
    means = [
        np.mean([case.plan.body_weights((day + 0.5) * DAY) for day in np.arange(start, end)])
        for start, end in pairwise(ends)
    ]
    names = (inputs.EARLY, inputs.MIDDLE, inputs.LATE)
    return {name: mean * weight for name, mean in zip(names, means, strict=True)}


def _solid_share(given: Delivery, p: InjectionParameters) -> float:
    """Return the share of what settles that is solid carrier [-]."""
    pieces = given.carrier_volume * p.solid[given.carrier]
    is_filtered = given.loading == "filtered"
    mixed = given.carrier_volume if is_filtered else given.volume + pieces
    return pieces / mixed
