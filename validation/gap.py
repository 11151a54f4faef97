"""Ask whether a wider gap heals later, the injection being the same.

Asked by check 7 of the specification. Nailed femora united after 70, 92 and 112 days with gaps
under 1 mm, of 1 to 2.9 mm and over 3 mm: fresh fractures, so their order counts here and their
days are context. In the rat 0.5 mm heals, 1 mm unites three times as often as 2 mm at 5 weeks,
and 3 mm fails. The same papers give the interfragmentary strain of 1, 1.5 and 2 mm on a fixator
of 32.5 N/mm as 11.2, 8.4 and 6.1 %, which one force must explain.

Refuted if a wider gap unites before a narrower one, if there is no width at which a small dose
fails while it heals a narrow gap, or if no single force gives the three strains within 10 %.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from trial import Outcome, Trial

from page import USUAL, Answer, Verdict, day_words, stiff_day, table, union, union_words, usual

GAPS = (1, 2, 3, 4, 6, 10)
SMALL = 0.5
RAT_STIFFNESS, RAT = 32.5, {1.0: 11.2, 1.5: 8.4, 2.0: 6.1}
"""Fixator [N/mm], and strain [%] by gap [mm]."""
NOISE = 1.0

TRIALS: dict[tuple[str, int], Trial] = {
    ("whole dose", width): Trial(sets=(f"site.gap.width={width} mm",), voxel=1.0) for width in GAPS
} | {
    ("half the dose", width): Trial(sets=(f"site.gap.width={width} mm",), dose=SMALL)
    for width in GAPS
    if width > 1
}


def in_order(days: list[float]) -> bool:
    """Return whether no day lies before the one of the narrower gap, beyond the noise."""
    return all(b >= a - NOISE for a, b in pairwise(days))


def answer(found: Mapping[tuple[str, int], Outcome]) -> Answer:
    """Return what was found."""
    whole = [found["whole dose", width] for width in GAPS]
    small = {width: found["half the dose", width] for width in GAPS if width > 1}
    weeks = [union(outcome) for outcome in whole]
    failing = [width for width, outcome in small.items() if outcome["union"] is None]
    force = float(np.mean([RAT_STIFFNESS * gap * strain / 100 for gap, strain in RAT.items()]))
    strains = {gap: 100 * force / (RAT_STIFFNESS * gap) for gap in RAT}
    off = max(abs(strains[gap] / RAT[gap] - 1) for gap in RAT)
    verdicts = (
        Verdict(
            "union is never earlier in a wider gap",
            "weeks " + ", ".join(union_words(o) for o in whole) + " for 1, 2, 3, 4, 6, 10 mm",
            all(b >= a for a, b in pairwise(weeks)),
        ),
        Verdict(
            "the tissue is never stiff earlier in a wider gap",
            "days " + ", ".join(day_words(o) for o in whole),
            in_order([stiff_day(o) for o in whole]),
        ),
        Verdict(
            "union of the widest comes at least a third later than of the narrowest, as 112 to 70",
            f"{union_words(whole[-1])} against {union_words(whole[0])} weeks",
            weeks[-1] >= 4 / 3 * weeks[0],
        ),
        Verdict(
            "half the dose heals 2 mm and fails in some gap up to 10 mm",
            "weeks " + ", ".join(union_words(o) for o in small.values()) + " for 2, 3, 4, 6, 10 mm",
            bool(failing) and small[2]["union"] is not None,
        ),
        Verdict(
            "one force explains the strains of the rat within 10 %",
            f"{force:.2f} N gives "
            + ", ".join(f"{s:.1f}" for s in strains.values())
            + f" %, off by at most {100 * off:.0f} %",
            off <= 0.1,
        ),
    )
    head = ("dose", "gap [mm]", "cells kept", *USUAL)
    rows = [
        (name, width, f"{sum(o['retained']):,.0f}", *usual(o)) for (name, width), o in found.items()
    ]
    text = (
        f"{table(head, rows)}\n\nThe whole dose is computed on 1 mm voxels, half of it on 2 mm, "
        "where a union of the same course is read a week later. The gap and the canal beside it "
        "take what the injection brings, so the density of the cells hardly falls with the gap."
    )
    return Answer("Gap", verdicts, text)
