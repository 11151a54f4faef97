"""A kind of site that exists for tests alone: a well that fills at a rate."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

import trephine
from trephine.case.course_case import CourseCase, CourseSite
from trephine.case.kinds import Kind
from trephine.case.settings import Settings
from trephine.core import provenance
from trephine.core.provenance import Provenance
from trephine.core.types import Series
from trephine.core.units import Length
from trephine.report import sheet
from trephine.store.runs import RunFolder, load_any

WELL = Kind(
    names=("well", "pit"),
    document="fake_kind:WellCase",
    product="fake_kind:WellRun",
    course="fake_kind",
    report="fake_kind",
)


class Well(CourseSite):
    """A well."""

    kind: Literal["well", "pit"]
    depth: Length


class WellCase(CourseCase):
    """A case whose site is a well."""

    STEPS: ClassVar[tuple[str, ...]] = ("medication",)

    site: Well


@dataclass(frozen=True)
class WellRun:
    """How a well filled."""

    case: WellCase
    settings: Settings
    level: Series
    used: Mapping[str, float]
    provisional: tuple[str, ...]
    notices: tuple[str, ...]
    provenance: Provenance

    def summary(self) -> dict[str, Any]:
        """Return the outcome in plain data."""
        return {"name": self.case.name, "ending": "FULL", "sentence": "The well is full."}


def rehearse(case: WellCase, settings: Settings) -> dict[str, Any]:
    """Return what would be done."""
    del settings
    return {"depth": case.site.depth}


def run(
    case: WellCase,
    *,
    settings: Settings | None = None,
    seed: int = 0,
    out: Path | None = None,
    resume: bool = False,
    **others: object,
) -> WellRun:
    """Fill the well."""
    del others
    began = time.perf_counter()
    settings = settings or Settings.preset("draft")
    facts = Provenance(
        version=trephine.__version__,
        python=provenance.python(),
        platform=provenance.machine(),
        libraries=provenance.libraries(),
        stages={"fill": 1},
        case_digest=case.digest,
        settings_digest=settings.digest,
        catalogue_digest="c" * 16,
        beliefs_digest="b" * 16,
        anatomy_digest="",
        seed=seed,
    )
    folder = None
    if out is not None:
        opening = RunFolder.resume if resume else RunFolder.create
        folder = opening(out, case=case, settings=settings, seed=seed, provenance=facts)
        if folder.is_finished:
            return load_any(out)  # type: ignore[return-value]
    level = np.linspace(0.0, case.site.depth, 5)
    finished = WellRun(case, settings, level, {}, (), ("It is only a well.",), facts)
    if folder is not None:
        folder.finish(finished, time.perf_counter() - began)
    return finished


def write(run: WellRun, folder: Path) -> Path:
    """Write the report of a well."""
    table = sheet.Table(
        "Levels", ("Visit", "Level"), tuple((str(n), f"{v}") for n, v in enumerate(run.level))
    )
    chapter = sheet.Chapter("fill", "How it filled <fast>", ("By itself.",), tables=(table,))
    tiles = [sheet.Tile("Depth", "3 m")]
    return sheet.write(
        run, folder, lead="The well is full.", is_good=True, tiles=tiles, chapters=[chapter]
    )


def facts(run: WellRun) -> list[tuple[str, str]]:
    """Return the outcome, label and value."""
    return [("Level", f"{run.level[-1]:g} m")]


def visits(run: WellRun) -> tuple[list[str], list[list[str]]]:
    """Return the course as a table."""
    return [">Visit", ">Level"], [[str(n), f"{v:g}"] for n, v in enumerate(run.level)]
