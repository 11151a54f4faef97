"""Ask the lengthening what is known of regenerates, and write it down.

Nothing in it was fitted to a regenerate: every row is a test. The series of eight patients had no
control; here the same eight virtual patients get the concentrate and nothing.

Run as ``python validation/regenerate.py [series] [dependence] [force] [patients]``; each part
writes its table into the page on regenerates, and all do where none is named. All of them together
take half an hour on two cores. The rows of the scorecard are kept where series, force and patients
are asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from condition_scores import ConditionScore, Role, keep
from lengthened import (
    SIRIRAJ,
    Foretold,
    adults,
    children,
    eight,
    foretold,
    index,
    lengthened,
    over_a_nail,
)

from trephine.catalogue.load import catalogue
from trephine.models.distraction_force import DistractionForceParameters, force_course
from trephine.models.reading import Reading

PAGE = Path(__file__).parents[1] / "docs/explanation/regenerate.md"
BEGIN, END = "<!-- {}: made by validation/regenerate.py -->", "<!-- end of {} -->"
HOW = (
    "Eight virtual adults who lost 72 to 96 mm, four virtual children lengthened by 72 mm, one "
    "bone over a nail; voxels of 3 mm. The interval is that of Student for the mean of a further "
    "series."
)


def against_series() -> Iterator[str]:
    """Yield the table of healing indices beside published ones, with their quotient."""
    yield "| series | published [d/cm] | computed [d/cm] | computed over published |"
    yield "|---|---|---|---|"
    none, fed = foretold(children(treated=False), 32), foretold(children(treated=True), 24)
    adult = foretold(adults(treated=False), SIRIRAJ)
    nails = [over_a_nail(treated=treated) for treated in (False, True)]
    rows: list[tuple[str, str, str, float | None, tuple[float, ...]]] = [
        (
            "Siriraj_DO: long bones, no cells, four steps a day and two",
            "41 (33 to 68) and 49 (35 to 63), median and quartiles",
            str(adult),
            mean(adult),
            (41.36, 49.12),
        ),
        (
            "Kitoh2007, held out: 32 in children, no cells",
            "36 ± 10",
            str(none),
            mean(none),
            (36.2,),
        ),
        (
            "Kitoh2007, held out: 24 with cultured cells (the series added platelets)",
            "27 ± 7",
            str(fed),
            mean(fed),
            (27.1,),
        ),
        (
            "LeeDH2014, held out: over a nail, no cells",
            "full weight after 42 (recalled)",
            index(nails[0]),
            nails[0].healing_index,
            (42.0,),
        ),
        (
            "LeeDH2014, held out: concentrate at the osteotomy (the series added platelets)",
            "full weight after 30 (recalled)",
            index(nails[1]),
            nails[1].healing_index,
            (30.0,),
        ),
    ]
    for name, published, told, value, of in rows:
        over = "none" if value is None else " and ".join(f"{value / each:.2f}" for each in of)
        yield f"| {name} | {published} | {told} | {over} |"
    yield ""
    yield (
        "Means with the interval of 90 % for a series of that size, from eight virtual adults and "
        f"four children; {SIRIRAJ} patients are assumed where a series prints no number. One bone "
        "each over a nail. The quotient is that of those who consolidated."
    )


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
    yield "| patient | length [mm] | progenitors kept | with concentrate [d/cm] | none [d/cm] |"
    yield "|---|---|---|---|---|"
    gains = []
    rows = zip(eight(), adults(treated=True), adults(treated=False), strict=True)
    for number, ((who, length), one, other) in enumerate(rows, start=1):
        smoke = ", smokes" if who["smoker"] else ""
        name = f"{number}: {who['sex']}, {who['age'].removesuffix(' year')}{smoke}"
        yield f"| {name} | {length:.0f} | {one.kept:,.0f} | {index(one)} | {index(other)} |"
        if one.healing_index is not None and other.healing_index is not None:
            gains.append(other.healing_index - one.healing_index)
    gain = f"{np.mean(gains):.1f} d/cm sooner with it" if gains else "no difference can be told"
    yield ""
    yield (
        f"Consolidated: {healed(treated=True)} of 8 with concentrate (published: 8 of 8), "
        f"{healed(treated=False)} of 8 without. Where both did, the mean is {gain}."
    )


def healed(*, treated: bool) -> int:
    """Return how many of the eight consolidated."""
    return sum(run.healing_index is not None for run in adults(treated=treated))


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


def scores() -> Iterator[ConditionScore]:
    """Yield the rows of the scorecard."""
    level = "healing index [d/cm]"
    spared: Role = "not fitted"
    bare = foretold(adults(treated=False), SIRIRAJ)
    for name, value, spread in (("four", 41.36, "33 to 68"), ("two", 49.12, "35 to 63")):
        asked, published = f"{level}, {name} steps a day", f"{value:.1f}, quartiles {spread}"
        verdict = bare.verdict(value)
        why = "" if verdict == "inside" else "In the model the rhythm changes the force alone."
        told = f"{bare}, n {SIRIRAJ} assumed"
        yield ConditionScore("Siriraj_DO", asked, published, told, verdict, spared, why)
    child, fed = foretold(children(treated=False), 32), foretold(children(treated=True), 24)
    for name, value, spread, found in (
        ("no cells, n 32", 36.2, "10.4", child),
        ("cultured cells, n 24", 27.1, "6.9", fed),
    ):
        verdict = found.verdict(value)
        why = "" if verdict == "inside" else "The model does not know the children's bone disease."
        published = f"{value} ± {spread}"
        yield ConditionScore(
            "Kitoh2007", f"{level}, {name}", published, str(found), verdict, spared, why
        )
    gain = float(np.mean(child.found) - np.mean(fed.found))
    yield ConditionScore(
        "Kitoh2007", f"{level}: cultured cells shorten it", "by 9.1", f"by {gain:.1f}",
        "holds" if gain > NOTHING else "fails", spared,
    )  # fmt: skip
    cut = [over_a_nail(treated=treated).healing_index or np.nan for treated in (False, True)]
    apart = cut[0] - cut[1]
    yield ConditionScore(
        "LeeDH2014", "concentrate at the osteotomy shortens the days to full weight [d/cm]",
        "by 12 (recalled)", f"healing index by {apart:.1f}",
        "holds" if apart > NOTHING else "fails", spared,
        "" if apart > NOTHING else "So few cells add little to a fresh cut; the platelets of the "
        "series are not in the model.",
    )  # fmt: skip
    many, none = healed(treated=True), healed(treated=False)
    yield ConditionScore(
        "Claims 1.5 and 1.6", "consolidated after transport with concentrate, 8 tibiae",
        "8 of 8, no control", f"{many} of 8; {none} of 8 without",
        "holds" if many == len(adults(treated=True)) else "fails", spared,
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
