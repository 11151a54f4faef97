"""Owns the virtual patients of an arm, healed by the emulator with draws of the posterior."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trephine.case.trial import Arm, Trial
from trephine.catalogue.posterior import Posterior
from trephine.core.errors import InputError, Problem
from trephine.core.rng import Streams
from trephine.study import inputs, patients, unknowns
from trephine.study.arm_inputs import arm_inputs, dose_numbers
from trephine.study.emulate import Emulator
from trephine.study.emulated import seen_at, visit_weeks
from trephine.study.outcomes import SERIES, Pool
from trephine.study.published import published
from trephine.study.virtual_series import KNOWN

Array = NDArray[np.float64]

WEEK = 7.0 * 86400.0
DRAWS = 400
"""Draws of the posterior, each of which treats a trial of its own."""
Rows = Mapping[str, Any]
"""Draws of the posterior by record id, (draw,) each, in the unit of the record."""


@dataclass(frozen=True)
class DrawnArm:
    """Virtual patients of one arm, so many for each draw of the posterior.

    Parameters
    ----------
    pool
        All of them, draw after draw.
    each
        Virtual patients of each draw, the same ones in every arm.
    first, size
        Which of them its trial takes: so many from there on. Arms take others, as in a trial.
    known
        Whom the emulator knows, (sample,).
    week
        Visits that it knows, (week,) [wk].
    chance
        Chance of union by each, (week, sample); not a number where it does not know.
    problems
        What lies outside the ranges of the emulator.
    """

    pool: Pool
    each: int
    first: int
    size: int
    known: NDArray[np.bool_]
    week: Array
    chance: Array
    problems: tuple[Problem, ...]


def rows_of(told: Posterior, count_draws: int, seed: int) -> Rows:
    """Return draws of a posterior by record id, (draw,) each."""
    order = Streams(seed).named("predictive", "rows").permutation(count_draws)
    return told.rows(order % len(told))


def people(trial: Trial) -> int:
    """Return how many patients a trial takes, of all arms together and their largest endpoints."""
    return sum(_largest(trial, arm) for arm in trial.arms)


def _largest(trial: Trial, arm: Arm) -> int:
    """Return the patients of an arm's largest endpoint."""
    sizes = [arm.n]
    for endpoint in trial.endpoints:
        told = published(trial, endpoint) if endpoint.arm == arm.name else None
        sizes += [told.n] if told is not None and told.n is not None else []
    return max(sizes)


def drawn_arm(
    trial: Trial,
    arm: Arm,
    rows: Rows,
    of: Emulator,
    *,
    seed: int = 0,
    each: int | None = None,
) -> DrawnArm:
    """Return the virtual patients of one arm, healed by the emulator with draws of the posterior.

    All arms treat the same virtual patients with the same luck. The trial of a draw deals them
    out: each arm takes its own, so that two arms differ by who came into them, too.

    Parameters
    ----------
    trial, arm
        The document and one of its arms.
    rows
        Draws of the posterior, from :func:`rows_of`.
    of
        The emulator.
    seed
        Luck.
    each
        Virtual patients of each draw; as many as :func:`people` unless given, never fewer.

    Raises
    ------
    InputError
        If the emulator knows no such course, or less than half of the patients.
    """
    if trial.baseline is not None:
        raise InputError("a score of risk tells it, not the healing model")
    sizes = {one.name: _largest(trial, one) for one in trial.arms}
    before = trial.arms[: [one.name for one in trial.arms].index(arm.name)]
    size = each or people(trial)
    count = len(next(iter(rows.values())))
    total = count * size
    luck = Streams(seed).within("predictive", "patients")
    drawn = patients.features(trial.population, luck, total)
    whole = arm_inputs(drawn, arm.plan)
    stays = np.ones(count)
    if whole.values[inputs.CARRIER][0] == unknowns.BED:
        stays = np.asarray(unknowns.retained(rows, dose_numbers().deliver))
    many = np.repeat(stays, size)
    biology = {name: np.repeat(v, size) for name, v in unknowns.biology(rows).items()}
    courses, known, problems = whole.courses(biology, many, many)
    if known.mean() < KNOWN:
        share = f"{100.0 * known.mean():.0f} % of the patients of the arm '{arm.name}'"
        raise InputError(f"the emulator knows {share}, less than half; use the engine", problems)
    here = np.flatnonzero(known)
    some = {name: value[here] for name, value in courses.items()}
    weeks = visit_weeks(patients.patient(trial.population, drawn, 0, arm.plan))
    seen, callus, mrust = seen_at(weeks, of.sample(some, drawn.streams, who=here))
    said = of.predict(some)
    union = np.full(total, np.inf)
    union[here] = seen
    # A series that is not told takes no room: one number stands for all.
    series = dict.fromkeys(SERIES, np.broadcast_to(np.nan, (total, weeks.size)))
    for name, values_here in (("callus_volume", callus), ("mrust", mrust)):
        series[name] = np.full((total, weeks.size), np.nan)
        series[name][here] = values_here.T
    pool = Pool.seen(
        weeks,
        union,
        series=series,
        dose=_changed(whole.dose, many),
        lost_at=drawn.lost_at / WEEK,
        missed=np.concatenate([np.zeros((total, 1), bool), drawn.missed(weeks.size - 1)], axis=1),
        failed=~known,
        replicate=np.repeat(np.arange(count), size),
    )
    chance = np.full((said.week.size, total), np.nan)
    chance[:, here] = said.union_chance_by_week
    return DrawnArm(
        pool=pool,
        each=size,
        first=sum(sizes[one.name] for one in before),
        size=sizes[arm.name],
        known=known,
        week=np.asarray(said.week, dtype=float),
        chance=chance,
        problems=problems,
    )


def _changed(held: Any, factor: Array) -> dict[str, dict[str, Array]]:  # noqa: ANN401
    """Return the cells by place, of those that stay as many more as the posterior says."""
    found = {place: dict(kinds) for place, kinds in held.items()}
    for kind in ("progenitors", "nucleated") if "stays" in found else ():
        found["stays"][kind] = found["stays"][kind] * factor
    return found
