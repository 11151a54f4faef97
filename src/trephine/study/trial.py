"""Virtual trials: every patient in every arm through the pipeline, kept one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from trephine import pipeline
from trephine.case.settings import Settings
from trephine.case.trial import Trial
from trephine.catalogue.load import catalogue
from trephine.core import digest
from trephine.core.errors import InputError, TrephineError
from trephine.core.progress import Watch
from trephine.core.rng import Streams
from trephine.models.beliefs import Beliefs
from trephine.study import baseline, kept, patients
from trephine.study.cells import (
    AS_GIVEN,
    Attempt,
    Engine,
    Group,
    Key,
    assumed,
    code,
    groups,
    voxels,
)
from trephine.study.outcomes import PatientOutcome, Pool, lost
from trephine.study.treating import treated, work

WEEK = 7 * 86400.0
SIDES = 6
"""Multiple of the sides of grids in a trial: measured to cost about as much as it saves in a small
trial of one arm, with a third of the programs to compile and to hold."""
Numbers = Literal["printed", "drawn", "posterior"]
"""Whether the catalogue's numbers are as printed, drawn from their spreads, or those that were
calibrated drawn together from the posterior and the others from their spreads."""


@dataclass(frozen=True)
class Asked:
    """What a trial was asked for, to name it and to know it again.

    Parameters
    ----------
    trial
        The document.
    settings
        Numerics.
    seed
        The user's seed.
    count
        Virtual patients of each replicate; None for the largest arm.
    replicates
        How many times patients are drawn anew.
    numbers
        Numbers of the catalogue, as printed or drawn with each replicate; see :data:`Numbers`.
    engine
        Name of what heals.
    """

    trial: Trial
    settings: Settings
    seed: int = 0
    count: int | None = None
    replicates: int = 1
    numbers: Numbers = "printed"
    engine: str = "voxels"

    @property
    def patients(self) -> int:
        """Virtual patients of each replicate."""
        return self.count or max(arm.n for arm in self.trial.arms)

    def as_written(self) -> dict[str, Any]:
        """Return what was asked as plain data."""
        return {
            "trial": self.trial.as_written(),
            "settings": self.settings.as_written(),
            "seed": self.seed,
            "patients": self.patients,
            "replicates": self.replicates,
            "numbers": self.numbers,
            "engine": self.engine,
            "catalogue": catalogue().digest,
            "program": code(),
        }

    @property
    def digest(self) -> str:
        """Content name of what was asked."""
        return digest.of_document(self.as_written())


@dataclass(frozen=True)
class TrialResult:
    """What became of all virtual patients of a trial.

    Parameters
    ----------
    asked
        What was asked for.
    pools
        Patients by scenario and arm; the scenario as given is named ``""``.
    outcomes
        The same one by one; empty where a score of risk or an emulator told them.
    missing
        Cells that other shards have not computed yet; with any, there are no pools.
    notices
        What a reader must be told, in sentences.
    """

    asked: Asked
    pools: Mapping[Key, Pool]
    outcomes: Mapping[Key, Sequence[PatientOutcome]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    missing: int = 0
    notices: tuple[str, ...] = ()

    def pool(self, arm: str, scenario: str = AS_GIVEN) -> Pool:
        """Return the patients of an arm."""
        return self.pools[(scenario, arm)]


def run_trial(
    trial: Trial,
    *,
    settings: Settings | None = None,
    seed: int = 0,
    patients_each: int | None = None,
    replicates: int = 1,
    numbers: Numbers = "printed",
    engine: Engine = voxels,
    workers: int = 1,
    scheduler: str | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    shard: tuple[int, int] | None = None,
    watch: Watch | None = None,
) -> TrialResult:
    """Return what becomes of the virtual patients of a trial in every arm.

    The same patients with the same luck are treated in all arms and under all scenarios. Nothing
    but the trial, the settings, the seed, the numbers and the engine changes a result; workers,
    shards and interruptions do not.

    Parameters
    ----------
    trial
        The document.
    settings
        Numerics; draft voxels, with sides that sites share, unless given. A patient whose gap is
        narrower than the voxel gets a finer one (:mod:`trephine.study.resolution`).
    seed
        The user's seed.
    patients_each
        Virtual patients of each replicate; as many as the largest arm unless given.
    replicates, numbers
        How many times patients are drawn anew, and whether the numbers of the catalogue are
        drawn with them.
    engine
        What heals; the pipeline with its voxels unless given.
    workers, scheduler
        See :func:`trephine.study.cluster.spread`.
    out, resume
        Folder to keep outcomes in, and whether to go on with what it holds.
    shard
        Number of this shard, from 1, and of all shards: only its cells are computed.
    watch
        Hears the progress.

    Raises
    ------
    InputError
        If the trial cannot be run as it stands, or the folder cannot be used.
    TrephineError
        If no run gave an outcome.
    """
    asked = Asked(
        trial,
        settings or drafted(),
        seed,
        patients_each,
        replicates,
        numbers,
        named(engine),
    )
    (told,) = run_trials(
        [asked],
        engine=engine,
        workers=workers,
        scheduler=scheduler,
        outs=[None if out is None else Path(out)],
        resume=resume,
        shard=shard,
        watch=watch,
    )
    if isinstance(told, TrephineError):
        raise told
    return told


def named(engine: Engine) -> str:
    """Return the name of an engine."""
    return engine.__name__ if hasattr(engine, "__name__") else type(engine).__name__


def drafted() -> Settings:
    """Return the numerics of a trial unless others are given."""
    return Settings.preset("draft").model_copy(update={"sides": SIDES})


def run_trials(
    asked: Sequence[Asked],
    *,
    engine: Engine = voxels,
    workers: int = 1,
    scheduler: str | None = None,
    outs: Sequence[Path | None],
    resume: bool = False,
    shard: tuple[int, int] | None = None,
    watch: Watch | None = None,
) -> list[TrialResult | TrephineError]:
    """Return what becomes of the virtual patients of several trials, computed together.

    Sites of one size share compiled programs across the trials, and a patient who is the same in
    two of them is treated once. Each result is that of :func:`run_trial`, which names the
    parameters; where no run of an arm gave an outcome, it is that error.

    Parameters
    ----------
    asked
        What each trial was asked for.
    outs
        Folder of each trial, or None.
    """
    for one in asked:
        check(one.trial, one.settings)
    people = [groups(one.trial, one.seed, one.patients, one.replicates) for one in asked]
    works = {}
    for number, (one, out) in enumerate(zip(asked, outs, strict=True)):
        if one.trial.baseline is None:
            going_on = resume or shard is not None
            folder = None if out is None else kept.opened(out, one.as_written(), going_on)
            drawn_with = None if one.numbers == "printed" else (one.numbers, one.seed)
            works[number] = work(people[number], one.settings, drawn_with, one.engine, folder)
    found = treated(
        list(works.values()),
        Attempt(engine),
        shard=shard,
        workers=workers,
        scheduler=scheduler,
        watch=watch or Watch(),
    )
    told: list[TrialResult | TrephineError] = []
    for number, one in enumerate(asked):
        if one.trial.baseline is not None:
            pools = baseline.treated(one.trial.baseline, people[number])
            told.append(TrialResult(one, MappingProxyType(pools)))
            continue
        missing = sum(name not in found for name in works[number].wanted)
        if missing:
            told.append(TrialResult(one, MappingProxyType({}), missing=missing))
            continue
        try:
            told.append(_gathered(one, people[number], works[number].outcomes(found)))
        except TrephineError as error:
            told.append(error)
    return told


def check(trial: Trial, settings: Settings) -> None:
    """Refuse a trial that cannot be run as it stands, before anything is computed.

    Raises
    ------
    InputError
        With each place and what would be accepted.
    """
    problems = trial.problems()
    for number, arm in enumerate(trial.arms):
        problems += patients.check(trial.population, arm.plan, f"arms.{number}.plan")
    for scenario in trial.scenarios:
        assumed(trial.population, scenario)
    if problems:
        raise InputError(f"{trial.name} cannot be run as it stands", problems)
    one = patients.features(trial.population, Streams(0), 1)
    lengths = set()
    for arm in trial.arms:
        case = patients.patient(trial.population, one, 0, arm.plan)
        lengths.add((case.plan.follow_up.duration, case.plan.follow_up.interval))
        if trial.baseline is None:
            try:
                pipeline.check(case, Beliefs.printed(), settings)
            except InputError as error:
                if error.problems:
                    raise
    if len(lengths) > 1:
        raise InputError(
            f"{trial.name}: all arms need the same visits; give each plan the same follow_up"
        )


def _gathered(
    asked: Asked, people: Mapping[Key, Group], told: Mapping[Key, list[PatientOutcome]]
) -> TrialResult:
    """Return the result of all cells."""
    errors = [one.error for members in told.values() for one in members if one.error is not None]
    for (_, arm), members in told.items():
        if all(one.error is not None for one in members):
            raise TrephineError(f"no run of the arm '{arm}' gave an outcome; first: {errors[0]}")
    pools, outcomes = {}, {}
    for key, members in told.items():
        visits = len(next(one.week for one in members if one.error is None)) - 1
        drawn = people[key].drawn
        lost_at = np.concatenate([d.lost_at for d in drawn]) / WEEK
        missed = np.concatenate([d.missed(visits) for d in drawn])
        replicate = np.repeat(np.arange(len(drawn)), [d.count for d in drawn])
        pools[key] = Pool.of(members, lost_at, missed, replicate)
        outcomes[key] = [lost(one, week) for one, week in zip(members, lost_at, strict=True)]
    notices = []
    if errors:
        whole = sum(len(members) for members in told.values())
        notices.append(
            f"{len(errors)} of {whole} runs gave no outcome. Their patients stay in every "
            "denominator as not united; their errors are listed."
        )
    if asked.trial.population.lost_per_year:
        notices.append(
            "Who is lost to follow-up before union was seen counts as not united in shares, and "
            "is censored at the last visit in curves."
        )
    return TrialResult(
        asked, MappingProxyType(pools), MappingProxyType(outcomes), notices=tuple(notices)
    )
