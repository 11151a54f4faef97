"""Ask what the stiffness of the fixation does, and whether there is a best one.

Asked by check 6 of the specification. Steiner and others (2014) found healing in the sheep best
at an axial stiffness of 1,000 to 2,500 N/mm and more than 300 N/mm in shear, and delayed at very
low and very high stiffness. Too much motion is known to end in fibrous tissue or cartilage; no
motion at all is known not to heal faster than a little. The tibia with its cells is loaded with
the same force throughout, beside springs of different stiffness.

Refuted if the loosest fixation heals, if what fills its gap is neither fibrous tissue nor
cartilage, if a rigid one heals sooner or makes as much callus as the best, or if the best lies
outside Steiner's window.
"""

from __future__ import annotations

from collections.abc import Mapping

from trial import LOADINGS, Outcome, Trial, held

from page import (
    USUAL,
    Answer,
    Verdict,
    day_words,
    stiff_day,
    table,
    union_words,
    usual,
)

STIFFNESSES = (50, 200, 500, 1000, 1750, 2500, 5000, 10000, 100000)
LOADS = (0.25, 0.75, 1.5)
SHEAR = 0.2
SHEARS = (30, 100, 300, 1000, 3000)
RIGID = STIFFNESSES[-1]
WINDOW = (1000, 2500)
NOISE = 1.0
"""Days that mean nothing: repeated courses differ as much by voxels and steps [d]."""


TRIALS: dict[tuple[str, float, int], Trial] = {
    **{("axial", load, k): Trial(sets=held(load, k)) for load in LOADS for k in STIFFNESSES},
    **{
        ("shear", SHEAR, k): Trial(
            sets=(
                *held(0.75, 1750),
                *(f"plan.steps.{number}.shear={SHEAR}" for number in LOADINGS),
                f"site.fixation.shear_stiffness={k} N/mm",
            )
        )
        for k in SHEARS
    },
}


def answer(found: Mapping[tuple[str, float, int], Outcome]) -> Answer:
    """Return what was found."""
    walking = {k: found["axial", 0.75, k] for k in STIFFNESSES}
    day = {k: stiff_day(outcome) for k, outcome in walking.items()}
    best_inside = min(day[k] for k in STIFFNESSES if WINDOW[0] <= k <= WINDOW[1])
    best = min(day, key=lambda k: day[k])
    loosest = found["axial", max(LOADS), min(STIFFNESSES)]
    gap = {name: loosest["gap"][name][-1] for name in ("fibrous", "cartilage", "woven")}
    shear = {k: stiff_day(found["shear", SHEAR, k]) for k in SHEARS}
    beyond = min(shear[k] for k in SHEARS if k > 300)
    most = max(walking[k]["callus"][-1] for k in STIFFNESSES if WINDOW[0] <= k <= WINDOW[1])
    verdicts = (
        Verdict(
            "the loosest fixation under the highest load does not unite",
            f"union week {union_words(loosest)}, {loosest['movement'][0]:.1f} mm at first",
            loosest["union"] is None,
        ),
        Verdict(
            "its gap fills with fibrous tissue or cartilage",
            f"fibrous {gap['fibrous']:.2f}, cartilage {gap['cartilage']:.2f}, "
            f"woven {gap['woven']:.2f} of the gap",
            gap["fibrous"] + gap["cartilage"] > 0.5,
        ),
        Verdict(
            "very low stiffness delays (200 N/mm, 0.75 body weights)",
            f"day {day_words(walking[200])} against {best_inside:.0f}",
            day[200] > best_inside + NOISE,
        ),
        Verdict(
            "a rigid fixation heals no sooner than the best in Steiner's window",
            f"day {day_words(walking[RIGID])} against {best_inside:.0f}",
            day[RIGID] >= best_inside - NOISE,
        ),
        Verdict(
            "a rigid fixation makes less callus",
            f"{walking[RIGID]['callus'][-1]:.1f} against {most:.1f} mL",
            walking[RIGID]["callus"][-1] < 0.95 * most,
        ),
        Verdict(
            "the best axial stiffness lies in 1,000 to 2,500 N/mm",
            f"{best:,} N/mm, day {day[best]:.0f}; in the window day {best_inside:.0f}",
            day[best] >= best_inside - NOISE,
        ),
        Verdict(
            "shear stiffness above 300 N/mm is better than below",
            f"day {beyond:.0f} above, {day_words(found['shear', 0.2, 100])} at 100 N/mm, "
            f"{day_words(found['shear', 0.2, 30])} at 30 N/mm",
            shear[100] > beyond + NOISE,
        ),
    )
    weeks = table(
        ("fixation [N/mm]", *(f"{load:g} body weights" for load in LOADS)),
        [
            (
                f"{k:,}",
                *(
                    f"{union_words(o)} wk, day {day_words(o)}, {o['callus'][-1]:.1f} mL "
                    f"({o['movement'][0]:.2f} mm)"
                    for o in (found["axial", load, k] for load in LOADS)
                ),
            )
            for k in STIFFNESSES
        ],
    )
    tissues = table(
        ("fixation [N/mm]", *USUAL),
        [(f"{k:,}", *usual(found["axial", 1.5, k])) for k in STIFFNESSES],
    )
    sheared = table(
        ("shear stiffness [N/mm]", *USUAL),
        [(f"{k:,}", *usual(found["shear", SHEAR, k])) for k in SHEARS],
    )
    text = (
        "Week of union, day from which the tissue is stiffer than 10 kN/mm, callus at week 26, "
        f"and in brackets the movement of day 0:\n\n{weeks}\n\n"
        f"What the highest load makes of the tissue:\n\n{tissues}\n\n"
        "A shear force of 0.2 body weights beside 0.75 along the bone, on 1,750 N/mm axially:\n\n"
        f"{sheared}"
    )
    return Answer("Motion", verdicts, text)
