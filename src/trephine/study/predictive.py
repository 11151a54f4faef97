"""Posterior predictive: what trials of the published size show, whatever is not known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from trephine.case.trial import Arm, Endpoint, Trial
from trephine.catalogue.posterior import Posterior, posterior
from trephine.core.errors import InputError
from trephine.core.rng import Streams
from trephine.models.discrepancy import DiscrepancyParameters
from trephine.study import inputs, patients, unknowns
from trephine.study.arm_inputs import arm_inputs, dose_numbers
from trephine.study.calibrate import discrepancy
from trephine.study.emulate import Emulator
from trephine.study.emulated import seen_at, shipped, visit_weeks
from trephine.study.endpoints import WITHIN, Told, combined, lies_inside, unit_of
from trephine.study.outcomes import SERIES, Pool
from trephine.study.published import full_name, published
from trephine.study.sampling import CELLS, STATISTICS, dose, values
from trephine.study.virtual_series import KNOWN

Array = NDArray[np.float64]

WEEK = 7.0 * 86400.0


@dataclass(frozen=True)
class Foretold(Told):
    """An endpoint as the posterior foretells it.

    Parameters
    ----------
    fitted
        Whether the posterior was fitted to what was published of it.
    reason
        Why nothing is foretold; empty where something is.
    left_out
        Share of the drawn patients that the emulator does not know; they count for nothing [-].
    alone
        Whether what was published lies within without the allowance for how far a right model may
        lie off; None where nothing can be compared.
    """

    fitted: bool = False
    reason: str = ""
    left_out: float = 0.0
    alone: bool | None = None


@dataclass(frozen=True)
class _Drawn:
    """Trials of one arm, one for each draw of the posterior.

    Parameters
    ----------
    pool
        All their patients, trial after trial.
    size
        Patients of each.
    known
        Whom the emulator knows, (sample,).
    week
        Visits that it knows, (week,) [wk].
    chance
        Chance of union by each, (week, sample); not a number where it does not know.
    """

    pool: Pool
    size: int
    known: NDArray[np.bool_]
    week: Array
    chance: Array


def predicted(
    trial: Trial,
    count_draws: int = 400,
    *,
    seed: int = 0,
    found: Posterior | None = None,
    emulator: Emulator | None = None,
    with_discrepancy: bool = True,
) -> list[Foretold]:
    """Return what a trial of the published size would show, endpoint by endpoint.

    Each draw of the posterior treats a trial of its own patients, healed by the emulator. The
    intervals hold what is not known of the parameters, the luck of a trial of that size, what
    laboratories count, and how far a right model may lie off a series, as the calibration took it:
    off all arms of a trial alike. What the emulator does not know is drawn for each patient by
    himself, so that it averages out over an arm: where it is off for a whole arm, nothing but that
    allowance covers it. All other numbers are as printed.

    Parameters
    ----------
    trial
        The document.
    count_draws
        Trials that are drawn.
    seed
        Luck.
    found
        The posterior; that of the catalogue unless given.
    emulator
        The one that comes with the program unless given.
    with_discrepancy
        Whether shares, times and doses lie off besides, as the calibration takes it.
    """
    told, of = found or posterior(), emulator or shipped()
    rows = told.rows(Streams(seed).named("predictive", "rows").permutation(count_draws) % len(told))
    sizes = {arm.name: _largest(trial, arm) for arm in trial.arms}
    drawn: dict[str, _Drawn | str] = {}
    for arm in trial.arms:
        try:
            drawn[arm.name] = _drawn(trial, arm, sizes[arm.name], rows, of, seed)
        except InputError as error:
            reason = "; ".join(problem.message for problem in error.problems)
            drawn[arm.name] = reason or error.headline
    off = discrepancy() if with_discrepancy else None
    return [
        _foretold(trial, number, drawn, told, off, Streams(seed).within("predictive", number))
        for number in range(len(trial.endpoints))
    ]


def _largest(trial: Trial, arm: Arm) -> int:
    """Return the patients of an arm's largest endpoint."""
    sizes = [arm.n]
    for endpoint in trial.endpoints:
        told = published(trial, endpoint) if endpoint.arm == arm.name else None
        sizes += [told.n] if told is not None and told.n is not None else []
    return max(sizes)


def _drawn(
    trial: Trial, arm: Arm, size: int, rows: dict[str, Any], of: Emulator, seed: int
) -> _Drawn:
    """Return the trials of one arm, or raise InputError where the emulator knows no such course."""
    if trial.baseline is not None:
        raise InputError("a score of risk tells it, not the healing model")
    count = len(next(iter(rows.values())))
    drawn = patients.features(
        trial.population, Streams(seed).within("predictive", "patients"), count * size
    )
    whole = arm_inputs(drawn, arm.plan)
    stays = np.ones(count)
    if whole.values[inputs.CARRIER][0] == unknowns.BED:
        stays = np.asarray(unknowns.retained(rows, dose_numbers().deliver))
    many = np.repeat(stays, size)
    biology = {name: np.repeat(v, size) for name, v in unknowns.biology(rows).items()}
    courses, known, problems = whole.courses(biology, many, many)
    if known.mean() < KNOWN:
        raise InputError("the emulator does not know such patients", problems)
    here = np.flatnonzero(known)
    some = {name: value[here] for name, value in courses.items()}
    case = patients.patient(trial.population, drawn, 0, arm.plan)
    weeks = np.asarray(visit_weeks(case), dtype=float)
    seen, callus, mrust = seen_at(weeks, of.sample(some, drawn.streams, who=here))
    said = of.predict(some)
    total = count * size
    union = np.full(total, np.inf)
    union[here] = seen
    series = {name: np.full((total, weeks.size), np.nan) for name in SERIES}
    series["callus_volume"][here], series["mrust"][here] = callus.T, mrust.T
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
    return _Drawn(pool, size, known, np.asarray(said.week, dtype=float), chance)


def _changed(held: Any, factor: Array) -> dict[str, dict[str, Array]]:  # noqa: ANN401
    """Return the cells by place, of those that stay as many more as the posterior says."""
    found = {place: dict(kinds) for place, kinds in held.items()}
    for kind in ("progenitors", "nucleated") if "stays" in found else ():
        found["stays"][kind] = found["stays"][kind] * factor
    return found


def _foretold(
    trial: Trial,
    number: int,
    drawn: dict[str, _Drawn | str],
    told: Posterior,
    off: tuple[DiscrepancyParameters, float] | None,
    luck: Streams,
) -> Foretold:
    """Return one endpoint."""
    endpoint = trial.endpoints[number]
    found = published(trial, endpoint)
    looked = endpoint if found is None else endpoint.model_copy(update={"of": found.of})
    names = [looked.arm] + ([] if looked.against is None else [looked.against])
    sizes = [trial.by_name[name].n for name in names]
    if found is not None and found.n is not None and len(sizes) == 1:
        sizes = [found.n]
    unit, scale = unit_of(looked, found)
    arms, refused = [], ""
    for name in names:
        one = drawn[name]
        refused = one if isinstance(one, str) else refused
        arms += [] if isinstance(one, str) else [one]
    last = float(arms[0].pool.week[-1]) if arms else float("nan")
    week = last if endpoint.time is None else endpoint.time / WEEK
    is_fitted = bool(endpoint.published) and full_name(trial, endpoint) in told.fitted_to
    empty = Foretold(
        looked, found, week, tuple(sizes), unit, None, None, None, None, 0.0, is_fitted, refused
    )
    if refused:
        return empty
    empty = replace(empty, left_out=1.0 - float(np.mean([one.known.mean() for one in arms])))
    said = _within(empty, arms, off and off[0], off and off[1], scale, luck)
    if off is None:
        return replace(said, alone=said.inside)
    return replace(said, alone=_within(empty, arms, None, off[1], scale, luck).inside)


def _within(
    empty: Foretold,
    arms: list[_Drawn],
    off: DiscrepancyParameters | None,
    laboratory: float | None,
    scale: float,
    luck: Streams,
) -> Foretold:
    """Return an endpoint with its interval, and whether what was published lies within."""
    looked = empty.endpoint
    parts = [
        _shown(one, looked, empty.week, size, off, luck, arm)
        for arm, (one, size) in enumerate(zip(arms, empty.n, strict=True))
    ]
    trials = combined(looked, parts) * scale
    real = trials[np.isfinite(trials)]
    if not real.size:
        return replace(empty, reason="no drawn trial has a value")
    middle, counted = float(real.mean()), real.size / trials.size
    if laboratory is not None:
        real = as_counted(real, looked, laboratory, luck.named("laboratory"))
    low, high = (float(np.quantile(real, end)) for end in WITHIN)
    said = replace(empty, predicted=middle, low=low, high=high, counted=counted)
    found = empty.published
    return said if found is None else replace(said, inside=lies_inside(found, said, real))


def as_counted(
    trials: Array, looked: Endpoint, laboratory: float, luck: np.random.Generator
) -> Array:
    r"""Return what trials show whose colonies another laboratory counted, (trial,).

    .. math:: \ln d' = \ln d + \ell, \qquad \ell \sim \mathrm{Normal}(0, s_\ell^2)

    One laboratory counts both arms, so a quotient of doses or a correlation stays; so does whatever
    is no count of colonies.

    Parameters
    ----------
    trials
        Level, or difference of levels, of each trial, (trial,).
    looked
        What is looked at.
    laboratory
        Spread of the logarithm of what a laboratory counts.
    luck
        Which laboratory counts which trial.
    """
    if "progenitors" not in CELLS.get(looked.outcome, "") or looked.measure not in {
        "level",
        "difference",
    }:
        return trials
    return np.asarray(trials * np.exp(laboratory * luck.standard_normal(trials.size)))


def _shown(
    one: _Drawn,
    looked: Endpoint,
    week: float,
    size: int,
    off: DiscrepancyParameters | None,
    luck: Streams,
    arm: int,
) -> Array:
    """Return the number that each trial of one arm shows, (trial,)."""
    count = one.pool.replicate[-1] + 1
    rows = np.arange(count)[:, None] * one.size + np.arange(size)
    seen = np.where(one.known, values(one.pool, looked, week), np.nan)
    statistic = STATISTICS[looked.measure == "correlation", looked.statistic]
    shown = statistic(seen[rows], dose(one.pool, looked)[rows])
    if off is None or looked.measure == "correlation":
        return shown
    away = luck.named("discrepancy").standard_normal(count)
    if looked.outcome == "time to union":
        return np.asarray(shown * np.exp(off.time * away))
    if looked.outcome in CELLS:
        return np.asarray(shown * np.exp(off.dose * away))
    if looked.outcome not in {"union", "nonunion", "reoperation"}:
        return shown
    last = int(np.searchsorted(one.week, week + 1e-9)) - 1
    expected = np.nanmean(one.chance[last][rows], axis=1)
    is_union = looked.outcome == "union"
    whom = luck.named("shifted", arm)
    moved = shifted(shown if is_union else 1.0 - shown, expected, off.share * away, size, whom)
    return moved if is_union else 1.0 - moved


def shifted(
    share: Array, expected: Array, odds: Array, size: int, luck: np.random.Generator
) -> Array:
    r"""Return shares of trials whose chance is shifted by log odds, (trial,).

    Of the united as many stay united as the smaller chance asks, or of the others as many unite as
    the larger one does, so that :math:`k \sim \mathrm{Binomial}(n, p)` becomes
    :math:`k' \sim \mathrm{Binomial}(n, p')`, :math:`\mathrm{logit}\,p' = \mathrm{logit}\,p + e`.

    Parameters
    ----------
    share
        Of the trials, (trial,).
    expected
        The chances they were drawn with, (trial,).
    odds
        The shifts, (trial,).
    size
        Patients of each.
    luck
        Whom the shift befalls.
    """
    p = np.clip(expected, 1e-9, 1.0 - 1e-9)
    aim = expit(logit(p) + odds)
    united = np.rint(share * size).astype(int)
    fewer = luck.binomial(united, np.minimum(aim / p, 1.0))
    more = luck.binomial(size - united, np.clip((aim - p) / (1.0 - p), 0.0, 1.0))
    return np.asarray(np.where(aim < p, fewer, united + more) / size)
