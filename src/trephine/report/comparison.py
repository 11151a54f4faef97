"""Owns the comparison of models: what each made of one case, as rows, curves, pictures, a page."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import jinja2
import numpy as np
from markupsafe import Markup

from trephine.case.run import Run
from trephine.catalogue.load import catalogue
from trephine.core.types import Series, Voxels
from trephine.models.library import MODELS
from trephine.report import film, site_story, story, tables
from trephine.report.frames import Frames, in_the_gap
from trephine.report.legend import Graph, Key
from trephine.report.palette import CATEGORIES, SITE, TISSUES, Shade
from trephine.report.sections import CUTS, Ground
from trephine.report.svg import Panel, decades, nice_top
from trephine.report.words import NO_BREAK, rounded

PAGE = "comparison.html"
SHOWN = 6
"""Pictures of a model, from the first visit to the last."""
ASKED = (0.25, 0.5, 1.0)
"""Shares of the course at which a row says how much bone there is."""
DASHES = ("", "8 4", "2 4")
SCORES = (4.0, 7.0, 10.0, 13.0, 16.0)


class Still(NamedTuple):
    """A section at a week, as a PNG in base64, with its size in pixels."""

    week: str
    data: str
    width: int
    height: int


@dataclass(frozen=True)
class Compared:
    """What one model made of the case.

    Parameters
    ----------
    name
        Of the model.
    outcome
        The ending in a sentence.
    union_week
        Week of union; None where there was none.
    week
        Visits, (time,) [wk].
    bone, cortical, cartilage
        Bone with mineral in the gap and where cortex was removed, and cartilage in the gap,
        (time,) [% of the space].
    bridged, mrust
        Cortices bridged, of four, and the score, (time,).
    stiffness, movement
        Of the tissue along the shaft, and between the bone ends, (time,) [N/mm, mm].
    stills
        Sections from front to back.
    shades
        Colours of what grew.
    notices
        What a reader must be told.
    facts
        What the course was made with, by name.
    """

    name: str
    outcome: str
    union_week: float | None
    week: Series
    bone: Series
    cortical: Series
    cartilage: Series
    bridged: Series
    mrust: Series
    stiffness: Series
    movement: Series
    stills: tuple[Still, ...]
    shades: frozenset[str]
    notices: tuple[str, ...]
    facts: dict[str, str]


def compared(run: Run) -> Compared:
    """Return what a finished run contributes to a comparison; the run may then be forgotten."""
    seen, course = run.follow_up, run.course
    hard = "mineralised"
    removed = run.anatomy.cortex_removed
    fields = course.fields
    grown = frozenset(s.key for s in TISSUES if s.key in fields and np.any(fields[s.key]))
    return Compared(
        name=run.settings.model,
        outcome=story.outcome(run),
        union_week=seen.union_week,
        week=seen.week,
        bone=100.0 * in_the_gap(run, hard),
        cortical=100.0 * _mean(fields[hard], removed),
        cartilage=100.0 * in_the_gap(run, "cartilage"),
        bridged=seen.bridged,
        mrust=np.asarray(seen.mrust, dtype=float),
        stiffness=course.stiffness * 1e-3,
        movement=course.movement * 1e3,
        stills=stills(run),
        shades=grown,
        notices=run.notices,
        facts={
            "Run": tables.run_digest(run),
            "Case": run.provenance.case_digest,
            "Catalogue": run.provenance.catalogue_digest,
            "Voxel": str(run.settings.as_written()["voxel"]),
            "Seed": str(run.provenance.seed),
            "trephine": run.provenance.version,
        },
    )


def _mean(values: Voxels, weight: Voxels) -> Series:
    mean: Series = np.einsum("txyz,xyz->t", values, weight / max(float(weight.sum()), 1e-30))
    return mean


def stills(run: Run) -> tuple[Still, ...]:
    """Return sections of the tissue from front to back through the shaft, over the course."""
    frames = Frames.of(run)
    ground = Ground.of(run.anatomy, next(cut for cut in CUTS if cut.plane == "sagittal"))
    chosen = np.unique(np.linspace(0, len(frames) - 1, SHOWN).round().astype(int))
    found = []
    for index in chosen:
        at = frames.snapshot[index]
        colour = ground.coloured({n: v[at] for n, v in run.course.fields.items()})
        large = np.repeat(np.repeat(colour, 3, axis=0), 3, axis=1)
        data = base64.b64encode(film.png(large)).decode()
        week = rounded(float(frames.week[index]))
        found.append(Still(week, data, large.shape[1], large.shape[0]))
    return tuple(found)


@dataclass(frozen=True)
class Row:
    """A model's row in the table; every entry as text."""

    model: str
    union: str
    bone: str
    cortical: str
    bridged: str
    mrust: str
    stiffness: str
    movement: str
    cartilage: str


def asked_weeks(found: Compared) -> list[int]:
    """Return the visits at which a row says how much bone there is."""
    return [round(share * (found.week.size - 1)) for share in ASKED]


def headings(found: Sequence[Compared]) -> list[str]:
    """Return the headings of the table."""
    weeks = ", ".join(rounded(float(found[0].week[at])) for at in asked_weeks(found[0]))
    return [
        "Model",
        "Week of union",
        f"Bone in the gap at week {weeks} (%)",
        f"in the cortices at week {weeks} (%)",
        "Cortices bridged",
        "mRUST",
        "Stiffness at the end (N/mm)",
        "Movement, largest and last (mm)",
        "Most cartilage in the gap",
    ]


def row(found: Compared) -> Row:
    """Return the row of a model."""

    def over_time(values: Series) -> str:
        return ", ".join(f"{max(values[at], 0.0):.0f}" for at in asked_weeks(found))

    return Row(
        model=found.name,
        union="none" if found.union_week is None else rounded(found.union_week),
        bone=over_time(found.bone),
        cortical=over_time(found.cortical),
        bridged=rounded(float(found.bridged[-1])),
        mrust=rounded(float(found.mrust[-1])),
        stiffness=rounded(float(found.stiffness[-1])),
        movement=f"{found.movement.max():.2f}, {found.movement[-1]:.3f}",
        cartilage=most_cartilage(found),
    )


def most_cartilage(found: Compared) -> str:
    """Return how much cartilage there was at most, and when."""
    peak = int(found.cartilage.argmax())
    if found.cartilage[peak] < 0.5:
        return "none"
    return f"{found.cartilage[peak]:.0f} % in week {rounded(float(found.week[peak]))}"


def _graph(
    title: str,
    unit: str,
    note: str,
    found: Sequence[Compared],
    values: Sequence[Series],
    write: Callable[[float], str],
    *,
    ends: tuple[float, float] | None = None,
    log: bool = False,
    step: bool = False,
) -> Graph:
    """Return one quantity over time, a line a model."""
    highest = max(float(v.max()) for v in values)
    scale = decades(values, 1e6) if log else ends or (0.0, nice_top(highest))
    label = f"Lines: {title} by week and model"
    marks = SCORES if step else ()
    panel = Panel.of(found[0].week, scale, unit, label, log=log, marks=marks)
    drawn, keys = [panel.axes()], []
    for number, (one, series) in enumerate(zip(found, values, strict=True)):
        colour, dash = CATEGORIES[number % len(CATEGORIES)], DASHES[number % len(DASHES)]
        drawn.append(panel.line(one.week, series, colour, dash=dash, step=step))
        keys.append(Key(one.name, colour, [write(float(series[-1]))], dash))
    return Graph(title, note, Markup(panel.drawing(drawn)), keys)  # noqa: S704  (text is escaped)


def graphs(found: Sequence[Compared]) -> list[Graph]:
    """Return the curves of all models side by side."""

    def share(value: float) -> str:
        return f"{value:.0f}{NO_BREAK}%"

    return [
        _graph(
            "Bone in the gap",
            "% of the gap",
            "Bone with mineral, mean over the space between the bone ends.",
            found,
            [one.bone for one in found],
            share,
            ends=(0.0, 100.0),
        ),
        _graph(
            "Bone in the cortices",
            "% of the cortex that the gap took",
            "Bone with mineral where cortex has to be bridged.",
            found,
            [one.cortical for one in found],
            share,
            ends=(0.0, 100.0),
        ),
        _graph(
            "Cartilage in the gap",
            "% of the gap",
            "What lies on the way to bone, or stays.",
            found,
            [one.cartilage for one in found],
            share,
        ),
        _graph(
            "Stiffness of the tissue",
            "N/mm along the shaft",
            "Between the bone ends, without the implant.",
            found,
            [one.stiffness for one in found],
            lambda v: f"{rounded(v)}{NO_BREAK}N/mm",
            log=True,
        ),
        _graph(
            "Movement",
            "mm under the load of the day",
            "Between the bone ends, with the implant; steps are changes of load.",
            found,
            [one.movement for one in found],
            lambda v: f"{rounded(v)}{NO_BREAK}mm",
        ),
        _graph(
            "Radiographic union",
            "mRUST, 4 to 16",
            "Read from simulated films; union needs three cortices bridged.",
            found,
            [one.mrust for one in found],
            rounded,
            ends=(SCORES[0], SCORES[-1]),
            step=True,
        ),
    ]


def _legend(found: Sequence[Compared]) -> list[Shade]:
    grown = frozenset().union(*(one.shades for one in found)) | {"mineralised"}
    return [*(s for s in TISSUES if s.key in grown), *SITE]


def sources(name: str) -> list[str]:
    """Return what a model is taken from, in words; nothing for the project's own."""
    return [catalogue().sources[key].title for key in MODELS[name].sources]


def lead(found: Sequence[Compared]) -> str:
    """Return what came out, in two sentences at most."""
    united = [one for one in found if one.union_week is not None]
    if not united:
        return f"None of {len(found)} models unites this case."
    weeks = [float(one.union_week) for one in united if one.union_week is not None]
    when = (
        f"at week {rounded(weeks[0])}"
        if min(weeks) == max(weeks)
        else f"between week {rounded(min(weeks))} and week {rounded(max(weeks))}"
    )
    rest = [one.name for one in found if one.union_week is None]
    tail = f" Without union: {', '.join(rest)}." if rest else ""
    how_many = f"{len(united)} of {len(found)}" if rest else f"All {len(found)}"
    return f"{how_many} models unite this case, {when}.{tail}"


def html(run: Run, found: Sequence[Compared]) -> str:
    """Return the whole page.

    Parameters
    ----------
    run
        Any of the runs, for what they share: the case.
    found
        What each model made of it, in order.
    """
    return (
        _environment()
        .get_template(PAGE)
        .render(
            title=run.case.name,
            about=" ".join(run.case.about.split()),
            lead=lead(found),
            is_united=any(one.union_week is not None for one in found),
            case_sentences=site_story.case_sentences(run),
            plan=story.plan_events(run.case),
            headings=headings(found),
            rows=[row(one) for one in found],
            graphs=graphs(found),
            found=found,
            models={one.name: MODELS[one.name] for one in found},
            sources={one.name: sources(one.name) for one in found},
            legend=_legend(found),
            version=found[0].facts["trephine"],
            style=Markup(  # noqa: S704  (our own file)
                (resources.files("trephine.report") / "templates" / "page.css").read_text("utf-8")
            ),
        )
    )


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("trephine.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )


def write(run: Run, found: Sequence[Compared], folder: Path) -> Path:
    """Write the page of a comparison into a folder and return it."""
    page = folder / PAGE
    page.write_text(html(run, found), encoding="utf-8")
    return page
