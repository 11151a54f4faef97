"""Owns the report: one HTML page with everything in it, and the radiographs beside it."""

from __future__ import annotations

import base64
import json
from collections import Counter
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import jinja2
import numpy as np
from markupsafe import Markup

from trephine.case.followup import CORTICES
from trephine.case.run import Run
from trephine.case.settings import Settings
from trephine.core.types import Ending
from trephine.report import (
    fate,
    fill,
    film,
    funnel,
    graphs,
    harms,
    legend,
    rigidity,
    sections,
    site_story,
    spins,
    story,
    tables,
)
from trephine.report.frames import Frames
from trephine.report.palette import SITE, TISSUES, Shade
from trephine.report.pictures import ISO, Pictures
from trephine.report.words import measure, rounded
from trephine.store.files import replacing

STRIP = 7
"""Films in the strip under the outcome."""
SCRIPTS = ("pack.js", "sections.js", "solid.js", "page.js")

Drawn = TypeVar("Drawn", legend.Graph, funnel.Funnel, fill.Filled, spins.Spun)


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
    text = html(run)
    with replacing(page) as part:
        part.write_text(text, encoding="utf-8")
    return page


def html(run: Run) -> str:
    """Return the whole page."""
    frames = Frames.of(run)
    pictures = Pictures.of(run, frames)
    held = Counter(tables.standings(run.used, run.provisional).values())
    words = {
        "title": run.case.name,
        "about": " ".join(run.case.about.split()),
        "outcome": story.outcome(run),
        "is_united": run.follow_up.ending is Ending.UNITED,
        "tiles": story.tiles(run),
        "strip": _strip(run, frames),
        "notices": [note for note in (*run.notices, tables.another_catalogue(run)) if note],
        "provisional": held["provisional"],
        "chosen": held["chosen"],
        "used": len(run.used),
        "harms": harms.told(run.case),
        "harms_title": harms.TITLE,
        "case_sentences": site_story.case_sentences(run),
        "plan": [
            {"day": rounded(e.day / 86400), "title": e.title, "text": e.text}
            for e in story.plan_events(run.case)
        ],
        "follow_up": story.follow_up(run.case),
        "funnels": [_drawn(f) for f in funnel.funnels(run)],
        "fills": [_drawn(f) for f in fill.fills(run)],
        "tubes": [_drawn(t) for t in spins.spun(run)],
        "graphs": [_drawn(g) for g in graphs.over_time(run, frames)],
        "has_loads": bool(run.case.plan.loadings),
        "rigidity": rigidity.table(run),
        "fates": [_drawn(g) for g in fate.fates(run, frames)],
        "other_fates": [(name, _drawn(g)) for name, g in fate.others(run, frames)],
        "moves": fate.largest_moves(run),
        "budgets": tables.budgets(run),
        "largest_imbalance": rounded(max((b.imbalance for b in run.budgets), default=0.0), 2),
        "parameters": tables.parameters(run),
        "provenance": tables.provenance(run),
        "run_digest": tables.run_digest(run),
        "catalogue_digest": run.provenance.catalogue_digest,
        "version": run.provenance.version,
        "seed": run.provenance.seed,
        "last_frame": len(frames) - 1,
        "last_week": rounded(float(frames.week[-1])),
        "cortices": CORTICES,
        "choices": pictures.choices,
        "quick": pictures.quick,
        "coarse": _coarse(run),
        "cuts": _cuts(run),
        "bar_ap": _bar(run.follow_up.radiograph_ap.shape[2], run.follow_up.pixel),
        "bar_lateral": _bar(run.follow_up.radiograph_lateral.shape[2], run.follow_up.pixel),
        "across": run.anatomy.grid.shape,
        "tissue_legend": _tissue_legend(run),
        "solid_legend": _solid_legend(run),
        "iso": round(100 * ISO),
        "data": Markup(_json(pictures.data)),  # noqa: S704  (escaped there)
        "blocks": pictures.blocks,
        "style": style(),
        "script": Markup("").join(map(_part, SCRIPTS)),
    }
    return environment().get_template("page.html").render(words)


def _json(data: Any) -> str:  # noqa: ANN401  (whatever JSON holds)
    """Return plain data as JSON that cannot end the script it stands in."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")


def environment() -> jinja2.Environment:
    """Return what fills the templates of the reports; an unknown name in one is an error."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("trephine.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )


def style() -> Markup:
    """Return the style that every report has."""
    return _part("page.css")


def _part(name: str) -> Markup:
    """Return a style or script of the package as it is."""
    text = (resources.files("trephine.report") / "templates" / name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704  (our own file)


def _drawn(thing: Drawn) -> Drawn:
    """Return a picture with its words, the drawing, in which text is escaped, as markup."""
    return replace(thing, svg=Markup(thing.svg))  # noqa: S704


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


def _coarse(run: Run) -> str:
    """Return the voxel in words where it is larger than a draft's; films of such are rough."""
    draft = Settings.preset("draft").voxel
    return measure(run.settings.voxel, "m", "mm") if run.settings.voxel > 1.001 * draft else ""


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
    return [*_grown(run), *(s for s in SITE if s.key != "metal" or run.anatomy.metal.any())]


def _grown(run: Run) -> list[Shade]:
    """Return the colours of the tissues that occur in this run."""
    names, fields = {"osteoid": "woven"}, run.course.fields
    keys = {s.key: names.get(s.key, s.key) for s in TISSUES}
    return [s for s in TISSUES if keys[s.key] in fields and fields[keys[s.key]].any()]


def _solid_legend(run: Run) -> list[Shade]:
    """Return the colours of the solid view: surfaces first, then what is a haze."""
    shades = {s.key: s for s in (*TISSUES, *SITE)}
    grown = {s.key for s in _grown(run)}
    told = [shades["bone"], *(shades[k] for k in ("lamellar", "mineralised") if k in grown)]
    if run.anatomy.metal.any():
        told.append(shades["metal"])
    hazes: dict[str, str] = {k: shades[k].label for k in ("osteoid", "cartilage") if k in grown}
    hazes["fibrous"] = "Gap not yet filled"
    return [*told, *(Shade(k, f"{v} (haze)", shades[k].colour) for k, v in hazes.items())]
