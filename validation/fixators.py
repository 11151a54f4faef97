"""Ask whether the stiff of two fixators heals sooner, and whether both are quiet in the end.

Asked by check 5 of the specification, after the experiments on sheep at Ulm that their rules were
tested on: a metatarsal osteotomy of 3 mm under 500 N, whose fixators let it move 0.25 mm (A) or
1.25 mm (B) at first. A stiffens earlier; after eight weeks both hardly move. Geometry here is a
plain tube of 16 mm with a canal of 11 mm, and the animal has the numbers of a person. The
osteotomy is fresh, with living sources and no cells, under every model that takes strain; the same
tube as a non-union with cells is given beside it.

Refuted if B is stiff before A, or if either moves more than a fifth of its start after 8 weeks.
The other models are context: their numbers are those of other sites.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trial import FRESH, Outcome, Trial

from page import Answer, Verdict, day_words, stiff_day, table, union_words

FORCE = 500.0
MOVES = {"A": 0.25, "B": 1.25}
"""Movement of day 0 [mm]."""
WEEK = 8
LOW = 0.2

TUBE = (
    "site.shaft.outer_diameter=16 mm",
    "site.shaft.canal_diameter=11 mm",
    "site.shaft.ovality=1",
    "site.shaft.roughness=0",
    "site.gap.tilt=0 deg",
    "site.fixation.kind=unilateral_fixator",
    "site.fixation.nail_diameter=",
    "site.fixation.locking=",
    "site.fixation.alloy=steel",
    "patient.mass=65 kg",
    *(f"plan.steps.{n}.body_weights={FORCE / (65 * 9.80665):.6f}" for n in range(3)),
)
PUBLISHED = ("lacroix-prendergast", "claes-heigele", "ulm")
SITES: dict[str, dict[str, Any]] = {
    "fresh": {"sets": (*TUBE, *FRESH)},
    "non-union, cells": {"sets": TUBE},
    **{f"fresh, {name}": {"sets": (*TUBE, *FRESH), "model": name} for name in PUBLISHED},
}

TRIALS: dict[tuple[str, str], Trial] = {
    (site, case): Trial(**what, moves=moves)
    for site, what in SITES.items()
    for case, moves in MOVES.items()
}


def answer(found: Mapping[tuple[str, str], Outcome]) -> Answer:
    """Return what was found."""
    verdicts = []
    for site, what in SITES.items():
        scored = "model" not in what
        a, b = found[site, "A"], found[site, "B"]
        low = [o["movement"][WEEK] / o["movement"][0] for o in (a, b)]
        verdicts += [
            Verdict(
                f"{site}: A is stiff before B",
                f"day {day_words(a)} against {day_words(b)}, at 1 kN/mm {day_words(a, 1e3)} "
                f"against {day_words(b, 1e3)}",
                stiff_day(a, 1e3) < stiff_day(b, 1e3) if scored else None,
            ),
            Verdict(
                f"{site}: both move less than a fifth of their start after {WEEK} weeks",
                f"{a['movement'][WEEK]:.2f} and {b['movement'][WEEK]:.2f} mm, "
                f"{100 * low[0]:.0f} and {100 * low[1]:.0f} % of the start",
                max(low) < LOW if scored else None,
            ),
        ]
    first = {case: found["fresh", case]["movement"][0] for case in MOVES}
    if any(abs(first[case] / moves - 1) > 0.01 for case, moves in MOVES.items()):
        raise ValueError(f"the fixators do not let the bone move as they should: {first}")
    weeks = (0, 2, 4, 6, 8, 12, 16, 26)
    head = ("site", "case", "union [wk]", *(f"week {w}" for w in weeks))
    rows = [
        (*key, union_words(o), *(f"{o['movement'][w]:.3f}" for w in weeks))
        for key, o in found.items()
    ]
    return Answer("Two fixators", tuple(verdicts), f"Movement [mm]:\n\n{table(head, rows)}")
