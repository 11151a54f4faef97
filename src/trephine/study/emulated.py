"""Owns trials on the emulator: one patient as the engine would be asked, or an arm all at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trephine.case.case import Case
from trephine.case.document import validate
from trephine.core.errors import InputError, Problem
from trephine.core.rng import Streams
from trephine.study.arm_inputs import ArmInputs, arm_inputs, dose_numbers, staying
from trephine.study.cells import Cell
from trephine.study.chain import Luck, Treated, chain
from trephine.study.course_inputs import course_inputs
from trephine.study.courses import CALLUS
from trephine.study.designed import WEEKS
from trephine.study.dose import reaches
from trephine.study.emulate import Emulator, Sampled
from trephine.study.outcomes import PLACES, Cells, PatientOutcome
from trephine.study.patients import Features

Array = NDArray[np.floating[Any]]

WEEK = 7.0 * 86400.0


@cache
def shipped() -> Emulator:
    """Return the emulator that comes with the program, read once."""
    return Emulator.load()


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
        doses = chain(case.patient, injections, reaches(case), dose_numbers(), deviates)
    values = course_inputs(case, **staying(doses))
    drawn = shipped().sample(values, luck)
    union, callus, mrust = (part[..., 0] for part in seen_at(visits, drawn))
    return PatientOutcome(
        week=tuple(visits.tolist()),
        union_week=float(union) if np.isfinite(union) else None,
        mrust=tuple(mrust.tolist()),
        callus_volume=tuple(callus.tolist()),
        dose=_told(doses),
    )


def visit_weeks(case: Case) -> NDArray[np.float64]:
    """Return the weeks of the visits of a case, day 0 first, or raise InputError."""
    plan = case.plan.follow_up
    if plan.duration > WEEKS * WEEK + 1.0:
        text = f"the emulator knows {WEEKS} weeks, not {plan.duration / WEEK:g}"
        raise InputError(
            f"the emulator cannot stand in for {case.name}; use the engine",
            [Problem("plan.follow_up.duration", text)],
        )
    return np.asarray(np.arange(plan.visits + 1) * plan.interval / WEEK, dtype=np.float64)


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
    drawn: Features | ArmInputs,
    plan: Mapping[str, Any] | None = None,
    *,
    biology: Mapping[str, Any] | None = None,
    cells_factor: Any = 1.0,  # noqa: ANN401  (a number or an array)
    others_factor: Any = 1.0,  # noqa: ANN401
    emulator: Emulator | None = None,
) -> EmulatedArm:
    """Return what becomes of virtual patients in an arm, all at once.

    The dose is that of the chain from needle to lesion; what heals is the emulator. Luck belongs
    to the number of a patient and is the same in every arm and under every biology.

    Parameters
    ----------
    drawn
        The patients, or what :func:`trephine.study.arm_inputs.arm_inputs` makes of them once for
        many biologies.
    plan
        Keys of the plan that the arm replaces.
    biology, cells_factor, others_factor
        See :meth:`trephine.study.arm_inputs.ArmInputs.courses`.
    emulator
        The one that comes with the program unless given.

    Raises
    ------
    InputError
        If the emulator knows no such course, whatever the numbers.
    """
    of = emulator or shipped()
    arm = drawn if isinstance(drawn, ArmInputs) else arm_inputs(drawn, plan)
    values, known, problems = arm.courses(biology, cells_factor, others_factor)
    union = np.full(arm.count, np.inf)
    callus, mrust = (np.full((len(CALLUS), arm.count), np.nan) for _ in range(2))
    here = np.flatnonzero(known)
    if here.size:
        kept = {name: value[here] for name, value in values.items()}
        got = of.sample(kept, arm.streams, who=here)
        union[here], callus[:, here], mrust[:, here] = got.union_week, got.callus, got.mrust
    return EmulatedArm(known, union, callus, mrust, arm.progenitors, arm.volume, problems)
