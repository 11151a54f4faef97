"""Several plans on one patient and the same luck: outcomes, courses, and differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import trephine
from trephine import pipeline
from trephine.case.course_case import CourseCase
from trephine.case.course_run import CourseRun
from trephine.case.hip import HipCase
from trephine.case.settings import Settings
from trephine.case.symptom import SymptomCase
from trephine.case.symptom_run import SymptomRun
from trephine.core import digest
from trephine.core.errors import InputError, SolverError
from trephine.core.progress import Watch
from trephine.core.rng import Streams
from trephine.models.beliefs import Beliefs
from trephine.models.necrosis_draws import reading_of
from trephine.models.necrosis_parameters import NecrosisParameters
from trephine.store.files import read_document, write_document
from trephine.store.runs import load_any
from trephine.study.paired_draws import FEWEST, mean_apart, share_apart
from trephine.study.plan_readings import Curve, gain_name, readings, scale, stated
from trephine.study.symptom_differences import apart, responders_apart

Array = NDArray[np.floating[Any]]
Plain = dict[str, Any]

BAND = (0.1, 0.5, 0.9)
"""Quantiles of what draws show: the middle, and the ends of the span of 80 %."""
KEPT = 4
"""Counts up when what is kept of a draw changes, so that what was kept before is made again."""


def drawn_beliefs(seed: int, draw: int) -> Beliefs:
    """Return the numbers of a draw: as printed for the first, else drawn.

    Those that were calibrated are drawn together from their posterior, others from their spreads.
    """
    if draw == 0:
        return Beliefs.printed()
    return Beliefs.posterior(Streams(seed).named("plans", str(draw)))


def numbers_besides(case: CourseCase, beliefs: Beliefs) -> Plain:
    """Return what names the numbers that the beliefs of a run do not hold."""
    found: Plain = {"catalogue": beliefs.catalogue_digest}
    if isinstance(case, HipCase):
        of_head = reading_of(beliefs)
        of_head.fill(NecrosisParameters)
        found["head"] = dict(of_head.used)
    return found


def draws(
    cases: Mapping[str, CourseCase],
    settings: Settings,
    *,
    seed: int,
    replicates: int,
    out: Path,
    watch: Watch,
    finished: Callable[[str, CourseRun, Path], None],
    refused: Callable[[int, str, str], None],
) -> dict[str, list[Plain]]:
    """Return outcome and curves of every plan in every draw of luck and numbers.

    All plans of a draw share its numbers and its luck, so that they differ by the plan alone. The
    first draw has the numbers as printed and the user's luck, and its runs are kept whole. What
    an earlier attempt computed is read.

    Parameters
    ----------
    cases
        The same patient under each plan, by name.
    settings
        Numerics.
    seed
        The user's luck.
    replicates
        How many draws.
    out
        Folder of the comparison.
    watch
        Hears the progress.
    finished
        Told of each run of the first draw, with its folder.
    refused
        Told of a later draw that a plan could not be computed in: its number, the plan and why. No
        plan counts it, for without one of them it says nothing of a difference.
    """
    first_name, first_case = next(iter(cases.items()))
    if replicates > 1 and isinstance(first_case, SymptomCase):
        raise InputError(
            "--replicates: a course of pain tells its whole interval in one run; leave it out"
        )
    found: dict[str, list[Plain]] = {name: [] for name in cases}
    for draw in range(replicates):
        beliefs = drawn_beliefs(seed, draw)
        drawn: dict[str, Plain] = {}
        for number, (name, case) in enumerate(cases.items()):
            watch.progress("arm", draw * len(cases) + number, replicates * len(cases), name)
            asked = digest.of_document(
                {
                    "case": case.digest,
                    "first": first_case.digest if isinstance(case, SymptomCase) else "",
                    "settings": settings.digest,
                    "beliefs": beliefs.digest,
                    "numbers": numbers_besides(case, beliefs),
                    "seed": seed + draw,
                    "version": trephine.__version__,
                    "kept": KEPT,
                }
            )
            path = out / name / f"draw-{draw}.json"
            if path.exists() and read_document(path).get("asked") == asked:
                drawn[name] = read_document(path)
                continue
            place = out / name / "run" if draw == 0 else None
            try:
                run = pipeline.run(
                    case,
                    beliefs=beliefs,
                    settings=settings,
                    seed=seed + draw,
                    out=place,
                    resume=place is not None and (place / "run.json").exists(),
                    watch=watch,
                )
            except (InputError, SolverError) as error:
                if draw == 0:
                    raise
                refused(draw, name, _why(error))
                break
            path.parent.mkdir(parents=True, exist_ok=True)
            if place is not None:
                finished(name, run, place)
            told = {"asked": asked, **told_of(run)}
            if isinstance(run, SymptomRun) and name != first_name:
                told["apart"] = _apart(run, load_any(out / first_name / "run"))
            write_document(path, told)
            drawn[name] = told
        else:
            for name, told in drawn.items():
                found[name].append(told)
    return found


def _why(error: InputError | SolverError) -> str:
    """Return why a run was refused, in one line."""
    return error.reason if isinstance(error, InputError) else str(error)


def told_of(run: CourseRun) -> Plain:
    """Return what a comparison keeps of a run, as plain data."""
    seen, summary = readings(run), run.summary()
    return {
        "ending": summary["ending"],
        "sentence": summary["sentence"],
        "notes": list(summary.get("told", [])),
        "numbers": seen.numbers,
        "spans": {one.name: list(one.span) for one in seen.outcomes if one.span is not None},
        "better": {one.name: list(one.better) for one in seen.outcomes if one.better is not None},
        "within": seen.within,
        "event": None if seen.event is None else asdict(seen.event),
        "curves": [_curve(one) for one in seen.curves],
        "apart": {},
    }


def _curve(one: Curve) -> Plain:
    parts = {"week": one.week, "values": one.values, "low": one.low, "high": one.high}
    told = {k: [float(f"{v:.6g}") for v in part] for k, part in parts.items() if part is not None}
    return {"name": one.name, **told}


def _apart(run: SymptomRun, first: object) -> Plain:
    """Return how far the scores that the case states, and who gains in them, lie from the first."""
    if not isinstance(first, SymptomRun):
        raise TypeError("the first plan is of another kind of site")
    found, gained = apart(run, first), responders_apart(run, first)
    told: Plain = {}
    for score in stated(run):
        if score.name in found:
            told[f"{score.name} ({scale(score)})"] = list(found[score.name])
        if score.name in gained:
            told[gain_name(score)] = list(gained[score.name])
    return told


def outcomes(told: Mapping[str, list[Plain]]) -> list[str]:
    """Return the names of the numbers that any plan's outcome holds, in order."""
    return list(
        dict.fromkeys(key for each in told.values() for one in each for key in one["numbers"])
    )


def spread(values: list[float]) -> tuple[float, float, float] | None:
    """Return the low end, the middle and the high end of what draws show; None of too few."""
    if len(values) < FEWEST:
        return None
    low, middle, high = (float(v) for v in np.quantile(values, BAND))
    return low, middle, high


def compared(told: Mapping[str, list[Plain]]) -> list[Plain]:
    """Return a row of plain data for each plan: its outcomes, and its difference to the first.

    A difference is taken draw by draw, each under the same luck and numbers. Where a number such
    as the week of union is missing on either side, the draw does not count for it; how many do
    is told, for it is a bias: a plan that unites hard cases as well looks slower. The share that
    united has its own difference, and so has the mean time until then, in which every draw counts.
    """
    first = next(iter(told.values()))
    names, rows = outcomes(told), []
    better = {k: v for each in told.values() for one in each for k, v in one["better"].items()}
    for number, (name, each) in enumerate(told.items()):
        row: Plain = {"plan": name, "draws": len(each), "within": each[0]["within"]}
        row |= {"outcomes": {}, "differences": {}}
        for key in names:
            own = [one["numbers"].get(key) for one in each]
            held = [v for v in own if v is not None]
            within = each[0]["spans"].get(key) if len(each) == 1 else None
            row["outcomes"][key] = {
                "value": own[0],
                "told": len(held),
                "is_known": any(key in one["numbers"] for one in each),
                "spread": tuple(within) if within else spread(held),
                "is_own": within is not None,
                "better": better.get(key),
            }
            other = [one["numbers"].get(key) for one in first]
            row["differences"][key] = _difference(each[0]["apart"].get(key), own, other, number)
        row |= {key: each[0][key] for key in ("ending", "sentence", "notes")}
        if each[0]["event"] is not None:
            row["event"] = event_apart(each, first)
        rows.append(row)
    return rows


def _difference(
    known: list[float] | None, own: list[float | None], other: list[float | None], number: int
) -> Plain:
    """Return how far a number lies above the first plan's, draw by draw."""
    if known is not None:
        return {"pairs": 1, "middle": known[1], "spread": tuple(known), "is_own": True}
    apart = [a - b for a, b in zip(own, other, strict=True) if a is not None and b is not None]
    middle = float(np.median(apart)) if apart and number else None
    return {
        "pairs": len(apart),
        "middle": middle,
        "spread": spread(apart) if number else None,
        "is_own": False,
    }


def event_apart(each: list[Plain], first: list[Plain]) -> Plain:
    """Return the share of draws in which it happened, the mean time, and both beside another's.

    The mean time counts the end of the follow-up for a draw in which it never happened, so that
    every draw counts and none is chosen by how it ended (restricted mean survival time).

    Parameters
    ----------
    each, first
        Draws of a plan and of the one beside which it is told, as :func:`draws` returns them.
    """
    own, other = ([one["event"] for one in plan] for plan in (each, first))
    share, ends = share_apart(*([e["week"] is not None for e in plan] for plan in (own, other)))
    times, others = ([_restricted(event) for event in plan] for plan in (own, other))
    later, later_ends = mean_apart(times, others)
    return {
        "name": own[0]["name"],
        "is_wanted": own[0]["is_wanted"],
        "count": sum(event["week"] is not None for event in own),
        "share": float(np.mean([event["week"] is not None for event in own])),
        "difference": share,
        "interval": None if ends is None else list(ends),
        "until": own[0]["until"],
        "mean_week": float(np.mean(times)),
        "later": later,
        "later_interval": None if later_ends is None else list(later_ends),
    }


def _restricted(event: Plain) -> float:
    """Return the week of an event, or the last week in which it was looked for."""
    week, until = event["week"], float(event["until"])
    return until if week is None else min(float(week), until)


def bands(each: list[Plain], name: str) -> tuple[Array, Array] | None:
    """Return the weeks of a curve, and low end, middle and high end, (3, time).

    Of one draw that tells an interval of its own it is that; of several, the span of 80 % of them.
    Of too few draws for a span all three are the middle. None where a plan has no such curve.
    """
    held = [curve for one in each for curve in one["curves"] if curve["name"] == name]
    if not held:
        return None
    week = np.asarray(held[0]["week"])
    if len(each) == 1 and "low" in held[0]:
        return week, np.array([held[0][part] for part in ("low", "values", "high")])
    at = BAND if len(held) >= FEWEST else (0.5, 0.5, 0.5)
    return week, np.quantile(np.array([curve["values"] for curve in held]), at, axis=0)


def curve_names(told: Mapping[str, list[Plain]]) -> list[str]:
    """Return the names of the curves that any plan has, in order."""
    return list(dict.fromkeys(c["name"] for each in told.values() for c in each[0]["curves"]))
