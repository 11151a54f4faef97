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
    Cell,
    Engine,
    Group,
    Key,
    assumed,
    cells,
    code,
    groups,
    order,
    voxels,
)
from trephine.study.cluster import spread
from trephine.study.outcomes import PatientOutcome, Pool, lost

WEEK = 7 * 86400.0
SIDES = 6
"""Multiple of the sides of grids in a trial: measured to cost about as much as it saves in a small
trial of one arm, with a third of the programs to compile and to hold."""
STAGE = "Treating virtual patients"
Numbers = Literal["printed", "drawn"]
"""Whether the catalogue's numbers are as printed or drawn from their spreads."""


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
        Numbers of the catalogue, as printed or drawn with each replicate.
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
        Numerics; draft voxels, with sides that sites share, unless given.
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
        settings or Settings.preset("draft").model_copy(update={"sides": SIDES}),
        seed,
        patients_each,
        replicates,
        numbers,
        engine.__name__ if hasattr(engine, "__name__") else type(engine).__name__,
    )
    check(trial, asked.settings)
    people = groups(trial, seed, asked.patients, replicates)
    if trial.baseline is not None:
        return TrialResult(asked, MappingProxyType(_by_score(trial.baseline, people)))
    folder = None if out is None else kept.opened(Path(out), asked.as_written(), resume or shard)
    drawn_with = seed if numbers == "drawn" else None
    told: dict[Key, list[PatientOutcome | str]] = {}
    wanted: dict[str, Cell] = {}
    for key, group in people.items():
        told[key] = []
        for cell in cells(group, asked.settings, drawn_with):
            if isinstance(cell, PatientOutcome):
                told[key].append(cell)
                continue
            name = digest.of_document([vars(cell), asked.engine, catalogue().digest, code()])
            wanted[name] = cell
            told[key].append(name)
    found = {} if folder is None else kept.outcomes(folder, wanted)
    _compute(wanted, found, Attempt(engine), folder, shard, workers, scheduler, watch or Watch())
    missing = sum(name not in found for name in wanted)
    if missing:
        return TrialResult(asked, MappingProxyType({}), missing=missing)
    whole = {
        key: [found[one] if isinstance(one, str) else one for one in members]
        for key, members in told.items()
    }
    return _gathered(asked, people, whole)


def _compute(
    wanted: Mapping[str, Cell],
    found: dict[str, PatientOutcome],
    attempt: Attempt,
    folder: Path | None,
    shard: tuple[int, int] | None,
    workers: int,
    scheduler: str | None,
    listener: Watch,
) -> None:
    """Add the outcomes of cells that are not found yet and fall to this shard."""
    done = len(found)
    orders = {n: order(wanted[n]) for n in wanted if n not in found and _is_ours(n, shard)}
    due = sorted(orders, key=lambda name: (orders[name], name))
    whole = done + len(due)
    listener.progress(STAGE, done, whole, f"{done} of {whole}")

    def heard(number: int, told: tuple[PatientOutcome, bool]) -> None:
        outcome, is_kept = told
        found[due[number]] = outcome
        if folder is not None and is_kept:
            kept.keep(folder, due[number], outcome)
        listener.progress(STAGE, len(found), whole, f"{len(found)} of {whole}")

    spread(
        attempt,
        [wanted[name] for name in due],
        [orders[name][0] for name in due],
        heard,
        workers=workers,
        scheduler=scheduler,
    )


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


def _is_ours(name: str, shard: tuple[int, int] | None) -> bool:
    """Return whether a cell falls to a shard, by its name and by nothing else."""
    return shard is None or int(name, 16) % shard[1] == shard[0] - 1


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


def _by_score(score: Literal["nurd", "bhandari"], people: Mapping[Key, Group]) -> dict[Key, Pool]:
    """Return the patients of whom a score of risk tells who unites by the last visit."""
    pools = {}
    for key, group in people.items():
        plan = patients.patient(group.population, group.drawn[0], 0, group.arm.plan).plan
        week = np.array([0.0, plan.follow_up.duration / WEEK])
        befallen = [baseline.befalls(d, baseline.baseline_risk(d, score)) for d in group.drawn]
        count = sum(d.count for d in group.drawn)
        pools[key] = Pool.seen(
            week,
            np.where(np.concatenate(befallen), np.inf, week[-1]),
            series=MappingProxyType({}),
            dose=MappingProxyType({}),
            lost_at=np.concatenate([d.lost_at for d in group.drawn]) / WEEK,
            missed=np.zeros((count, 2), dtype=bool),
            replicate=np.repeat(np.arange(len(group.drawn)), [d.count for d in group.drawn]),
        )
    return pools
