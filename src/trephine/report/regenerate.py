"""Owns the report of a lengthened bone: length and bone, force, films, sections, docking."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from trephine.case.regenerate_run import Consolidation, RegenerateRun
from trephine.core.types import Series
from trephine.models.regenerate import Domain
from trephine.report import sheet
from trephine.report.film import Window, magnified, png
from trephine.report.legend import Graph, Key
from trephine.report.palette import ACCENT, LOOSE, MUTED, NEW_BONE, SECOND, SITE, TISSUES
from trephine.report.sections import CUTS, Ground
from trephine.report.svg import Panel, nice_top
from trephine.report.words import (
    NO_BREAK,
    count,
    key_words,
    listed,
    measure,
    new_bone,
    rounded,
)

DAY = 86400.0
SHOWN = 6
"""Films and sections that a page shows: what stands side by side."""
COUNTED = "Days are counted from the one on which the segment meets the other end."
PRODUCTS = {
    "none": "marrow as drawn",
    "concentrate": "marrow concentrate",
    "centrifuge": "marrow concentrate",
    "culture": "cultured cells",
}
LEAST = 220
"""Shorter edge of a section on the page, in pixels."""


def write(run: RegenerateRun, folder: Path) -> Path:
    """Write the report of a lengthening and return the page."""
    return sheet.write(
        run,
        folder,
        lead=run.ending,
        is_good=run.healing_index is not None,
        tiles=tiles(run),
        chapters=chapters(run),
    )


def facts(run: RegenerateRun) -> list[tuple[str, str]]:
    """Return the outcome for a terminal, label and value."""
    told = [(tile.label, tile.value) for tile in tiles(run)]
    for number, treatment in enumerate(run.treatments, start=1):
        day = treatment.graft.day / DAY
        kept = count(treatment.graft.funnel[-1].progenitors)
        told.append((f"Progenitors kept of injection {number} (day {day:g})", kept))
    worst = max(budget.imbalance for budget in run.course.budgets)
    return [*told, ("Largest imbalance of a budget", f"{worst:.1e}")]


def visits(run: RegenerateRun) -> tuple[list[str], list[list[str]]]:
    """Return the course as a table, heads and rows."""
    seen = run.regenerate
    heads = [">Day", ">Length mm", ">Soft zone mm", ">New bone mL", ">Cortices", ">Stiffness N/mm"]
    rows = [
        [
            f"{day:g}",
            f"{seen.length[n] * 1e3:.1f}",
            f"{seen.soft[n] * 1e3:.0f}",
            f"{seen.bone[n] * 1e6:.2f}",
            f"{seen.bridged[n]:g}",
            rounded(run.course.stiffness[n] * 1e-3),
        ]
        for n, day in enumerate(seen.day)
    ]
    return heads, rows


def tiles(run: RegenerateRun) -> list[sheet.Tile]:
    """Return the numbers that matter most."""
    seen, step, index = run.regenerate, run.case.distraction, run.healing_index
    day = seen.consolidated
    told = [
        sheet.Tile(
            "Length gained",
            measure(run.gained, "m", "mm"),
            f"day {step.day / DAY:g} to day {step.end / DAY:g}",
        ),
        sheet.Tile(
            "Consolidated",
            "no" if day is None else f"day {day:g}",
            "at least three of four cortices bridged, and they stay so",
        ),
        sheet.Tile(
            "Healing index",
            "none" if index is None else f"{rounded(index)}{NO_BREAK}d/cm",
            "days from the osteotomy for each centimetre gained",
        ),
        sheet.Tile(
            "New bone",
            new_bone(float(seen.bone[-1])),
            f"{rounded(float(seen.filled[-1]), 2)} times the cortex that is missing; "
            "it also fills canal and callus",
        ),
        sheet.Tile(
            "Peak force",
            f"{rounded(float(run.force.peak.max()))}{NO_BREAK}N",
            "of the distraction, by a published law",
        ),
    ]
    if run.docking is not None:
        docked = run.docking.consolidated
        told.append(
            sheet.Tile(
                "Docking site",
                "not united" if docked is None else f"{docked:g} days",
                "from the day on which the segment meets the other end",
            )
        )
    return told


def chapters(run: RegenerateRun) -> list[sheet.Chapter]:
    """Return the parts of the page."""
    found = [
        sheet.Chapter("case", "Case and plan", paragraphs=_story(run)),
        sheet.Chapter(
            "course",
            "Length, bone and force",
            graphs=(_lengths(run), _bone(run), _stiffness(run), _force(run)),
        ),
        sheet.Chapter(
            "films",
            "Films",
            paragraphs=("Anteroposterior films, one window for all; the upper end moves.",),
            stills=_films(run.regenerate),
        ),
        sheet.Chapter(
            "sections",
            "Sections",
            paragraphs=("Coronal sections through the axis of the shaft, as the bone then stood.",),
            stills=sections(run),
            legend=tuple((s.colour, s.label) for s in (*TISSUES[:6], LOOSE, *SITE)),
        ),
        sheet.Chapter("visits", "Visits", tables=(_table(run),)),
    ]
    if run.docking is not None:
        found.insert(
            4,
            sheet.Chapter(
                "docking",
                "Docking site",
                paragraphs=(_docked(run.docking),),
                stills=_films(run.docking),
            ),
        )
    return found


def _story(run: RegenerateRun) -> tuple[str, ...]:
    """Return case and plan in sentences."""
    patient, site, step = run.case.patient, run.case.site, run.case.distraction
    smoke = ", who smokes," if patient.smoker else ""
    held = site.fixation.kind.replace("_", " ")
    who = "woman" if patient.sex == "female" else "man"
    pace, length = measure(step.rate * DAY, "m", "mm"), measure(step.length, "m", "mm")
    begins, ends = f"{step.day / DAY:g}", f"{step.end / DAY:g}"
    cut = f"with the {site.side} {site.bone} cut on day 0 and held by a {held}."
    drawn = f"From day {begins} it is drawn apart by {pace} a day in {step.rhythm} steps, until"
    said = [
        f"A {who} of {patient.age_years:.0f}{smoke} {cut}",
        f"{drawn} {length} are gained on day {ends}.",
    ]
    for planned, treatment in zip(run.case.plan.injections, run.treatments, strict=True):
        given = measure(planned.deliver.volume, "m^3", "mL")
        what = PRODUCTS.get(planned.process.method, key_words(planned.process.method))
        said.append(
            f"On day {treatment.graft.day / DAY:g}, {given} of {what} are injected into it; "
            f"{count(treatment.graft.funnel[-1].progenitors)} progenitors stay."
        )
    if not run.treatments:
        said.append("Nothing is injected.")
    return tuple(said)


def _events(run: RegenerateRun) -> list[tuple[float, str]]:
    step = run.case.distraction
    told = [(step.day / DAY / 7, "Distraction begins"), (step.end / DAY / 7, "Length is gained")]
    told += [(t.graft.day / DAY / 7, "Injection") for t in run.treatments]
    return [(week, words) for week, words in told if week <= run.regenerate.day[-1] / 7]


def _graph(
    run: RegenerateRun,
    title: str,
    note: str,
    unit: str,
    lines: list[tuple[str, str, Series, Series]],
) -> Graph:
    """Return a graph of curves, each with name, colour, weeks and values."""
    weeks = run.regenerate.day / 7.0
    top = max(float(values.max()) for *_, values in lines)
    panel = Panel.of(weeks, (0, nice_top(top)), unit, f"Lines: {title.lower()} by week")
    drawn = [panel.axes(), panel.events(_events(run))]
    keys = []
    for name, colour, when, values in lines:
        drawn.append(panel.line(when, values, colour))
        keys.append(Key(name, colour, [f"{rounded(float(values[-1]))}{NO_BREAK}{unit}"]))
    return Graph(title, note, panel.drawing(drawn), keys)


def _lengths(run: RegenerateRun) -> Graph:
    seen = run.regenerate
    weeks = seen.day / 7.0
    lines = [
        ("Between the bone ends", ACCENT, weeks, seen.length * 1e3),
        ("Soft zone in the middle", SECOND, weeks, seen.soft * 1e3),
    ]
    note = (
        "The soft zone is what holds next to no mineral yet; bone follows from both ends. Dotted: "
        f"{listed([words.lower() for _, words in _events(run)])}."
    )
    return _graph(run, "Length", note, "mm", lines)


def _bone(run: RegenerateRun) -> Graph:
    seen = run.regenerate
    lines = [("Mineralised new bone", NEW_BONE, seen.day / 7.0, seen.bone * 1e6)]
    return _graph(run, "Bone in the regenerate", "Between the bone ends.", "mL", lines)


def _stiffness(run: RegenerateRun) -> Graph:
    told = run.course.stiffness * 1e-3
    fixator = np.full(told.size, run.course.fixation_stiffness * 1e-3)
    weeks = run.regenerate.day / 7.0
    lines = [("Tissue", ACCENT, weeks, told), ("Fixation", MUTED, weeks, fixator)]
    note = "Along the shaft. Where the tissue passes the fixation, it carries most of the load."
    return _graph(run, "Stiffness", note, "N/mm", lines)


def _force(run: RegenerateRun) -> Graph:
    pull = run.force
    weeks = pull.day / 7.0
    shown = weeks <= run.regenerate.day[-1] / 7.0
    lines = [
        ("Right after a step", ACCENT, weeks[shown], pull.peak[shown]),
        ("Relaxed", MUTED, weeks[shown], pull.residual[shown]),
    ]
    note = (
        "By the law of a public program, which no measured force confirms here; it knows length "
        "and steps, not this patient's tissue."
    )
    return _graph(run, "Force of the distraction", note, "N", lines)


def _chosen(number: int) -> list[int]:
    """Return which visits are shown."""
    return sorted({round(x) for x in np.linspace(0, number - 1, min(SHOWN, number))})


def _films(seen: Consolidation) -> tuple[sheet.Still, ...]:
    """Return anteroposterior films through one window."""
    films = seen.radiograph_ap
    window = Window.of(films, np.zeros(films.shape[1:], dtype=bool))
    stills = []
    for index in _chosen(len(films)):
        grey = magnified(window.grey(films[index]))
        day = f"day {seen.day[index]:g}"
        stills.append(
            sheet.Still(png(grey), day, f"Anteroposterior radiograph, {day}", grey.shape[1] // 2)
        )
    return tuple(stills)


def sections(run: RegenerateRun) -> tuple[sheet.Still, ...]:
    """Return coronal sections in the colours of the tissues, as the bone stood at each visit."""
    domain = Domain.of(run.anatomy, run.anatomy.grid.spacing)
    coronal = next(cut for cut in CUTS if cut.plane == "coronal")
    stills = []
    for index in _chosen(run.regenerate.day.size):
        site = domain.at(int(run.regenerate.slices[index]))
        fields = {name: values[index] for name, values in run.course.fields.items()}
        picture = Ground.of(site, coronal).coloured(fields)
        times = max(1, round(LEAST / min(picture.shape[:2])))
        large = np.repeat(np.repeat(picture, times, axis=0), times, axis=1)
        day = f"day {run.regenerate.day[index]:g}"
        label = f"Coronal section, {day}"
        stills.append(sheet.Still(png(large), day, label, large.shape[1] // 2))
    return tuple(stills)


def _table(run: RegenerateRun) -> sheet.Table:
    heads, rows = visits(run)
    plain = tuple(head.lstrip(">") for head in heads)
    return sheet.Table("", plain, tuple(tuple(row) for row in rows))


def _docked(seen: Consolidation) -> str:
    """Return what became of the docking site, in a sentence."""
    if seen.consolidated is None:
        return (
            f"{COUNTED} After {seen.day[-1]:g} days together {int(seen.bridged[-1])} of four "
            "cortices were bridged where it docked."
        )
    return (
        f"{COUNTED} The segment united with the other end after {seen.consolidated:g} days "
        "together."
    )
