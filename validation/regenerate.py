"""Ask the lengthening what is known of regenerates, and write it down.

Nothing in it was fitted to a regenerate: every row is a test. The series of eight patients had no
control; here the same eight virtual patients get the concentrate and nothing.

Run as ``python validation/regenerate.py [series] [patients]``; each part writes its tables into the
page on regenerates, and both do where none is named. The patients take some ten minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from trephine import pipeline
from trephine.case.case import of_any_kind
from trephine.case.document import validate
from trephine.case.regenerate_run import RegenerateRun
from trephine.case.settings import Settings
from trephine.catalogue.load import catalogue
from trephine.core.rng import Streams
from trephine.models.distraction_force import DistractionForceParameters, force_course
from trephine.models.reading import Reading

PAGE = Path(__file__).parents[1] / "docs/explanation/regenerate.md"
PARTS = ("series", "patients")
BEGIN, END = "<!-- {}: made by validation/regenerate.py -->", "<!-- end of {} -->"
SITE: dict[str, Any] = {
    "kind": "regenerate",
    "bone": "tibia",
    "side": "left",
    "shaft": {"outer_diameter": "27 mm", "canal_diameter": "13 mm"},
    "fixation": {"kind": "ring_fixator"},
}
PATIENT: dict[str, Any] = {"age": "30 year", "sex": "male", "mass": "72 kg"}
CELLS: dict[str, Any] = {
    "kind": "injection",
    "harvest": {
        "bone": "posterior_iliac_crest",
        "draws": ["30 x 4 mL"],
        "anticoagulant": "15 mL",
    },
    "process": {"method": "concentrate", "device": "buffy_coat", "product_volume": "15 mL"},
    "deliver": {"volume": "12 mL", "carrier": "clot"},
}
CULTURED: dict[str, Any] = {
    **CELLS,
    "process": {
        "method": "culture",
        "duration": "21 d",
        "product_volume": "12 mL",
    },
    "deliver": {"volume": "10 mL", "carrier": "demineralised_bone", "carrier_volume": "2 mL"},
}
LENGTHS = (72, 84, 96)
"""Lengths of the eight virtual patients [mm]; their mean is near the 82.4 mm of the series."""


def lengthened(
    *,
    length: float = 40.0,
    rate: float = 1.0,
    load: float = 0.1,
    weeks: int = 40,
    voxel: str = "3 mm",
    injection: dict[str, Any] | None = None,
    day: float | None = None,
    patient: dict[str, Any] | None = None,
    seed: int = 0,
    **site: Any,  # noqa: ANN401  (whatever a site holds)
) -> RegenerateRun:
    """Return one lengthening; the injection comes on the day after the length is gained."""
    ends = 7.0 + length / rate
    steps: list[dict[str, Any]] = [
        {"kind": "loading", "day": "0 d", "body_weights": load},
        {"kind": "distraction", "day": "7 d", "length": f"{length} mm", "rate": f"{rate} mm/d"},
    ]
    if injection is not None:
        steps.append({**injection, "day": f"{ends + 1.0 if day is None else day:g} d"})
    data = {
        "name": "a lengthening of a series",
        "patient": {**PATIENT, **(patient or {})},
        "site": {**SITE, **site},
        "plan": {"steps": steps, "follow_up": {"duration": f"{weeks} wk", "interval": "1 wk"}},
    }
    settings = validate(Settings, {"voxel": voxel}, "settings")
    run = pipeline.run(of_any_kind(data, "series"), settings=settings, seed=seed)
    if not isinstance(run, RegenerateRun):
        raise TypeError("a regenerate came back as another kind of run")
    told(f"{length:g} mm: {index(run)}")
    return run


def index(run: RegenerateRun) -> str:
    """Return the healing index in words."""
    found = run.healing_index
    return f"none in {run.regenerate.day[-1] / 7:g} weeks" if found is None else f"{found:.0f}"


def told(line: str) -> None:
    """Write a line of progress."""
    sys.stderr.write(line + "\n")


def against_series() -> Iterator[str]:
    """Yield the table of healing indices beside published ones."""
    child = {"age": "12 year", "mass": "34 kg"}
    small = {"shaft": {"outer_diameter": "21 mm", "canal_diameter": "9 mm"}}
    nailed = {"fixation": {"kind": "nail", "nail_diameter": "10 mm"}}
    rows = [
        (
            "Siriraj_DO: long bones, no cells, four steps a day and two",
            "41 (33 to 68) and 49 (35 to 63), median and quartiles",
            lengthened(),
        ),
        (
            "Kitoh2007, held out: children, no cells",
            "36 ± 10",
            lengthened(length=72, weeks=52, patient=child, **small),
        ),
        (
            "Kitoh2007, held out: children, cultured cells (the series added platelets)",
            "27 ± 7",
            lengthened(length=72, weeks=52, patient=child, injection=CULTURED, **small),
        ),
        (
            "LeeDH2014, held out: over a nail, no cells",
            "full weight after 42 (recalled)",
            lengthened(**nailed),
        ),
        (
            "LeeDH2014, held out: concentrate at the osteotomy (the series added platelets)",
            "full weight after 30 (recalled)",
            lengthened(injection=CELLS, day=0.0, **nailed),
        ),
    ]
    yield "| series | published [d/cm] | computed [d/cm] |"
    yield "|---|---|---|"
    for name, published, run in rows:
        told(f"{name}: {index(run)}")
        yield f"| {name} | {published} | {index(run)} |"
    yield ""


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
        told(f"{name}: {index(run)}")
        yield f"| {name} | {index(run)} |"
    yield ""


def eight() -> Iterator[str]:
    """Yield the table of eight virtual patients with concentrate and without."""
    pairs = []
    for number in range(8):
        luck = Streams(2012).within("series", number).named("facts")
        patient = {
            "age": f"{luck.uniform(20, 60):.0f} year",
            "mass": f"{np.clip(luck.normal(75, 12), 50, 110):.0f} kg",
            "sex": "male" if luck.random() < 0.75 else "female",
            "smoker": bool(luck.random() < 0.3),
        }
        length = float(luck.choice(LENGTHS))
        same: dict[str, Any] = {"length": length, "weeks": 60, "patient": patient, "seed": number}
        one, other = lengthened(injection=CELLS, **same), lengthened(**same)
        kept = one.treatments[0].graft.funnel[-1].progenitors
        pairs.append((patient, length, kept, one, other))
        told(f"patient {number}: {index(one)} with, {index(other)} without")
    yield "| patient | length [mm] | progenitors kept | with concentrate [d/cm] | none [d/cm] |"
    yield "|---|---|---|---|---|"
    for number, (who, length, kept, one, other) in enumerate(pairs, start=1):
        smoke = ", smokes" if who["smoker"] else ""
        name = f"{number}: {who['sex']}, {who['age'].removesuffix(' year')}{smoke}"
        yield f"| {name} | {length:.0f} | {kept:.2g} | {index(one)} | {index(other)} |"
    with_, without = (sum(p[k].healing_index is not None for p in pairs) for k in (3, 4))
    both = [
        p[4].healing_index - p[3].healing_index
        for p in pairs
        if p[3].healing_index is not None and p[4].healing_index is not None
    ]
    yield ""
    gain = f"{np.mean(both):.1f} d/cm sooner with it" if both else "no difference can be told"
    yield (
        f"Consolidated: {with_} of 8 with concentrate (published: 8 of 8), {without} of 8 without. "
        f"Where both did, the mean is {gain}."
    )
    yield ""


def forces() -> Iterator[str]:
    """Yield the table of the force of a distraction over 69 mm."""
    law = Reading(catalogue()).fill(DistractionForceParameters)
    course = force_course(69e-3, 3, 0.33e-3, law)
    yield "| day | 3 | 10 | 20 | 33 | 50 | 69 |"
    yield "|---|---|---|---|---|---|---|"
    days = [9, 30, 60, 99, 150, len(course.day) - 1]
    yield "| reference [N] | 44 | 58 | 64 | 68 | 70 | 73 |"
    yield "| computed [N] | " + " | ".join(f"{course.peak[k]:.1f}" for k in days) + " |"
    yield ""


def lines_of(part: str) -> Iterator[str]:
    """Yield the lines of a part of the page."""
    if part == "patients":
        yield from eight()
        return
    yield "### Healing index beside published series\n"
    yield from against_series()
    yield "### What it depends on\n"
    yield from of_what_it_depends()
    yield "### Force of a distraction over 69 mm\n"
    yield from forces()


def main() -> None:
    """Write the tables into the page."""
    for part in sys.argv[1:] or PARTS:
        begin, end = BEGIN.format(part), END.format(part)
        body = "\n".join(lines_of(part)).rstrip()
        text = PAGE.read_text(encoding="utf-8")
        before, after = text.split(begin)[0], text.split(end)[1]
        PAGE.write_text(f"{before}{begin}\n\n{body}\n\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
