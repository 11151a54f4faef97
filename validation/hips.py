"""Ask what the model of the necrotic femoral head makes of published series, and write it down.

Untreated hips by type (Kuroda 2019) and the two arms of Gangji 2004 set four numbers, so their
rows are fits. All other rows are tests: a small lesion, a head that starts broken, and series that
set nothing.

Run as ``python validation/hips.py``, after ``python validation/hip_people.py`` where the model has
changed: it writes tables and picture of the page on hips, and the scores. With ``--fit`` it prints
the four numbers, for the catalogue, and writes the draws from which plans are compared.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import condition_scores
import numpy as np
from condition_scores import ConditionScore, Role, Verdict
from hip_fit import (
    ARMS,
    TYPES,
    Array,
    Numbers,
    Row,
    chances,
    draws,
    hips_by_type,
    in_a_trial,
    interval,
    keep,
    middle,
    published,
    rows,
)
from hip_people import followed_with
from hip_plots import collapse_by_type

from trephine.catalogue.cohorts import cohorts
from trephine.stages.hip import VERSION

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/explanation/hips.md"
PICTURE = ROOT / "docs/images/hips.svg"
BEGIN, END = "<!-- figures: made by validation/hips.py -->", "<!-- end of figures -->"
SAFE = 0.1
"""Chance of collapse below which a lesion counts as safe."""
SAME = 0.1
"""Difference of chances up to which two arms count as alike."""


class Line(NamedTuple):
    """A published value beside what the model makes of it."""

    study: str
    endpoint: str
    published: str
    chance: str
    trial: str
    verdict: Verdict
    role: Role
    why: str = ""


def percent(share: float) -> str:
    """Return a share for a person."""
    return f"{100 * share:.0f} %"


def told(chance: Array) -> str:
    """Return the middle of chances and their interval."""
    low, high = interval(chance)
    return f"{percent(float(np.median(chance)))} ({100 * low:.0f}-{100 * high:.0f})"


def counted(
    study: str,
    endpoint: str,
    chance: Array,
    seen: float,
    hips: int,
    role: Role,
    *,
    shown: str = "",
    why: str = "",
) -> Line:
    """Return a line for a share of hips, in the interval of a trial of that size or not."""
    low, high = in_a_trial(chance, hips)
    events = round(seen * hips)
    inside = low <= events <= high
    trial = f"{low} to {high} of {hips}"
    verdict: Verdict = "inside" if inside else "outside"
    return Line(
        study,
        endpoint,
        shown or f"{100 * seen:g} %",
        told(chance),
        trial,
        verdict,
        role,
        "" if inside else why,
    )


def of_types(people: dict[str, Row], fit: list[Numbers]) -> list[Line]:
    """Return the lines of untreated hips by type."""
    lines = []
    hips = round(hips_by_type())
    values = published()
    for jic in TYPES:
        for years, seen in zip((2, 5), values[f"untreated {jic}"], strict=True):
            chance = chances(fit, people[f"untreated {jic}"], "collapse_day", years)
            endpoint = f"collapse at {years} years, untreated, type {jic}"
            lines.append(
                counted("Kuroda2019", endpoint, chance, seen, hips, "may be fitted", why=TYPE_MISS)
            )
    return lines


LATE_MISS = (
    "strain within a broken patch stays below 1 %, so nothing keeps bone from forming there, and "
    "cells speed it"
)
TYPE_MISS = "four numbers cannot make all eight shares at once"


def of_arms(people: dict[str, Row], fit: list[Numbers]) -> list[Line]:
    """Return the lines of arms with a decompression."""
    lines = []
    values = published()
    names = {"cells": "decompression and cells", "drilled": "decompression alone"}
    for arm, name in names.items():
        events, hips = values[arm]
        chance = chances(fit, people[arm], "fracture_day", 2)
        lines.append(
            counted(
                "Gangji2004",
                f"stage III at 2 years, {name}",
                chance,
                events / hips,
                int(hips),
                "may be fitted",
                shown=f"{events:g} of {hips:g}",
                why="the arm of 18 hips at most",
            )
        )
    known = cohorts()
    for arm, name in names.items():
        end = known["Gangji2011"].arms[ARMS[arm]].endpoints["collapse_60_months"]
        hips = int(end.total or 0)
        chance = chances(fit, people[arm], "fracture_day", 5)
        lines.append(
            counted(
                "Gangji2011",
                f"fracture at 5 years, {name}; holds the hips of 2004 too (recalled)",
                chance,
                float(end.events[0]) / hips,
                hips,
                "may be fitted",
                shown=f"{end.events[0]:g} of {hips}",
            )
        )
    hegde = known["Hegde2025"].arms["cd_bmac"]
    seen = hegde.endpoints["collapse_15_months"].printed / 100.0
    chance = chances(fit, people["cells"], "fracture_day", 1.25)
    lines.append(
        counted(
            "Hegde2025",
            "stage III at 15 months, decompression and cells",
            chance,
            seen,
            int(hegde.n or 0),
            "not fitted",
            why="the stages and types of its hips are not told; half C1 and half C2 here",
        )
    )
    mayo = known["Mayo_BJO2021"].arms["cd_bmac_prp"]
    seen = mayo.endpoints["survival_free_of_collapse_7_y"].printed / 100.0
    chance = 1.0 - chances(fit, people["cells"], "collapse_day", 5)
    lines.append(
        counted(
            "Mayo_BJO2021",
            "free of collapse at 7 years, decompression and cells; model: 5 years",
            chance,
            seen,
            int(mayo.n or 0),
            "not fitted",
            why="the types of its hips are not told; half C1 and half C2 here",
        )
    )
    return [*lines, odds(people, fit)]


def odds(people: dict[str, Row], fit: list[Numbers]) -> Line:
    """Return the line of the pooled odds of collapse with cells over those without."""
    end = cohorts()["Papakostidis2015"].arms["cells"].endpoints["collapse"]
    both = [chances(fit, people[arm], "collapse_day", 2, seed=n) for n, arm in enumerate(ARMS)]
    with_cells, without = (chance / (1.0 - chance) for chance in both)
    ratio = with_cells / without
    low, high = interval(ratio)
    inside = low <= end.printed <= high
    return Line(
        "Papakostidis2015",
        "odds of collapse with cells over those without; model: at 2 years",
        f"{end.printed:g} (0.08-0.6)",
        f"{np.median(ratio):.2f} ({low:.2f}-{high:.2f})",
        "its size is not told",
        "inside" if inside else "outside",
        "not fitted",
    )


def directions(people: dict[str, Row], fit: list[Numbers]) -> list[Line]:
    """Return the lines of what is only told as a direction."""
    small = chances(fit, people["small"], "collapse_day", 5)
    late = chances(fit, people["late"], "collapse_day", 2)
    late_cells = chances(fit, people["late cells"], "collapse_day", 2, seed=1)
    apart = late - late_cells
    low, high = interval(apart)
    alike = abs(float(np.median(apart))) <= SAME
    drilled, cells = (
        chances(fit, people[arm], "fracture_day", 2, seed=n)
        for n, arm in enumerate(("drilled", "cells"))
    )
    fewer = drilled - cells
    bounds = interval(fewer)
    return [
        Line(
            "Yang 2002, by the design",
            "lesions of 50, 70 and 90 degrees, untreated, 5 years",
            "below 110 degrees safe",
            told(small),
            "",
            "holds" if float(np.median(small)) <= SAFE else "fails",
            "not fitted",
        ),
        Line(
            "Hauzeur2018",
            "starts in stage III, replaced within 2 years: with concentrate less without",
            "no difference: 65 % in either arm",
            "no difference, by construction: the share is this trial's own",
            "",
            "no value",
            "may be fitted",
            "no test: the hazard of replacement is that of this trial",
        ),
        Line(
            "Hauzeur2018",
            "starts in stage III, 2 mm flat within 2 years: drilled less drilled with cells",
            "no difference of replacement; flattening is not told",
            f"{told(late)} less {told(late_cells)}: {100 * np.median(apart):.0f} points"
            f" ({100 * low:.0f} to {100 * high:.0f})",
            "",
            "holds" if alike else "fails",
            "not fitted",
            "" if alike else LATE_MISS,
        ),
        Line(
            "Gangji2004",
            "stage III at 2 years: decompression alone less with cells",
            "fewer with cells",
            f"{100 * np.median(fewer):.0f} points ({100 * bounds[0]:.0f} to {100 * bounds[1]:.0f})",
            "",
            "holds" if float(np.median(fewer)) > 0 else "fails",
            "may be fitted",
        ),
    ]


def untold() -> list[Line]:
    """Return the lines of what was published and the model does not tell."""
    return [
        Line(study, endpoint, shown, "none", "", "no value", "not fitted", why)
        for study, endpoint, shown, why in (
            ("Gangji2004", "pain and scores, with cells", "improved", "no numbers to learn from"),
            ("Sen2012", "Harris hip score with cells", "better", "no numbers to learn from"),
            ("Pepke2016", "Harris hip score with cells", "no difference", "no numbers"),
            (
                "Hernigou2009",
                "replaced at 8 to 18 years, with cells",
                "94 of 534",
                "the model follows five years",
            ),
        )
    ]


def table(lines: Sequence[Line]) -> list[str]:
    """Return lines as a table of the page."""
    rows_of = [
        f"| {one.study} | {one.endpoint} | {one.published} | {one.chance} | {one.trial or '-'} "
        f"| {one.verdict.replace('no value', '-')} "
        f"| {'fit' if one.role == 'may be fitted' else 'test'} |"
        for one in lines
    ]
    return [
        "| source | what | published | chance in the model | in such a trial | verdict | kind |",
        "|---|---|---|---|---|---|---|",
        *rows_of,
    ]


def fitted(fit: list[Numbers]) -> list[str]:
    """Return the four numbers as a table: middle, 90 % interval, spread in the logarithm."""
    drawn = np.array(fit)
    lines = ["| number | middle | 90 % interval |", "|---|---|---|"]
    names = (
        "rate of damage $k_d$ [1/d]",
        "filling over the program's rate",
        "mean rest of the front [years]",
        "most that a graft adds, $b_1$",
    )
    for name, middling, column in zip(names, middle(fit), drawn.T, strict=True):
        low, high = interval(column)
        lines.append(f"| {name} | {middling:.2g} | {low:.2g} to {high:.2g} |")
    return lines


def write(lines: Sequence[str]) -> None:
    """Put the tables between their marks on the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text("\n".join([before + BEGIN, "", *lines, "", END + after]), encoding="utf-8")


def behind() -> str:
    """Return a sentence where the people were followed with an older model; else nothing."""
    if (old := followed_with()) == VERSION:
        return ""
    return (
        f" The people were followed with version {old} of the stage, before version {VERSION}: "
        "they and the fit are to be made anew."
    )


def main() -> None:
    """Fit, ask, print and write."""
    people = rows()
    fit = draws(people)
    print("\n".join(fitted(fit)))
    print("distinct draws:", len(set(fit)))
    if "--fit" in sys.argv:
        keep(fit)
        return
    types, arms = of_types(people, fit), of_arms(people, fit)
    told_only, absent = directions(people, fit), untold()
    lines = [
        *fitted(fit),
        "",
        "![Collapse over five years by type](../images/hips.svg)",
        "",
        *table(types),
        "",
        *table([*arms, *told_only]),
        *(["", behind().strip()] if behind() else []),
    ]
    print("\n".join(lines))
    write(lines)
    PICTURE.write_text(collapse_by_type(people, fit, published()), encoding="utf-8")
    count = people["untreated C2"].columns["damage"].size
    condition_scores.keep(
        "femoral head",
        [
            ConditionScore(
                one.study,
                one.endpoint,
                one.published,
                f"{one.chance}; {one.trial}" if one.trial else one.chance,
                one.verdict,
                one.role,
                one.why,
            )
            for one in (*types, *arms, *told_only, *absent)
        ],
        f"{count} virtual people with own numbers, weighted by {len(fit)} draws of a fit; "
        f"voxels of 3.5 mm; seed 0.{behind()}",
    )


if __name__ == "__main__":
    main()
