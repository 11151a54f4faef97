"""Ask whether week of union and volume of callus depend on the voxel.

Asked by the issue: 2, 1 and 0.5 mm; the last is computed with ``--fine`` only.

Refuted if halving the voxel from 2 to 1 mm moves the union by more than a week or the callus by
more than 5 %, or if the next halving moves them more than the first did.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from keep import fine
from trial import Outcome, Trial

from page import USUAL, Answer, Verdict, stiff_day, table, union, union_words, usual

VOXELS = (3.0, 2.0, 1.5, 1.0, *((0.5,) if fine() else ()))
TRIALS = {voxel: Trial(voxel=voxel) for voxel in VOXELS}


def answer(found: Mapping[float, Outcome]) -> Answer:
    """Return what was found."""
    coarse, middle = found[2.0], found[1.0]
    callus = {voxel: outcome["callus"][-1] for voxel, outcome in found.items()}
    apart = abs(callus[2.0] / callus[1.0] - 1)
    days = {voxel: stiff_day(outcome) for voxel, outcome in found.items()}
    verdicts = [
        Verdict(
            "week of union within one week, 2 against 1 mm",
            f"{union_words(coarse)} and {union_words(middle)}",
            abs(union(coarse) - union(middle)) <= 1,
        ),
        Verdict(
            "callus within 5 %, 2 against 1 mm",
            f"{callus[2.0]:.2f} and {callus[1.0]:.2f} mL, {100 * apart:.1f} % apart",
            apart <= 0.05,
        ),
        Verdict(
            "day of 10 kN/mm within 5 %, 2 against 1 mm",
            f"{days[2.0]:.1f} and {days[1.0]:.1f}",
            math.isclose(days[2.0], days[1.0], rel_tol=0.05),
        ),
    ]
    if 0.5 in found:
        again = abs(callus[1.0] / callus[0.5] - 1)
        verdicts.append(
            Verdict(
                "the next halving changes the callus less",
                f"{100 * again:.1f} % against {100 * apart:.1f} %; union week "
                f"{union_words(found[0.5])}",
                again <= apart,
            )
        )
    rows = [
        (
            f"{voxel:g}",
            " x ".join(map(str, outcome["voxels"])),
            f"{sum(outcome['retained']):,.0f}",
            *usual(outcome),
            f"{stiff_day(outcome):.1f}",
            f"{outcome['stiffness'][-1] / 1e3:.1f}",
            f"{outcome['seconds']:.0f}",
        )
        for voxel, outcome in found.items()
    ]
    head = (
        *("voxel [mm]", "grid", "cells kept"),
        *USUAL,
        *("day of 10 kN/mm, finer", "tissue at week 26 [kN/mm]", "one core [s]"),
    )
    return Answer("Mesh", tuple(verdicts), table(head, rows))
