"""Ask the lengthening what is known of regenerates, and write it down.

Nothing in it was fitted to a regenerate: every row is a test. The series of eight patients had no
control; here the same eight virtual patients get the concentrate and nothing. Adults and children
are asked twice: with the numbers as printed, and each with a draw of those that were calibrated on
shafts.

Run as ``python validation/regenerate.py [series] [dependence] [force] [patients]``; each part
writes its table into the page on regenerates, and all do where none is named. All of them together
take half an hour on two cores. The rows of the scorecard are kept where series, force and patients
are asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from condition_scores import ConditionScore, keep
from lengthened import (
    SIRIRAJ,
    Foretold,
    Lengthened,
    adults,
    children,
    eight,
    foretold,
    index,
    lengthened,
    over_a_nail,
)
from scipy import stats

from trephine.catalogue.load import catalogue
from trephine.models.distraction_force import DistractionForceParameters, force_course
from trephine.models.reading import Reading

PAGE = Path(__file__).parents[1] / "docs/explanation/regenerate.md"
BEGIN, END = "<!-- {}: made by validation/regenerate.py -->", "<!-- end of {} -->"
HOW = (
    "Eight virtual adults who lost 72 to 96 mm, four virtual children lengthened by 72 mm, one "
    "bone over a nail; voxels of 3 mm. The interval is that of Student for the mean of a further "
    "series. Numbers as printed; the page on regenerates has those of the posterior beside them."
)


def against_series() -> Iterator[str]:
    """Yield the table of healing indices beside published ones, with their quotients."""
    yield (
        "| series | published [d/cm] | numbers as printed [d/cm] | over published "
        "| drawn from the posterior [d/cm] | over published |"
    )
    yield "|---|---|---|---|---|---|"
    rows: list[tuple[str, str, tuple[float, ...], tuple[Foretold, Foretold]]] = [
        (
            "Siriraj_DO: long bones, no cells, four steps a day and two",
            "41 (33 to 68) and 49 (35 to 63), median and quartiles",
            (41.36, 49.12),
            both(adults, SIRIRAJ, treated=False),
        ),
        (
            "Kitoh2007, held out: 32 in children, no cells",
            "36 ± 10",
            (36.2,),
            both(children, 32, treated=False),
        ),
        (
            "Kitoh2007, held out: 24 with cultured cells (the series added platelets)",
            "27 ± 7",
            (27.1,),
            both(children, 24, treated=True),
        ),
    ]
    for name, published, of, (printed, drawn) in rows:
        yield (
            f"| {name} | {published} | {printed} | {over(mean(printed), of)} "
            f"| {drawn} | {over(mean(drawn), of)} |"
        )
    for name, published, at, treated in (
        ("no cells", "full weight after 42 (recalled)", 42.0, False),
        (
            "concentrate at the osteotomy (the series added platelets)",
            "full weight after 30 (recalled)",
            30.0,
            True,
        ),
    ):
        nail = over_a_nail(treated=treated)
        told = over(nail.healing_index, (at,))
        what = f"LeeDH2014, held out: over a nail, {name}"
        yield f"| {what} | {published} | {index(nail)} | {told} | - | - |"
    yield ""
    yield (
        "Means with the interval of 90 % for a series of that size, from eight virtual adults and "
        f"four children; {SIRIRAJ} patients are assumed where a series prints no number. Where "
        "each has a draw of his own, the size of a series does not narrow it. One bone each over a "
        "nail. The quotients are those of patients who consolidated."
    )


def both(
    who: Callable[..., tuple[Lengthened, ...]], n: int, *, treated: bool
) -> tuple[Foretold, Foretold]:
    """Return what patients foretell of a series, numbers as printed and drawn.

    Where each patient has a draw of his own, much of the spread is between draws. A series has one
    truth, so its size does not shrink that: the interval then is that of a series of one.
    """
    printed = foretold(who(treated=treated, drawn=False), n)
    return printed, foretold(who(treated=treated, drawn=True), 1)


def over(value: float | None, published: tuple[float, ...]) -> str:
    """Return a healing index over published ones, in words."""
    return "none" if value is None else " and ".join(f"{value / each:.2f}" for each in published)


def mean(one: Foretold) -> float:
    """Return the mean healing index of those who consolidated [d/cm]."""
    return float(np.mean(one.found))


def of_what_it_depends() -> Iterator[str]:
    """Yield the table of what changes the healing index of a tibia lengthened by 40 mm."""
    weak, stiff = (
        {"fixation": {"kind": "ring_fixator", "axial_stiffness": f"{k} N/mm"}} for k in (30, 500)
    )
    asked: tuple[tuple[str, dict[str, Any]], ...] = (
        ("as it is: 1 mm a day, toes on the ground", {}),
        ("0.5 mm a day", {"rate": 0.5}),
        ("1.5 mm a day", {"rate": 1.5}),
        ("a third of the body weight from day 0", {"load": 0.33}),
        ("a fixator of 30 N/mm", weak),
        ("a fixator of 500 N/mm", stiff),
        ("a smoker", {"patient": {"smoker": True}}),
        ("no living periosteum", {"biology": {"periosteum": 0.0}}),
        ("voxels of 2 mm", {"voxel": "2 mm"}),
    )
    yield "| tibia, 40 mm | healing index [d/cm] |"
    yield "|---|---|"
    for name, changes in asked:
        run = lengthened(**changes)
        yield f"| {name} | {index(run)} |"
    yield ""


def with_and_without() -> Iterator[str]:
    """Yield the table of eight virtual patients with concentrate and without."""
    yield (
        "| patient | length [mm] | progenitors kept | with concentrate [d/cm] | none [d/cm] "
        "| with concentrate, drawn [d/cm] | none, drawn [d/cm] |"
    )
    yield "|---|---|---|---|---|---|---|"
    arms = [(treated, drawn) for drawn in (False, True) for treated in (True, False)]
    columns = [adults(treated=treated, drawn=drawn) for treated, drawn in arms]
    for number, ((who, length), *row) in enumerate(zip(eight(), *columns, strict=True), start=1):
        smoke = ", smokes" if who["smoker"] else ""
        name = f"{number}: {who['sex']}, {who['age'].removesuffix(' year')}{smoke}"
        told = " | ".join(index(one) for one in row)
        yield f"| {name} | {length:.0f} | {row[0].kept:,.0f} | {told} |"
    for drawn, which in ((False, "Numbers as printed"), (True, "Drawn from the posterior")):
        yield ""
        yield (
            f"{which}: {healed(treated=True, drawn=drawn)} of 8 consolidate with concentrate "
            f"(published: 8 of 8), {healed(treated=False, drawn=drawn)} of 8 without. "
            f"{sooner(drawn=drawn)}"
        )


def sooner(*, drawn: bool) -> str:
    """Return what the concentrate gains in those who consolidate either way, in words."""
    pairs = zip(adults(treated=True, drawn=drawn), adults(treated=False, drawn=drawn), strict=True)
    gains = [
        other.healing_index - one.healing_index
        for one, other in pairs
        if one.healing_index is not None and other.healing_index is not None
    ]
    apart = [gain for gain in gains if abs(gain) > NOTHING]
    if not apart:
        return f"Of {len(gains)} who do either way, none differs by more than {NOTHING:g} d/cm."
    each = " and ".join(f"{abs(g):.0f} d/cm {'sooner' if g > 0 else 'later'}" for g in apart)
    return f"Of {len(gains)} who do either way, {len(apart)} differs with it: {each}."


def healed(*, treated: bool, drawn: bool) -> int:
    """Return how many of the eight consolidated."""
    return sum(run.healing_index is not None for run in adults(treated=treated, drawn=drawn))


REFERENCE = ((9, 3, 44), (30, 10, 58), (60, 20, 64), (99, 33, 68), (150, 50, 70), (-1, 69, 73))
"""Peaks of the public program over 69 mm: step, day and force [N], in whole newtons."""
NOTHING = 1.0
"""Difference that visits a week apart cannot tell from none [d/cm]."""


def peaks() -> list[float]:
    """Return the computed peaks of the reference [N]."""
    law = Reading(catalogue()).fill(DistractionForceParameters)
    course = force_course(69e-3, 3, 0.33e-3, law)
    return [float(course.peak[step]) for step, _, _ in REFERENCE]


def forces() -> Iterator[str]:
    """Yield the table of the force of a distraction over 69 mm."""
    yield "| day | " + " | ".join(str(day) for _, day, _ in REFERENCE) + " |"
    yield "|---|" + "---|" * len(REFERENCE)
    yield "| the published law [N] | " + " | ".join(str(force) for *_, force in REFERENCE) + " |"
    yield "| this program [N] | " + " | ".join(f"{force:.1f}" for force in peaks()) + " |"
    yield ""
    yield (
        "Both rows are the same law: the table verifies that the program computes it as published. "
        "No measured force is among the evidence, so nothing here says that a patient pulls so."
    )


RHYTHM = "In the model the rhythm changes the force alone."
DISEASE = "The model does not know the children's bone disease."
FEW_CELLS = (
    "So few cells add little to a fresh cut; the platelets of the series are not in the model."
)
AGE_AND_SMOKE = (
    "Age and smoking cut the sources in those who fail, and the concentrate adds few cells."
)


def of_series() -> Iterator[ConditionScore]:
    """Yield the rows of series of which there are virtual patients, numbers as printed."""
    level = "healing index [d/cm]"
    bare = foretold(adults(treated=False), SIRIRAJ)
    child, fed = foretold(children(treated=False), 32), foretold(children(treated=True), 24)
    for study, who, value, spread, found, why in (
        ("Siriraj_DO", "four steps a day", 41.36, "41.4, quartiles 33 to 68", bare, RHYTHM),
        ("Siriraj_DO", "two steps a day", 49.12, "49.1, quartiles 35 to 63", bare, RHYTHM),
        ("Kitoh2007", "no cells, n 32", 36.2, "36.2 ± 10.4", child, DISEASE),
        ("Kitoh2007", "cultured cells, n 24", 27.1, "27.1 ± 6.9", fed, DISEASE),
    ):
        verdict = found.verdict(value)
        size = f", n {SIRIRAJ} assumed" if found is bare else ""
        yield ConditionScore(
            study, f"{level}, {who}", spread, f"{found}{size}", verdict, "not fitted",
            "" if verdict == "inside" else why,
        )  # fmt: skip
    gain = mean(child) - mean(fed)
    yield ConditionScore(
        "Kitoh2007", f"{level}: cultured cells shorten it", "by 9.1", f"by {gain:.1f}",
        "holds" if gain > NOTHING else "fails", "not fitted",
    )  # fmt: skip
    many, none = (healed(treated=treated, drawn=False) for treated in (True, False))
    whole = len(adults(treated=True))
    every = float(stats.betabinom(whole, many + 0.5, whole - many + 0.5).pmf(whole))
    yield ConditionScore(
        "Claims 1.5 and 1.6", "consolidated after transport with concentrate, 8 tibiae",
        "8 of 8, no control",
        f"{many} of 8, so that all of another eight do in {100 * every:.0f} of 100 series; "
        f"{none} of 8 without",
        "holds" if many == whole else "fails", "not fitted",
        "" if many == whole else AGE_AND_SMOKE,
    )  # fmt: skip


def scores() -> Iterator[ConditionScore]:
    """Yield the rows of the scorecard."""
    yield from of_series()
    cut = [over_a_nail(treated=treated).healing_index or np.nan for treated in (False, True)]
    apart = cut[0] - cut[1]
    yield ConditionScore(
        "LeeDH2014", "concentrate at the osteotomy shortens the days to full weight [d/cm]",
        "by 12 (recalled)", f"healing index by {apart:.1f}",
        "holds" if apart > NOTHING else "fails", "not fitted", "" if apart > NOTHING else FEW_CELLS,
    )  # fmt: skip
    most = max(abs(a - b) for a, (*_, b) in zip(peaks(), REFERENCE, strict=True))
    yield ConditionScore(
        "DistractionForces", "peaks of the force over 69 mm [N]: the law is computed as published",
        ", ".join(str(force) for *_, force in REFERENCE),
        ", ".join(f"{force:.1f}" for force in peaks()),
        "holds" if most < 1.0 else "fails", "may be fitted",
    )  # fmt: skip


MAKERS = {
    "series": against_series,
    "dependence": of_what_it_depends,
    "force": forces,
    "patients": with_and_without,
}


def main() -> None:
    """Write the tables into the page, and the rows of the scorecard."""
    asked = sys.argv[1:] or list(MAKERS)
    for part in asked:
        begin, end = BEGIN.format(part), END.format(part)
        body = "\n".join(MAKERS[part]()).rstrip()
        text = PAGE.read_text(encoding="utf-8")
        before, after = text.split(begin)[0], text.split(end)[1]
        PAGE.write_text(f"{before}{begin}\n\n{body}\n\n{end}{after}", encoding="utf-8")
    if {"series", "force", "patients"} <= set(asked):
        keep("regenerate", scores(), HOW)


if __name__ == "__main__":
    main()
