"""Ask whether host and drugs move the union the way they are said to, and by how much.

Asked by the issue. Published directions: an anti-inflammatory drug, a corticosteroid, smoking,
diabetes and age delay. Sizes on the rates are assumed, so only directions are scored. The tibia of
a woman of 39 who does not smoke, with her cells, with half of them, and freshly broken without.

Refuted if one of them makes the tissue stiff earlier, or union earlier.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from trial import FRESH, PLAIN, Outcome, Trial

from page import USUAL, Answer, Verdict, day_words, stiff_day, table, union, union_words, usual

NOISE = 1.0
CAUSES: dict[str, dict[str, Any]] = {
    "as she is": {},
    "smoker": {"sets": ("patient.smoker=true",)},
    "diabetes": {"sets": ("patient.diabetes=true",)},
    "NSAID, 2 weeks": {"drugs": (("nsaid", 14.0),)},
    "NSAID, 12 weeks": {"drugs": (("nsaid", 84.0),)},
    "corticosteroid, 2 weeks": {"drugs": (("corticosteroid", 14.0),)},
    "corticosteroid, 26 weeks": {"drugs": (("corticosteroid", 182.0),)},
    "20 years old": {"sets": ("patient.age=20 year",)},
    "60 years old": {"sets": ("patient.age=60 year",)},
    "80 years old": {"sets": ("patient.age=80 year",)},
}
YOUNGER = "20 years old"
SITES: dict[str, dict[str, Any]] = {
    "her cells": {},
    "half of them": {"dose": 0.5},
    "fresh, no cells": {"sets": FRESH},
}
TRIALS: dict[tuple[str, str], Trial] = {
    (site, cause): Trial(sets=(PLAIN,)).but(**at).but(**change)
    for site, at in SITES.items()
    for cause, change in CAUSES.items()
}


def answer(found: Mapping[tuple[str, str], Outcome]) -> Answer:
    """Return what was found."""
    verdicts = []
    for cause in CAUSES:
        if cause == "as she is":
            continue
        pairs = [(found[site, "as she is"], found[site, cause]) for site in SITES]
        sign = -1.0 if cause == YOUNGER else 1.0
        days = [(stiff_day(before), stiff_day(after)) for before, after in pairs]
        holds = all(_not_before(*sorted_by(sign, pair)) for pair in days) and all(
            sign * (_big(union(after)) - _big(union(before))) >= 0 for before, after in pairs
        )
        said = "; ".join(f"{day_words(before)} to {day_words(after)}" for before, after in pairs)
        verdicts.append(
            Verdict(
                f"{cause}: {'sooner' if cause == YOUNGER else 'later'} or the same",
                f"day of 10 kN/mm {said}",
                holds,
            )
        )
    rows = [(*key, *usual(outcome)) for key, outcome in found.items()]
    text = (
        "The three pairs of days are those with her cells, with half of them, and of the fresh "
        f"fracture.\n\n{table(('site', 'changed', *USUAL), rows)}\n\n"
        "Age changes the yield of the harvest too: the cells kept fall or rise with it. Week of "
        f"union as she is: {', '.join(union_words(found[s, 'as she is']) for s in SITES)}."
    )
    return Answer("Host and drugs", tuple(verdicts), text)


def sorted_by(sign: float, pair: tuple[float, float]) -> tuple[float, float]:
    """Return a pair as it is, or turned round for a cause that is to hasten."""
    return pair if sign > 0 else (pair[1], pair[0])


def _not_before(first: float, second: float) -> bool:
    return math.isinf(second) or second >= first - NOISE


def _big(week: float) -> float:
    return min(week, 1e3)
