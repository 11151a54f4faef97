"""Owns the report: one HTML page with everything in it, and the radiographs beside it."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import jinja2
import matplotlib as mpl
import numpy as np
from markupsafe import Markup

from trephine.case.followup import CORTICES
from trephine.case.run import Run
from trephine.core.types import Ending
from trephine.report import fate, film, funnel, graphs, sections, story, tables, volume
from trephine.report.frames import Frames
from trephine.report.pack import Pack
from trephine.report.palette import LOOSE, SITE, TISSUES, Shade, rgb
from trephine.report.words import measure, new_bone, rounded

ISO = 0.35
"""Share of a voxel that mineralised bone, old and new, fills at the surface of the solid view."""
STRIP = 7
"""Films in the strip under the outcome."""
COLOUR_MAP = "viridis"

Drawn = TypeVar("Drawn", graphs.Graph, funnel.Funnel)


def write(run: Run, folder: Path) -> Path:
    """Write a run's report and return the page.

    The page ``report.html`` needs nothing else: no other file, no network. Every film lies
    beside it as ``radiographs/{ap,lateral}_week_NN.png``. The same run gives the same bytes.

    Parameters
    ----------
    run
        A finished run.
    folder
        Where to write; made where it does not exist.
    """
    folder.mkdir(parents=True, exist_ok=True)
    film.write_radiographs(run, folder / "radiographs")
    page = folder / "report.html"
    page.write_text(html(run), encoding="utf-8")
    return page


def html(run: Run) -> str:
    """Return the whole page."""
    frames = Frames.of(run)
    pack, data = _pictures(run, frames)
    words = {
        "title": run.case.name,
        "about": " ".join(run.case.about.split()),
        "outcome": story.outcome(run),
        "is_united": run.follow_up.ending is Ending.UNITED,
        "tiles": story.tiles(run),
        "strip": _strip(run, frames),
        "notices": [note for note in (*run.notices, tables.another_catalogue(run)) if note],
        "provisional": len(run.provisional),
        "used": len(run.used),
        "case_sentences": story.case_sentences(run),
        "plan": [
            {"day": rounded(e.day / 86400), "title": e.title, "text": e.text}
            for e in story.plan_events(run.case)
        ],
        "follow_up": story.follow_up(run.case),
        "funnels": [_drawn(f) for f in funnel.funnels(run)],
        "graphs": [_drawn(g) for g in graphs.over_time(run, frames)],
        "has_loads": bool(run.case.plan.loadings),
        "fates": [_drawn(g) for g in fate.fates(run, frames)],
        "moves": fate.largest_moves(run),
        "budgets": tables.budgets(run),
        "largest_imbalance": rounded(max(b.imbalance for b in run.budgets), 2),
        "parameters": tables.parameters(run),
        "provenance": tables.provenance(run),
        "run_digest": tables.run_digest(run),
        "catalogue_digest": run.provenance.catalogue_digest,
        "version": run.provenance.version,
        "seed": run.provenance.seed,
        "last_frame": len(frames) - 1,
        "last_week": rounded(float(frames.week[-1])),
        "cortices": CORTICES,
        "scales": data.pop("ranges"),
        "cuts": _cuts(run),
        "bar_ap": _bar(run.follow_up.radiograph_ap.shape[2], run.follow_up.pixel),
        "bar_lateral": _bar(run.follow_up.radiograph_lateral.shape[2], run.follow_up.pixel),
        "across": run.anatomy.grid.shape,
        "tissue_legend": _tissue_legend(run),
        "solid_legend": _solid_legend(run),
        "iso": round(100 * ISO),
        "data": Markup(json.dumps(data, ensure_ascii=False).replace("</", "<\\/")),  # noqa: S704
        "pack": pack.as_text(),
        "style": _part("page.css"),
        "script": _part("solid.js") + _part("page.js"),
    }
    return _environment().get_template("page.html").render(words)


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("trephine.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )


def _part(name: str) -> Markup:
    """Return a style or script of the package as it is."""
    text = (resources.files("trephine.report") / "templates" / name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704  (our own file)


def _drawn(thing: Drawn) -> Drawn:
    """Return a graph or funnel with its drawing, in which text is escaped, as markup."""
    return replace(thing, svg=Markup(thing.svg))  # noqa: S704


def _pictures(run: Run, frames: Frames) -> tuple[Pack, dict[str, Any]]:
    """Return the pictures of all weeks, and what the page's script must know of them."""
    pack = Pack()
    for view, grey in film.films(run, frames).items():
        pack.add(f"film_{view}", grey, over_time=True)
    ranges = [sections.scale_of(run, frames, field) for field in sections.SHOWN]
    for cut in sections.CUTS:
        colours = sections.tissue_colours(run, frames, cut)
        pack.add(f"tissue_{cut.plane}", colours, over_time=True)
        pack.add(f"under_{cut.plane}", sections.underlay(run, cut))
        for scale in ranges:
            levels = sections.field_levels(run, frames, scale, cut)
            pack.add(f"{scale.field.key}_{cut.plane}", levels, over_time=True)
    map_ = mpl.colormaps[COLOUR_MAP](np.linspace(0, 1, 256))[:, :3]
    pack.add("colours", np.rint(255 * map_).astype(np.uint8))
    size = volume.put_volumes(run, frames, pack)
    shades = {s.key: [c / 255 for c in rgb(s.colour)] for s in (*TISSUES, *SITE)}
    data = {
        "contents": pack.contents,
        "weeks": [float(week) for week in frames.week],
        "visits": _visits(run, frames),
        "ranges": ranges,
        "scales": {
            r.field.key: {"title": f"{r.field.label} [{r.field.unit}]", "ticks": r.ticks()}
            for r in ranges
        },
        "volume": {
            **size,
            "iso": ISO,
            "colours": {
                "bone": shades["bone"],
                "metal": shades["metal"],
                "new": shades["mineralised"],
                "osteoid": shades["osteoid"],
                "cartilage": shades["cartilage"],
                "gap": shades["fibrous"],
            },
        },
    }
    return pack, data


def _visits(run: Run, frames: Frames) -> list[dict[str, Any]]:
    """Return what each frame shows in numbers, as text."""
    seen, course = run.follow_up, run.course
    return [
        {
            "week": rounded(float(seen.week[visit])),
            "mrust": f"{rounded(float(seen.mrust[visit]))} of 16",
            "bridged": f"{int(seen.bridged[visit])} of 4",
            "callus": new_bone(float(seen.callus_volume[visit])),
            "scores": [round(float(score)) for score in seen.cortex_score[visit]],
            "stiffness": measure(float(course.stiffness[at]), "N/m", "N/mm"),
            "movement": measure(float(course.movement[at]), "m", "mm"),
            "force": measure(float(course.force[at]), "N", "N"),
        }
        for visit, at in zip(frames.visit, frames.snapshot, strict=True)
    ]


def _strip(run: Run, frames: Frames) -> list[dict[str, Any]]:
    """Return a few films as pictures that need no script."""
    films = film.films(run, frames)["ap"]
    chosen = np.unique(np.linspace(0, len(frames) - 1, min(STRIP, len(frames))).round().astype(int))
    stills = []
    for index in chosen:
        grey = film.magnified(films[index], 160)
        stills.append(
            {
                "week": rounded(float(frames.week[index])),
                "data": base64.b64encode(film.png(grey)).decode(),
                "width": grey.shape[1],
                "height": grey.shape[0],
            }
        )
    return stills


def _bar(pixels: int, pixel: float) -> float:
    """Return the length of 10 mm in per cent of a picture's width."""
    return round(100 * 0.01 / (pixels * pixel), 2)


def _cuts(run: Run) -> list[dict[str, Any]]:
    words = {
        "coronal": "through the axis of the shaft",
        "sagittal": "through the axis of the shaft",
        "axial": "through the middle of the gap",
    }
    grid = run.anatomy.grid
    across = {"coronal": 0, "sagittal": 1, "axial": 0}
    return [
        {
            **cut._asdict(),
            "words": words[cut.plane],
            "bar": _bar(grid.shape[across[cut.plane]], grid.spacing),
        }
        for cut in sections.CUTS
    ]


def _tissue_legend(run: Run) -> list[Shade]:
    """Return the colours of the sections, of what occurs in this run."""
    names = {"osteoid": "woven"}
    fields, metal = run.course.fields, run.anatomy.metal
    grown = [s for s in TISSUES if fields[names.get(s.key, s.key)].any()]
    return [*grown, *(s for s in SITE if s.key != "metal" or metal.any())]


def _solid_legend(run: Run) -> list[Shade]:
    shades = {s.key: s for s in (*TISSUES, *SITE, LOOSE)}
    told = [shades["bone"], shades["mineralised"]]
    if run.anatomy.metal.any():
        told.append(shades["metal"])
    return [
        *told,
        Shade("osteoid", "New bone not yet mineralised (haze)", shades["osteoid"].colour),
        Shade("cartilage", "Cartilage (haze)", shades["cartilage"].colour),
        Shade("gap", "Gap not yet filled (haze)", shades["fibrous"].colour),
    ]
