"""Owns virtual trials on the emulator: every arm at once, a million patients in minutes."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from trephine.case.trial import Trial
from trephine.core.errors import InputError, Problem
from trephine.core.progress import Watch
from trephine.core.rng import Streams
from trephine.study import patients
from trephine.study.arm_inputs import arm_inputs
from trephine.study.cells import Group, Key, groups
from trephine.study.designed import VOXEL, settings
from trephine.study.emulate import Emulator, Sampled
from trephine.study.emulated import EmulatedArm, emulated_arm, seen_at, shipped, visit_weeks
from trephine.study.input_range import Array
from trephine.study.outcomes import SERIES, Pool
from trephine.study.sampling import SERIES as LOOKED
from trephine.study.trial import WEEK, Asked, TrialResult, check

Told = NDArray[np.float64]

TOLD = ("mrust", "callus_volume")
"""Series that the emulator tells; the others stay empty."""
BLOCK = 100_000
"""Patients whose visits are told at once."""


def emulate_trial(
    trial: Trial,
    *,
    seed: int = 0,
    patients_each: int | None = None,
    replicates: int = 1,
    emulator: Emulator | None = None,
    watch: Watch | None = None,
) -> TrialResult:
    """Return what becomes of the virtual patients of a trial by the emulator of the engine.

    Patients, doses and their luck are drawn as :func:`trephine.study.trial.run_trial` draws them,
    all of an arm at once; what heals is the emulator, with the numbers of the catalogue as
    printed; :func:`trephine.study.posterior_trial.foretell_trial` draws them from the posterior.
    Who lies outside its ranges has no outcome and stays in every denominator.

    Parameters
    ----------
    trial
        The document.
    seed, patients_each, replicates
        As for :func:`trephine.study.trial.run_trial`.
    emulator
        The one that comes with the program unless given.
    watch
        Hears the progress.

    Raises
    ------
    InputError
        If the trial cannot be run as it stands, or the emulator does not know its arms.
    """
    of = emulator or shipped()
    name = f"emulator {of.digest[:12]}"
    numerics = settings(VOXEL)
    asked = Asked(trial, numerics, seed, patients_each, replicates, "printed", name)
    refuse_unknown(trial)
    pools: dict[Key, Pool] = {}
    wrong: dict[str, Problem] = {}
    everybody = groups(trial, seed, asked.patients, replicates)
    for number, (key, group) in enumerate(everybody.items()):
        if watch is not None:
            watch.progress("Emulating", number, len(everybody), key[1])
        pools[key], problems = _treated(group, of)
        if pools[key].failed.all():
            said = f"the emulator knows no patient of the arm '{key[1]}'; run it on the engine"
            raise InputError(said, list(problems))
        wrong |= {problem.place: problem for problem in problems}
    return TrialResult(
        asked, MappingProxyType(pools), notices=_notices(trial, of, pools, list(wrong.values()))
    )


def refuse_unknown(trial: Trial) -> None:
    """Raise InputError when the emulator knows no such arms, all of them in one go."""
    if trial.baseline is not None:
        raise InputError(
            f"{trial.name} asks a score of risk who unites; no engine and no emulator is needed"
        )
    check(trial, settings(VOXEL))
    one = patients.features(trial.population, Streams(0), 1)
    problems = [
        Problem(f"endpoints.{number}.outcome", "the emulator tells no RUST")
        for number, endpoint in enumerate(trial.endpoints)
        if endpoint.outcome == "delayed union"
    ]
    for number, arm in enumerate(trial.arms):
        try:
            visit_weeks(patients.patient(trial.population, one, 0, arm.plan))
            arm_inputs(one, arm.plan)
        except InputError as error:
            told = error.problems or (Problem("", error.headline),)
            problems += [Problem(f"arms.{number}.{p.place}".rstrip("."), p.message) for p in told]
    if problems:
        said = f"the emulator does not know all arms of {trial.name}; run it on the engine"
        raise InputError(said, problems)


def _treated(group: Group, of: Emulator) -> tuple[Pool, tuple[Problem, ...]]:
    """Return the patients of an arm, and why some lie outside the ranges."""
    parts, problems = [], list[Problem]()
    week = visit_weeks(patients.patient(group.population, group.drawn[0], 0, group.arm.plan))
    for drawn in group.drawn:
        arm = arm_inputs(drawn, group.arm.plan)
        found = emulated_arm(arm, emulator=of)
        problems += found.problems
        parts.append((arm.dose, found, _visits(week, found)))
    unknown = np.concatenate([~found.known for _, found, _ in parts])
    count = unknown.size
    # A series that is not told takes no room: one number stands for all.
    empty = np.broadcast_to(np.nan, (count, week.size))
    series = {name: empty for name in SERIES if name not in TOLD}
    for place, name in enumerate(TOLD, start=1):
        series[name] = np.concatenate([visits[place] for _, _, visits in parts])
    dose = {
        place: {kind: np.concatenate([one[place][kind] for one, _, _ in parts]) for kind in kinds}
        for place, kinds in parts[0][0].items()
    }
    missed = np.concatenate([d.missed(week.size - 1) for d in group.drawn])
    pool = Pool.seen(
        week,
        np.concatenate([visits[0] for _, _, visits in parts]),
        series=series,
        dose=dose,
        lost_at=np.concatenate([d.lost_at for d in group.drawn]) / WEEK,
        missed=np.concatenate([np.zeros((count, 1), bool), missed], axis=1),
        failed=unknown,
        replicate=np.repeat(np.arange(len(group.drawn)), [d.count for d in group.drawn]),
    )
    return pool, tuple(problems)


def _visits(week: Array, found: EmulatedArm) -> tuple[Told, Array, Array]:
    """Return union as visits see it (sample,), score and callus at the visits, (sample, visit)."""
    union: Told = np.empty(found.known.size)
    mrust, callus = (np.empty((union.size, week.size), np.float32) for _ in range(2))
    for start in range(0, union.size, BLOCK):
        block = slice(start, start + BLOCK)
        drawn = Sampled(found.union_week[block], found.callus[:, block], found.mrust[:, block])
        union[block], volumes, scores = seen_at(week, drawn)
        mrust[block], callus[block] = scores.T, volumes.T
    return union, mrust, callus


def _notices(
    trial: Trial, of: Emulator, pools: dict[Key, Pool], problems: list[Problem]
) -> tuple[str, ...]:
    """Return what a reader must be told of a trial on the emulator."""
    said = [f"An emulator stood in for the healing engine. {of.error}"]
    unknown = sum(int(pool.failed.sum()) for pool in pools.values())
    if unknown:
        whole = sum(len(pool) for pool in pools.values())
        why = "; ".join(f"{problem.place}: {problem.message}" for problem in problems)
        said.append(
            f"{unknown} of {whole} patients lie outside the ranges of the emulator and have no "
            f"outcome. They stay in every denominator as not united. {why}"
        )
    return (*said, *untold(trial))


def untold(trial: Trial) -> tuple[str, ...]:
    """Return in words which outcomes of a trial no emulator tells."""
    empty = {str(e.outcome) for e in trial.endpoints if LOOKED.get(e.outcome, "mrust") not in TOLD}
    return (f"The emulator does not tell {' and '.join(sorted(empty))}.",) if empty else ()
