"""Owns trials on the emulator: one patient as the engine would be asked, or an arm all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trephine.case.case import Case
from trephine.case.document import Document, validate
from trephine.case.laws import Choice
from trephine.case.places import value_at
from trephine.core.errors import InputError, Problem
from trephine.core.rng import Streams
from trephine.models.aspiration import Facts
from trephine.models.dose_beliefs import DoseBeliefs
from trephine.models.placement import Reach
from trephine.study import inputs
from trephine.study.cells import Cell
from trephine.study.chain import Luck, Treated, chain
from trephine.study.course_inputs import course_inputs
from trephine.study.courses import CALLUS
from trephine.study.designed import WEEKS
from trephine.study.dose import reaches
from trephine.study.emulate import Emulator, Sampled
from trephine.study.inputs import Values
from trephine.study.outcomes import PLACES, Cells, PatientOutcome
from trephine.study.patients import Features

Array = NDArray[np.floating[Any]]

WEEK = 7.0 * 86400.0
BLOCK = 65_536
"""Patients whose cells are followed from needle to lesion at once."""


@cache
def shipped() -> Emulator:
    """Return the emulator that comes with the program, read once."""
    return Emulator.load()


@cache
def _numbers() -> DoseBeliefs:
    return DoseBeliefs.printed()


def emulated(cell: Cell) -> PatientOutcome:
    """Return the outcome of a cell of a trial by the emulator, in place of the engine.

    The dose is that of the pipeline with the same luck; what heals is the emulator. It tells the
    union, the callus and the score; stiffness, movement and the plain score stay empty, and
    between the weeks that it knows callus and score lie on straight lines. For
    ``run_trial(engine=emulated)``.

    Raises
    ------
    InputError
        If the emulator does not know such a course, the numbers were drawn, or the plan has
        visits after the last week it knows.
    """
    case = validate(Case, dict(cell.case), "a patient")
    if cell.numbers is not None:
        raise InputError("the emulator knows the numbers of the catalogue as printed alone")
    visits = visit_weeks(case)
    luck, injections = Streams(cell.seed), case.plan.injections
    doses: tuple[Treated, ...] = ()
    if injections:
        deviates = Luck.of(injections, luck, 1)
        doses = chain(case.patient, injections, reaches(case), _numbers(), deviates)
    values = course_inputs(case, **_staying(doses))
    drawn = shipped().sample(values, luck)
    union, callus, mrust = (part[..., 0] for part in seen_at(visits, drawn))
    return PatientOutcome(
        week=tuple(visits.tolist()),
        union_week=float(union) if np.isfinite(union) else None,
        mrust=tuple(mrust.tolist()),
        callus_volume=tuple(callus.tolist()),
        dose=_told(doses),
    )


def visit_weeks(case: Case) -> Array:
    """Return the weeks of the visits of a case, day 0 first, or raise InputError."""
    plan = case.plan.follow_up
    if plan.duration > WEEKS * WEEK + 1.0:
        text = f"the emulator knows {WEEKS} weeks, not {plan.duration / WEEK:g}"
        raise InputError(
            f"the emulator cannot stand in for {case.name}; use the engine",
            [Problem("plan.follow_up.duration", text)],
        )
    return np.arange(plan.visits + 1) * plan.interval / WEEK


def seen_at(visits: Array, drawn: Sampled) -> tuple[Array, Array, Array]:
    """Return what visits show: week of union, callus [m^3] and score, the last two (visit, ...).

    Parameters
    ----------
    visits
        Weeks of the visits, (visit,) [wk].
    drawn
        Outcomes, (sample,).
    """
    later = np.searchsorted(visits, drawn.union_week - 1e-9)
    union = np.append(visits, np.inf)[later]
    known = np.concatenate([[0.0], CALLUS])
    place = np.clip(np.searchsorted(known, visits, side="right") - 1, 0, known.size - 2)
    share = ((visits - known[place]) / np.diff(known)[place])[:, None]

    def between(start: float, values: Array) -> Array:
        whole = np.concatenate([np.full((1, values.shape[1]), start), values])
        return np.asarray((1.0 - share) * whole[place] + share * whole[place + 1])

    return union, between(0.0, drawn.callus), np.round(between(4.0, drawn.mrust))


def _staying(doses: tuple[Treated, ...]) -> dict[str, Any]:
    """Return what stays of one injection, for the inputs of the emulator."""
    if len(doses) != 1:
        return {}  # none, or more than the emulator knows, which it refuses by itself
    stays = doses[0].at["stays"]
    return {
        "progenitors": stays.progenitors,
        "nucleated": stays.nucleated,
        "volume": stays.volume,
        "cultured": doses[0].is_cultured,
    }


def _told(doses: tuple[Treated, ...]) -> dict[str, Cells]:
    """Return the cells at each place of one patient."""
    found: dict[str, Cells] = {}
    for one in doses:
        everywhere: dict[str, Any] = {"drawn": one.pool}
        everywhere.update((str(place), there) for place, there in one.at.items())
        for place in PLACES:
            there = everywhere[place]
            held = (there.progenitors, there.nucleated, there.volume)
            found[place] = Cells(*(float(np.squeeze(value)) for value in held))
    return found


@dataclass(frozen=True)
class EmulatedArm:
    """All patients of an arm at once.

    Parameters
    ----------
    known
        Whom the emulator knows, (sample,); the others lie outside its ranges.
    union_week, callus, mrust
        As in :class:`trephine.study.emulate.Sampled`; of those not known, infinite, and not a
        number.
    progenitors, volume
        What stays at the lesion: progenitors [-] and volume [m^3], (sample,).
    problems
        What lies outside the ranges, in words.
    """

    known: NDArray[np.bool_]
    union_week: Array
    callus: Array
    mrust: Array
    progenitors: Array
    volume: Array
    problems: tuple[Problem, ...]

    @property
    def united(self) -> float:
        """Share of all patients that unite by the last visit; those not known do not."""
        return float(np.isfinite(self.union_week).mean())


def emulated_arm(
    drawn: Features, plan: Mapping[str, Any] | None = None, *, emulator: Emulator | None = None
) -> EmulatedArm:
    """Return what becomes of virtual patients in an arm, all at once.

    The dose is that of the chain from needle to lesion, patient by patient, into a room told
    without voxels; what heals is the emulator. Luck belongs to the number of a patient and is the
    same in every arm. Nothing of the plan may vary between patients but by the arm.

    Parameters
    ----------
    drawn
        The patients.
    plan
        Keys of the plan that the arm replaces.
    emulator
        The one that comes with the program unless given.

    Raises
    ------
    InputError
        If the emulator knows no such course, whatever the numbers.
    """
    of = emulator or shipped()
    varied = [place for place in drawn.values if place.startswith("plan.")]
    if varied:
        raise InputError(
            "the emulator knows plans that are the same for all patients of an arm",
            [Problem(place, "varies between patients") for place in varied],
        )
    count = drawn.count
    union, known = np.full(count, np.inf), np.zeros(count, bool)
    callus, mrust = (np.full((len(CALLUS), count), np.nan) for _ in range(2))
    cells, volume = np.zeros(count), np.zeros(count)
    told: dict[str, Problem] = {}
    injections = drawn.population.with_values({}, None if plan is None else dict(plan)).plan
    luck = Luck.of(injections.injections, drawn.streams, count)
    for case, which in _alike(drawn, plan):
        values, cells[which], volume[which] = _inputs(drawn, case, which, luck)
        found, outside = inputs.problems(values)
        told = {problem.place: problem for problem in found} | told
        here = which[~outside]
        known[here] = True
        if here.size:
            kept = {name: value[~outside] for name, value in values.items()}
            got = of.sample(kept, drawn.streams, who=here)
            union[here], callus[:, here], mrust[:, here] = got.union_week, got.callus, got.mrust
    return EmulatedArm(known, union, callus, mrust, cells, volume, tuple(told.values()))


def _alike(
    drawn: Features, plan: Mapping[str, Any] | None
) -> Iterator[tuple[Case, NDArray[np.int64]]]:
    """Yield cases that stand for patients with the same choices, and the patients' numbers."""
    population = drawn.population
    chosen = [place for place in drawn.chosen if not place.startswith("fact.")]
    keys = np.stack([drawn.chosen[place] for place in chosen] or [np.zeros(drawn.count, int)])
    for key in np.unique(keys, axis=1).T:
        picked: dict[str, Any] = {}
        for place, number in zip(chosen, key, strict=False):
            law = population.vary[place]
            picked[place] = law.values[int(number)] if isinstance(law, Choice) else None
        picked = {place: value for place, value in picked.items() if value is not None}
        case = population.with_values(picked, None if plan is None else dict(plan))
        which = np.flatnonzero((keys == key[:, None]).all(axis=0))
        for start in range(0, which.size, BLOCK):
            yield case, which[start : start + BLOCK]


def _inputs(
    drawn: Features, case: Case, which: NDArray[np.int64], luck: Luck
) -> tuple[Values, Any, Any]:
    """Return the inputs of some patients, and progenitors and volume that stay."""

    def at(place: str) -> Any:  # noqa: ANN401  (whatever a case holds)
        if place in drawn.values and place not in drawn.chosen:
            return drawn.values[place][which]
        held = value_at(case, place)
        return None if isinstance(held, (list, Document)) else held

    site = course_inputs(case, at=at)
    if not case.plan.injections:
        return _whole(site, which.size), 0.0, 0.0
    own = Luck(
        luck.donor[:, which],
        tuple(n[:, which] for n in luck.needle),
        tuple(c[which] for c in luck.clot),
        tuple(d[which] for d in luck.device),
    )
    height, mass = at("patient.height"), at("patient.mass")
    facts = Facts(
        age=at("patient.age"),
        female=np.asarray(at("patient.sex")) == "female",
        body_mass_index=None if height is None else mass / np.square(height),
        smoker=at("patient.smoker"),
        osteonecrosis_risk=at("patient.osteonecrosis_risk"),
        earlier_harvest=at("patient.earlier_harvest"),
        blood_nucleated=at("patient.blood_nucleated"),
        mass=mass,
        anticoagulated=at("patient.anticoagulated"),
    )
    reach = Reach(*inputs.rooms(site))
    doses = chain(facts, case.plan.injections, [reach], _numbers(), own)
    staying = _staying(doses)
    values = _whole(course_inputs(case, at=at, **staying), which.size)
    return values, staying["progenitors"], staying["volume"]


def _whole(values: Values, count: int) -> Values:
    return {name: np.broadcast_to(value, (count,)) for name, value in values.items()}
