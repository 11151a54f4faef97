"""Owns virtual trials on the emulator with numbers of the posterior: a trial for each draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from trephine.case.trial import Trial
from trephine.catalogue.posterior import Posterior, posterior
from trephine.core.errors import InputError, Problem
from trephine.core.progress import Watch
from trephine.study.cells import AS_GIVEN, Key, assumed
from trephine.study.designed import VOXEL, settings
from trephine.study.emulate import Emulator
from trephine.study.emulated import shipped
from trephine.study.emulated_trial import refuse_unknown, untold
from trephine.study.outcomes import Pool
from trephine.study.posterior_arms import DRAWS, DrawnArm, drawn_arm, people, rows_of
from trephine.study.predictive import Foretold, foretold
from trephine.study.trial import Asked, TrialResult

Rows = NDArray[np.int64]

FEWEST = 20
"""Draws without which no interval of nine tenths can be told."""
MOST = 1_000_000
"""Virtual patients of all draws together that fit into memory."""
HOLDS = (
    "Each of {draws} draws of the posterior treats virtual patients of its own. The intervals of "
    "the endpoints hold what the calibration leaves open of its numbers, the luck of a trial of "
    "that size, what laboratories count, and an allowance for how far a right model may lie off a "
    "series, as the calibration took it. All other numbers are as printed. Where the emulator is "
    "off for a whole arm, nothing but that allowance covers it."
)
"""What the intervals hold, for a reader."""


@dataclass(frozen=True)
class ForetoldTrial(TrialResult):
    """A trial with numbers of the posterior; its replicates are the draws.

    Its pools hold whom the emulator knows in every arm.

    Parameters
    ----------
    told
        Endpoints by scenario.
    trials
        Whom of its pool the trial of each draw takes, by arm of the scenario as given.
    """

    told: Mapping[str, Sequence[Foretold]] = field(default_factory=lambda: MappingProxyType({}))
    trials: Mapping[str, Sequence[Rows]] = field(default_factory=lambda: MappingProxyType({}))


def foretell_trial(
    trial: Trial,
    *,
    seed: int = 0,
    patients_each: int | None = None,
    draws: int = DRAWS,
    found: Posterior | None = None,
    emulator: Emulator | None = None,
    watch: Watch | None = None,
) -> ForetoldTrial:
    """Return what a trial shows by the emulator, with numbers drawn from the posterior.

    Each draw treats virtual patients of its own in every arm, and deals them out to a trial of
    the published size. The endpoints are those of :func:`trephine.study.predictive.predicted`,
    which says what their intervals hold. Whom the emulator does not know is left out.

    Parameters
    ----------
    trial, seed, emulator, watch
        As for :func:`trephine.study.emulated_trial.emulate_trial`.
    patients_each
        Virtual patients of each draw; as many as the trial takes unless given, never fewer.
    draws
        Draws of the posterior.
    found
        The posterior; that of the catalogue unless given.

    Raises
    ------
    InputError
        If the trial cannot be run as it stands, or the emulator knows less than half of an arm.
    """
    told, of = found or posterior(), emulator or shipped()
    refuse_unknown(trial)
    each = _each(trial, patients_each, draws)
    name = f"emulator {of.digest[:12]}, posterior {told.digest[:12]}"
    asked = Asked(trial, settings(VOXEL), seed, each, draws, "posterior", name)
    rows = rows_of(told, draws, seed)
    endpoints: dict[str, Sequence[Foretold]] = {}
    pools: dict[Key, Pool] = {}
    trials: dict[str, Sequence[Rows]] = {}
    known: list[NDArray[np.bool_]] = []
    outside: dict[str, Problem] = {}
    for scenario in (None, *trial.scenarios):
        place = AS_GIVEN if scenario is None else scenario.name
        under = trial.model_copy(update={"population": assumed(trial.population, scenario)})
        drawn: dict[str, DrawnArm] = {}
        for arm in trial.arms:
            if watch is not None:
                whole = len(trial.arms) * (1 + len(trial.scenarios))
                watch.progress("Emulating", len(known), whole, arm.name)
            drawn[arm.name] = one = drawn_arm(under, arm, rows, of, seed=seed, each=each)
            known.append(one.known)
            outside |= {problem.place: problem for problem in one.problems}
        endpoints[place] = foretold(under, drawn, told, seed=seed)
        who = np.logical_and.reduce([one.known for one in drawn.values()])
        if not who.any():
            raise InputError("the emulator knows nobody in every arm; use the engine")
        for arm in trial.arms:
            pools[(place, arm.name)] = _only(drawn[arm.name].pool, who)
            if scenario is None:
                trials[arm.name] = _trials(drawn[arm.name], who, arm.n)
    return ForetoldTrial(
        asked,
        MappingProxyType(pools),
        notices=_notices(asked, of, known, list(outside.values())),
        told=MappingProxyType(endpoints),
        trials=MappingProxyType(trials),
    )


def _each(trial: Trial, wanted: int | None, draws: int) -> int:
    """Return the virtual patients of each draw, or raise InputError."""
    least = people(trial)
    each = least if wanted is None else wanted
    if each < least:
        raise InputError(
            f"{each} virtual patients are too few: with --numbers posterior each draw treats a "
            f"trial of the published size, which takes {least} in all; leave --patients out, or "
            "ask for more"
        )
    if draws < FEWEST:
        raise InputError(
            f"{draws} draws of the posterior are too few for an interval of nine tenths; ask for "
            f"{FEWEST} replicates or more, or leave --replicates out"
        )
    if each * draws > MOST:
        raise InputError(
            f"{draws} draws of {each} virtual patients are more than {MOST:,}; ask for fewer"
        )
    return each


def _only(pool: Pool, who: NDArray[np.bool_]) -> Pool:
    """Return some patients of a pool; a draw of which nobody is left counts no more."""
    return replace(
        pool,
        union_week=pool.union_week[who],
        seen_week=pool.seen_week[who],
        last_week=pool.last_week[who],
        series={name: held[who] for name, held in pool.series.items()},
        dose={p: {kind: held[who] for kind, held in k.items()} for p, k in pool.dose.items()},
        lost_at=pool.lost_at[who],
        missed=pool.missed[who],
        failed=pool.failed[who],
        replicate=np.unique(pool.replicate[who], return_inverse=True)[1],
    )


def _trials(one: DrawnArm, who: NDArray[np.bool_], size: int) -> list[Rows]:
    """Return whom the trial of each draw takes, as places among those who are left."""
    place = np.arange(who.size) % one.each - one.first
    mine = np.flatnonzero(((place >= 0) & (place < size))[who])
    draw = one.pool.replicate[who][mine]
    return [rows for rows in np.split(mine, np.flatnonzero(np.diff(draw)) + 1) if rows.size]


def _notices(
    asked: Asked, of: Emulator, known: Sequence[NDArray[np.bool_]], outside: Sequence[Problem]
) -> tuple[str, ...]:
    """Return what a reader must be told of such a trial."""
    trial = asked.trial
    without = "curves and the designs are" if trial.designs else "curves are"
    said = [
        f"An emulator stood in for the healing engine. {of.error}",
        HOLDS.format(draws=asked.replicates),
        f"The {without} without that allowance.",
    ]
    left = sum(int((~one).sum()) for one in known)
    if left:
        whole = sum(one.size for one in known)
        why = "; ".join(f"{problem.place}: {problem.message}" for problem in outside)
        said.append(
            f"{left} of {whole} patients lie outside the ranges of the emulator and are left out. "
            f"{why}"
        )
    if any(n > asked.patients for design in trial.designs for n in design.n):
        said.append(
            f"Each draw treats {asked.patients} virtual patients, fewer than a design asks for; "
            "with more of them (--patients) its power is told more surely."
        )
    return (*said, *untold(trial))
