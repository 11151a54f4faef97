"""What a virtual trial shows, as one document of plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

import trephine
from trephine.catalogue.load import catalogue
from trephine.core.rng import Streams
from trephine.study.cells import AS_GIVEN
from trephine.study.endpoints import Told, endpoints
from trephine.study.outcomes import Pool
from trephine.study.posterior_trial import ForetoldTrial
from trephine.study.power import Designed, designs
from trephine.study.predictive import Foretold
from trephine.study.sampling import drawn
from trephine.study.survival import at_risk, curve
from trephine.study.trial import TrialResult

Plain = dict[str, Any]

BANDS = 400
"""Trials that are drawn for the band around a curve."""
FORMAT = 1


def document(result: TrialResult, *, is_power_asked: bool = True) -> Plain:
    """Return everything a trial shows as plain data, ready for JSON.

    Parameters
    ----------
    result
        Virtual patients of all arms.
    is_power_asked
        Whether the designs are computed too.
    """
    asked = result.asked
    trial = asked.trial
    told = _told(result)
    compared = [one for one in told if one.inside is not None]
    return {
        "format": FORMAT,
        "name": trial.name,
        "about": trial.about.strip(),
        "cohort": trial.cohort,
        "baseline": trial.baseline,
        "patients": asked.patients,
        "replicates": asked.replicates,
        "numbers": asked.numbers,
        "voxel_mm": None if trial.baseline else asked.settings.voxel * 1e3,
        "engine": "score of risk" if trial.baseline else asked.engine,
        "seed": asked.seed,
        "version": trephine.__version__,
        "catalogue_digest": catalogue().digest,
        "digest": asked.digest,
        "notices": [*result.notices, *_warned(result, told)],
        "endpoints": [_endpoint(one) for one in told],
        "inside": {
            "fitted": _coverage([one for one in compared if _role(one) == "calibrate"]),
            "not fitted": _coverage([one for one in compared if _role(one) != "calibrate"]),
        },
        "arms": [_arm(result, arm.name, arm.n) for arm in trial.arms],
        "scenarios": [
            {
                "name": scenario.name,
                "about": scenario.about,
                "endpoints": [_endpoint(one) for one in _told(result, scenario.name)],
            }
            for scenario in trial.scenarios
        ],
        "designs": [_design(one) for one in designs(result)] if is_power_asked else [],
    }


def _told(result: TrialResult, scenario: str = AS_GIVEN) -> Sequence[Told]:
    """Return the endpoints of a trial; with numbers of the posterior they are told already."""
    if isinstance(result, ForetoldTrial):
        return result.told[scenario]
    return endpoints(result, scenario)


def _role(told: Told) -> str:
    return "" if told.published is None else told.published.role


def _coverage(told: Sequence[Told]) -> Plain:
    return {"of": len(told), "inside": sum(bool(one.inside) for one in told)}


def _warned(result: TrialResult, told: Sequence[Told]) -> list[str]:
    """Return what a reader must be told of the way it was predicted."""
    said = []
    asked = result.asked
    if asked.trial.baseline is not None:
        said.append(
            "No healing is computed: an additive score of risk tells who unites, and when is not "
            "known."
        )
    if asked.patients * asked.replicates < 30:
        said.append(
            f"{asked.patients * asked.replicates} virtual patients in each arm are few; the "
            "intervals are as wide as they must be for that."
        )
    last = max(float(pool.week[-1]) for pool in result.pools.values())
    late = [one for one in told if one.week > last + 1.0]
    if late:
        said.append(
            f"{len(late)} endpoints lie after the last visit in week {last:g}; what they tell is "
            "what that visit shows."
        )
    if any(one.endpoint.outcome == "reoperation" for one in told) and not asked.trial.baseline:
        said.append("Reoperation is not computed; who is not united by then is counted for it.")
    rare = [one.name for one in told if 0 < one.counted < 0.95]
    if rare:
        said.append(
            "Of the trials that were drawn, some have no value of: " + "; ".join(rare) + ". Their "
            "intervals are of the others."
        )
    return said


def _endpoint(told: Told) -> Plain:
    """Return an endpoint as plain data."""
    found = told.published
    ends = None if found is None or found.sign else (found.low, found.high)
    more: Plain = {}
    if isinstance(told, Foretold):
        more = {key: getattr(told, key) for key in ("fitted", "alone", "left_out", "reason")}
    return more | {
        "arm": told.endpoint.arm,
        "against": told.endpoint.against,
        "name": told.name,
        "outcome": told.endpoint.outcome,
        "measure": told.endpoint.measure,
        "week": told.week,
        "n": list(told.n),
        "unit": told.unit,
        "predicted": told.predicted,
        "low": told.low,
        "high": told.high,
        "counted": told.counted,
        "inside": told.inside,
        "observed": None
        if found is None
        else {
            "shown": found.shown,
            "low": None if ends is None or not np.isfinite(ends[0]) else ends[0],
            "high": None if ends is None or not np.isfinite(ends[1]) else ends[1],
            "sign": found.sign,
            "role": found.role,
            "source": found.source,
            "id": found.identifier,
        },
    }


def _arm(result: TrialResult, name: str, size: int) -> Plain:
    """Return the curve and the patients of an arm as plain data."""
    pool = result.pool(name)
    seen = curve(pool.seen_week, pool.last_week)
    rng = Streams(result.asked.seed).named("band", name)
    whom = (
        result.trials[name][:BANDS]
        if isinstance(result, ForetoldTrial)
        else drawn(pool, size, rng, BANDS)
    )
    trials = np.array(
        [curve(pool.seen_week[rows], pool.last_week[rows]).at(pool.week) for rows in whom]
    )
    low, high = np.quantile(trials, (0.05, 0.95), axis=0)
    marks = pool.week[:: max(1, len(pool.week) // 6)]
    return {
        "name": name,
        "n": size,
        "virtual": len(pool),
        "united": int(np.isfinite(pool.seen_week).sum()),
        "failed": int(pool.failed.sum()),
        "lost": int((pool.lost_at < pool.week[-1]).sum()),
        "median_week": seen.median,
        "week": pool.week.tolist(),
        "waiting": seen.at(pool.week).tolist(),
        "low": low.tolist(),
        "high": high.tolist(),
        "at_risk": {
            "week": marks.tolist(),
            "n": at_risk(pool.seen_week, pool.last_week, marks).tolist(),
        },
        "patients": _patients(pool, result, name),
    }


def _patients(pool: Pool, result: TrialResult, name: str) -> list[Plain]:
    """Return each patient of an arm in a few numbers."""
    outcomes = result.outcomes.get((AS_GIVEN, name), ())
    callus = pool.at("callus_volume", float(pool.week[-1])) if pool.series else None
    told = []
    for number in range(len(pool) if outcomes else 0):
        has_dose = bool(pool.dose) and not pool.failed[number]
        injected = (
            {k: float(v[number]) for k, v in pool.dose["injected"].items()} if has_dose else {}
        )
        told.append(
            {
                "patient": number,
                "united_week": _finite(pool.union_week[number]),
                "seen_week": _finite(pool.seen_week[number]),
                "last_week": float(pool.last_week[number]),
                "progenitors_injected": injected.get("progenitors"),
                "progenitors_stay": float(pool.dose["stays"]["progenitors"][number])
                if has_dose
                else None,
                "injected_mL": injected["volume"] * 1e6 if has_dose else None,
                "callus_mL": None if callus is None else _finite(callus[number] * 1e6),
                "error": outcomes[number].error,
            }
        )
    return told


def _finite(value: Any) -> float | None:  # noqa: ANN401  (a number of an array)
    return float(value) if np.isfinite(value) else None


def _design(told: Designed) -> Plain:
    """Return a design as plain data."""
    design = told.design
    return {
        "name": design.name,
        "scenario": told.scenario,
        "arms": list(design.arms),
        "outcome": design.outcome,
        "test": design.test,
        "alpha": design.alpha,
        "target": design.power,
        "shown": list(told.shown),
        "powers": [asdict(one) for one in told.powers],
        "needed": told.needed,
        "pairs": dict(
            zip(("both", "first alone", "second alone", "neither"), told.pairs, strict=True)
        ),
        "difference": None if told.difference is None else list(told.difference),
    }
