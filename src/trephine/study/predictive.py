"""Posterior predictive: what trials of the published size show, whatever is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trephine.case.trial import Endpoint, Trial
from trephine.catalogue.posterior import Posterior, posterior
from trephine.core.errors import InputError
from trephine.core.rng import Streams
from trephine.models.discrepancy import DiscrepancyParameters
from trephine.study.allowances import as_counted, shifted
from trephine.study.calibrate import discrepancy
from trephine.study.emulate import Emulator
from trephine.study.emulated import shipped
from trephine.study.endpoints import WITHIN, Told, combined, lies_inside, unit_of
from trephine.study.posterior_arms import DRAWS, DrawnArm, drawn_arm, rows_of
from trephine.study.published import full_name, published
from trephine.study.sampling import CELLS, STATISTICS, dose, values

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


def predicted(
    trial: Trial,
    count_draws: int = DRAWS,
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
    rows = rows_of(told, count_draws, seed)
    drawn: dict[str, DrawnArm | str] = {}
    for arm in trial.arms:
        try:
            drawn[arm.name] = drawn_arm(trial, arm, rows, of, seed=seed)
        except InputError as error:
            drawn[arm.name] = error.reason
    return foretold(trial, drawn, told, seed=seed, with_discrepancy=with_discrepancy)


def foretold(
    trial: Trial,
    drawn: Mapping[str, DrawnArm | str],
    told: Posterior,
    *,
    seed: int = 0,
    with_discrepancy: bool = True,
) -> list[Foretold]:
    """Return every endpoint of a trial whose arms were drawn.

    Parameters
    ----------
    trial
        The document.
    drawn
        Each arm by name, or why there is none.
    told
        The posterior.
    seed, with_discrepancy
        As for :func:`predicted`.
    """
    off = discrepancy() if with_discrepancy else None
    return [
        _foretold(trial, number, drawn, told, off, Streams(seed).within("predictive", number))
        for number in range(len(trial.endpoints))
    ]


def _foretold(
    trial: Trial,
    number: int,
    drawn: Mapping[str, DrawnArm | str],
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
    arms: list[DrawnArm],
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


def _shown(
    one: DrawnArm,
    looked: Endpoint,
    week: float,
    size: int,
    off: DiscrepancyParameters | None,
    luck: Streams,
    arm: int,
) -> Array:
    """Return the number that each trial of one arm shows, (trial,)."""
    count = one.pool.replicate[-1] + 1
    rows = np.arange(count)[:, None] * one.each + one.first + np.arange(size)
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
