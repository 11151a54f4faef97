"""The order of the stages for each kind of site; the only place that knows them all."""

from __future__ import annotations

from pathlib import Path
from typing import Any, overload

from trephine.case.case import Case
from trephine.case.course_case import CourseCase
from trephine.case.course_run import CourseRun
from trephine.case.kinds import kind_of, part
from trephine.case.run import Run
from trephine.case.settings import Settings
from trephine.core.progress import Watch
from trephine.models.beliefs import Beliefs
from trephine.pipeline.shaft import STAGES, at_dose, check, so_far

__all__ = ["STAGES", "Run", "at_dose", "check", "rehearse", "run", "so_far"]


@overload
def run(
    case: Case,
    *,
    beliefs: Beliefs | None = None,
    settings: Settings | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    watch: Watch | None = None,
) -> Run: ...


@overload
def run(
    case: CourseCase,
    *,
    beliefs: Beliefs | None = None,
    settings: Settings | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    watch: Watch | None = None,
) -> CourseRun: ...


def run(
    case: CourseCase,
    *,
    beliefs: Beliefs | None = None,
    settings: Settings | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    watch: Watch | None = None,
) -> CourseRun:
    """Return one whole course of treatment, from needle to X-ray, of a case of any kind of site.

    Parameters
    ----------
    case
        Patient, site and plan.
    beliefs
        Parameters; the catalogue's printed numbers unless given.
    settings
        Numerics; the ``draft`` preset unless given.
    seed
        The user's luck: donor, needle, device, placement, film noise.
    out
        Folder to keep the run in; nothing is kept unless given.
    resume
        Go on with an interrupted run in ``out``; ends with the same numbers.
    watch
        Hears the progress.

    Raises
    ------
    InputError
        If the case cannot be computed as it stands, or ``out`` cannot be used.
    SolverError
        If the engine of this kind of site does not converge.
    """
    finished: CourseRun = part(kind_of(case).course).run(
        case,
        beliefs=beliefs,
        settings=settings,
        seed=seed,
        out=out,
        resume=resume,
        watch=watch,
    )
    return finished


def rehearse(case: CourseCase, settings: Settings) -> dict[str, Any]:
    """Check what can be checked without computing, and return what would be done.

    Raises
    ------
    InputError
        If the case cannot be computed.
    """
    told: dict[str, Any] = part(kind_of(case).course).rehearse(case, settings)
    return told
