"""Endpoints: what a trial of a given size would show, beside what was published."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trephine.case.trial import COMPARING, Endpoint
from trephine.core.rng import Streams
from trephine.study.cells import AS_GIVEN
from trephine.study.outcomes import Pool
from trephine.study.published import UNITS, Published, kind_of, published
from trephine.study.sampling import CELLS, TRIALS, measured
from trephine.study.trial import WEEK, TrialResult

Array = NDArray[np.float64]

WITHIN = (0.05, 0.95)
"""Ends of the predictive interval."""
PLACES = {
    "drawn": "in what was drawn",
    "product": "in the product",
    "injected": "injected",
    "lesion": "at the lesion",
    "stays": "that stay",
}
"""Where a dose is counted, in words."""


@dataclass(frozen=True)
class Told:
    """An endpoint of a virtual trial.

    Parameters
    ----------
    endpoint
        What was looked at, in whom of the published study.
    published
        What was published, or None.
    week
        When [wk].
    n
        Patients of each arm in the trial that is predicted.
    unit
        Of the numbers below.
    predicted
        What all virtual patients show; None where it has no value.
    low, high
        Predictive interval of 90 % for one trial of that size; None where it has none.
    inside
        Whether what was published lies within; None where nothing can be compared.
    counted
        Share of the drawn trials that had a value at all.
    """

    endpoint: Endpoint
    published: Published | None
    week: float
    n: tuple[int, ...]
    unit: str
    predicted: float | None
    low: float | None
    high: float | None
    inside: bool | None
    counted: float

    @property
    def name(self) -> str:
        """What is told, in words."""
        return in_words(self.endpoint)


def in_words(e: Endpoint) -> str:
    """Return what an endpoint looks at, in words."""
    words = str(e.outcome)
    if e.outcome in CELLS and e.outcome != "volume aspirated":
        words += f" {PLACES[e.counted]}"
    if e.measure == "correlation":
        words += f", rank correlation with {e.dose}"
    elif e.measure in COMPARING:
        words += f", {e.measure} to {e.against}"
    elif e.measure == "level" and e.statistic == "median":
        words += ", median"
    if e.outcome == "reoperation":
        words += " (counted as not united)"
    return words if e.of == "all" or e.outcome == "time to union" else f"{words}, {e.of}"


def endpoints(result: TrialResult, scenario: str = AS_GIVEN) -> list[Told]:
    """Return every endpoint of a trial with its predictive interval.

    Parameters
    ----------
    result
        Virtual patients of all arms.
    scenario
        Under which assumption; as the file says unless given.
    """
    trial = result.asked.trial
    told = []
    for number, endpoint in enumerate(trial.endpoints):
        found = published(trial, endpoint)
        looked = endpoint if found is None else endpoint.model_copy(update={"of": found.of})
        names = [looked.arm] + ([] if looked.against is None else [looked.against])
        pools = [result.pool(name, scenario) for name in names]
        sizes = [trial.by_name[name].n for name in names]
        if found is not None and found.n is not None and len(sizes) == 1:
            sizes = [found.n]
        rng = Streams(result.asked.seed).named("endpoint", number, scenario)
        told.append(_told(looked, found, pools, sizes, rng))
    return told


def _told(
    endpoint: Endpoint,
    found: Published | None,
    pools: list[Pool],
    sizes: list[int],
    rng: np.random.Generator,
) -> Told:
    """Return an endpoint: of all virtual patients, and of trials drawn from them."""
    last = float(pools[0].week[-1])
    week = last if endpoint.time is None else endpoint.time / WEEK
    shown = unit_of(endpoint, found)
    pooled = [measured(pool, endpoint, week, None, rng) for pool in pools]
    drawn = [
        measured(pool, endpoint, week, size, rng) for pool, size in zip(pools, sizes, strict=True)
    ]
    predicted = combined(endpoint, pooled)[0] * shown[1]
    trials = combined(endpoint, drawn) * shown[1]
    real = trials[np.isfinite(trials)]
    told = Told(
        endpoint=endpoint,
        published=found,
        week=week,
        n=tuple(sizes),
        unit=shown[0],
        predicted=float(predicted) if np.isfinite(predicted) else None,
        low=float(np.quantile(real, WITHIN[0])) if real.size else None,
        high=float(np.quantile(real, WITHIN[1])) if real.size else None,
        inside=None,
        counted=real.size / TRIALS,
    )
    return told if found is None else replace(told, inside=lies_inside(found, told, real))


def lies_inside(found: Published, told: Told, real: Array) -> bool | None:
    """Return whether what was published lies within the interval; a sign, where it is no rarity."""
    if told.low is None or told.high is None:
        return None
    if found.sign:
        return bool(np.mean(np.sign(real) == found.sign) >= WITHIN[0])
    fine = found.rounded + 1e-9 * max(1.0, abs(told.high))
    return found.low - fine <= told.high and found.high + fine >= told.low


def unit_of(endpoint: Endpoint, found: Published | None) -> tuple[str, float]:
    """Return the unit in which an endpoint is told, and what takes a predicted value there."""
    if endpoint.measure in {"correlation", "ratio", "odds ratio"}:
        return "", 1.0
    known = UNITS[kind_of(endpoint)]
    name = found.unit if found is not None and found.unit in known else next(iter(known))
    return name, known[name]


def combined(endpoint: Endpoint, parts: list[Array]) -> Array:
    """Return the measure of one arm, or of one against another, (trial,)."""
    if len(parts) == 1:
        return parts[0]
    ours, theirs = parts
    if endpoint.measure in {"difference", "risk difference"}:
        return ours - theirs
    with np.errstate(divide="ignore", invalid="ignore"):  # no patient or all of them: no value
        if endpoint.measure == "ratio":
            return np.asarray(ours / theirs)
        return np.asarray(ours / (1.0 - ours) / (theirs / (1.0 - theirs)))
