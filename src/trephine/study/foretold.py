"""What the program computes of ways to treat one person: endings over runs of their own luck."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from trephine import pipeline
from trephine.case.course_case import CourseCase
from trephine.case.course_run import CourseRun
from trephine.case.regenerate_run import RegenerateRun
from trephine.case.settings import Settings
from trephine.case.symptom_course import SymptomEnding
from trephine.core.errors import InputError, SolverError
from trephine.core.rng import Streams
from trephine.core.shares import jeffreys
from trephine.models.beliefs import Beliefs
from trephine.models.instruments import INSTRUMENTS
from trephine.study.case_facts import SOFT
from trephine.study.named_plans import CELLS, KEPT
from trephine.study.paired_draws import FEWEST
from trephine.study.plan_readings import readings

BAND = (0.1, 0.5, 0.9)
WEEK = 7.0
"""In days."""
FINEST = 2
"""Most decimals of a number in the unit that people use; anything less is a trace."""
WIDE = 50.0
"""Range of a scale from which its points are told whole."""
PLANNED, UNTREATED = "as planned", "no treatment"
NO_NUMBER = "No study with numbers of pain or function, so no number."
IN_WORDS = "Studies tell of it in words alone, so no number."
NO_SCORE = "No number: the program has no law of the scores that the file states."
UNTOLD = frozenset({"", NO_NUMBER, IN_WORDS, NO_SCORE})
"""What stands where no number is told."""
INSTEAD = (
    "saline_injection",
    "corticosteroid_injection",
    "hyaluronic_acid_injection",
    "platelet_injection",
    "exercise",
)
"""Steps that may stand in place of the cells at a painful site."""


@dataclass(frozen=True)
class Foretold:
    """What the program computes of one way to treat a person.

    Parameters
    ----------
    name
        Which way.
    runs
        Runs that were asked for, each with luck and numbers of its own.
    endings
        Runs by how they ended, in words; what failed is among them.
    intervals
        95 % interval of the share of each ending, of the number of runs alone [-].
    told
        In sentences: at a painful site what one run says with intervals of its own, as it holds
        the whole posterior; elsewhere the middle of each number with the span of 80 % of runs.
    notes
        What a reader must be told of what is planned at a painful site, such as whether it differs
        from saline.
    """

    name: str
    runs: int
    endings: dict[str, int]
    intervals: dict[str, tuple[float, float]]
    told: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def as_plain(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def foretold(
    case: CourseCase, runs: int, *, seed: int = 0, settings: Settings | None = None
) -> tuple[Foretold, ...]:
    """Return how the plan of a case ends, and how the same person fares without its cells.

    Every run has luck of its own and draws the numbers of the catalogue, those that were
    calibrated together from their posterior, others from their spreads; all ways share both. How
    far the model is off is in no interval.

    Parameters
    ----------
    case
        A case of any kind of site.
    runs
        Runs of each way, at least one.
    seed
        The same seed, the same runs.
    settings
        Numerics; those of the kind of site unless given.
    """
    if case.site.kind in SOFT:
        return tuple(_of_pain(name, way, seed, settings) for name, way in ways(case))
    return tuple(_ended(name, way, runs, seed, settings) for name, way in ways(case))


def ways(case: CourseCase) -> Iterator[tuple[str, CourseCase]]:
    """Yield the plan of a case by name, then what may stand in its place.

    At a painful site that is each comparator and nothing, elsewhere the plan without its cells,
    and none of its treatments.
    """
    yield PLANNED, case
    if case.site.kind in SOFT:
        planned = {step.kind for step in case.plan.steps}
        for kind in INSTEAD:
            if kind not in planned:
                step = {"kind": kind, "day": "0 d"}
                yield kind.replace("_", " "), case.with_plan(steps=[step])
        if case.plan.steps:
            yield UNTREATED, case.with_plan(steps=[])
        return
    rest = [step.as_written() for step in case.plan.steps if step.kind != CELLS]
    if len(rest) < len(case.plan.steps):
        yield "the same without cells", case.with_plan(steps=rest)
    bare = [step.as_written() for step in case.plan.steps if step.kind in KEPT]
    if len(bare) < len(rest):
        yield UNTREATED, case.with_plan(steps=bare)


def _ended(
    name: str, case: CourseCase, runs: int, seed: int, settings: Settings | None
) -> Foretold:
    endings: Counter[str] = Counter()
    numbers: dict[str, list[float | None]] = {}
    for number in range(runs):
        luck = Streams(seed).within("candidacy", number)
        beliefs = Beliefs.posterior(luck.named("numbers"))
        own = int(luck.named("seed").integers(2**31))
        try:
            run = pipeline.run(case, beliefs=beliefs, settings=settings, seed=own)
        except (InputError, SolverError) as error:
            endings[f"could not be computed: {str(error).splitlines()[0]}"] += 1
        else:
            endings[ending(run)] += 1
            for key, value in readings(run).numbers.items():
                numbers.setdefault(key, []).append(value)
    found = dict(endings.most_common())
    spans = {k: jeffreys(n, runs) for k, n in found.items()}
    told = tuple(_spread(key, values) for key, values in numbers.items())
    return Foretold(name, runs, found, spans, told)


def ending(run: CourseRun) -> str:
    """Return how a run ended, in a sentence without numbers of its own, so that it counts."""
    if isinstance(run, RegenerateRun):
        is_done = run.regenerate.consolidated is not None
        return "Consolidated." if is_done else "Not consolidated at the last visit."
    return str(run.summary()["sentence"])


def _spread(name: str, values: list[float | None]) -> str:
    """Return the middle of a number over the runs, with the span of 80 % of them."""
    held = [value for value in values if value is not None]
    if not held:
        return f"{name}: in no run."
    low, middle, high = (float(value) for value in np.quantile(held, BAND))
    places = decimals(low, high, len(held))
    ends = [in_digits(value, places) for value in (low, middle, high)]
    if any(held) and not any(round(value, FINEST) for value in held):
        ends = [f"below {10.0**-FINEST:g}"] * 3
    said = f"{name}: {ends[1]}"
    if len(held) >= FEWEST and ends[0] != ends[2]:
        said += f" ({ends[0]} to {ends[2]})"
    elif len(held) == len(values) and len(set(held)) == 1 and len(held) > 1:
        said += " in every run"
    return (
        f"{said}." if len(held) == len(values) else f"{said} in {len(held)} of {len(values)} runs."
    )


def decimals(low: float, high: float, count: int) -> int:
    r"""Return how many decimals of the ends of a span of 80 % so many runs can tell.

    .. math:: d = -\lfloor \log_{10} e \rfloor, \qquad
              e = \frac{\sqrt{0.1 \cdot 0.9}}{2 z_{0.9}\,\varphi(z_{0.9})}\,\frac{s}{\sqrt n}

    with the standard error :math:`e` of an end of the span :math:`s` of normal numbers, and never
    more than two figures or two decimals. A negative number is of places before the point.

    Parameters
    ----------
    low, high
        Ends of the span.
    count
        Runs.
    """
    most = max(abs(low), abs(high))
    if most == 0.0:
        return 0
    figures = min(2 - math.ceil(math.log10(most)), FINEST)
    error = 0.667 * (high - low) / math.sqrt(count)
    if error == 0.0:
        return min(figures, 0) if high.is_integer() else figures
    return min(figures, -math.floor(math.log10(error)))


def in_digits(value: float, places: int) -> str:
    """Return a number with so many decimals; negative ones are of places before the point."""
    # What rounds to nothing has no sign.
    return f"{round(value, places) + 0.0:,.{max(places, 0)}f}".replace("-", "\u2212")


def _of_pain(name: str, case: CourseCase, seed: int, settings: Settings | None) -> Foretold:
    """Return what the posterior of pain and function says of one way."""
    try:
        summary = pipeline.run(case, settings=settings, seed=seed).summary()
    except InputError as error:
        return Foretold(name, 1, {}, {}, (f"Not computed: {str(error).splitlines()[0]}.",))
    if not summary["scores"]:
        why = tuple(summary["told"]) if name == PLANNED else ()
        is_in_words = summary["sentence"] == SymptomEnding.IN_WORDS.value
        return Foretold(name, 1, {}, {}, (IN_WORDS if is_in_words else NO_NUMBER,), why)
    weeks = f"{summary['day'] / WEEK:.0f} weeks"
    stated = {str(part["score"]) for part in case.site.as_written().values() if _is_score(part)}
    scores = [
        _score(score, found, weeks) for score, found in summary["scores"].items() if score in stated
    ]
    notes = tuple(summary["told"]) if name == PLANNED else ()
    return Foretold(name, 1, {}, {}, tuple(scores) or (NO_SCORE,), notes)


def _is_score(part: object) -> bool:
    return isinstance(part, dict) and "score" in part


def _score(name: str, found: Mapping[str, float], weeks: str) -> str:
    """Return what is told of a score; a wide scale in whole points."""
    of = INSTRUMENTS[name]
    places = 0 if of.high - of.low >= WIDE else 1
    keys = ("median", "group_low", "group_high", "person_low", "person_high")
    middle, low, high, least, most = (in_digits(found[key], places) for key in keys)
    return (
        f"{name}: {found['before']:g} before, {middle} ({low} to {high}) after {weeks} on average "
        f"of people alike, {least} to {most} for one person."
    )
