"""The order of the stages for a shaft, freshly broken or not healing."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import trephine
from trephine.case.anatomy import Anatomy
from trephine.case.case import Case
from trephine.case.course import HealingCourse
from trephine.case.followup import FollowUp
from trephine.case.run import Run, Treatment
from trephine.case.settings import Settings
from trephine.catalogue.load import catalogue
from trephine.core import provenance
from trephine.core.errors import InputError
from trephine.core.progress import Watch
from trephine.core.provenance import Provenance
from trephine.core.rng import Streams
from trephine.intake.site import anatomy as place
from trephine.models import fixation, surgery
from trephine.models.beliefs import Beliefs
from trephine.models.burden import PlanningParameters, above_the_cap
from trephine.models.library import model_named, notices_of, numbers_of
from trephine.models.reading import Reading
from trephine.numerics.device import require
from trephine.pipeline.operating import operations, packed, refused_by, with_chips
from trephine.pipeline.preparing import prepared
from trephine.stages import deliver, follow, harvest, heal, injections, operate, process
from trephine.store.peek import course_so_far, look
from trephine.store.runs import RunFolder, load

STAGES = (harvest, process, deliver, operate, heal, follow)
INJURY = ("injury", "surgery")
"""Sections of the catalogue that a course without fracture and operation does not read."""


def check(case: Case, beliefs: Beliefs, settings: Settings) -> None:
    """Refuse a case that cannot be computed, before anything is.

    Raises
    ------
    InputError
        With the place of each name the catalogue does not know and the nearest known one, and of
        each load that nothing is known to bear, and of each product that cannot be made with
        middle luck; if a voxel is wider than the gap, with both widths; or if the settings ask
        for a device that is not there.
    """
    left = [getattr(step, "gap_left", None) for step in case.plan.surgeries]
    width = min([case.site.gap.width, *(one for one in left if one is not None)])
    if settings.voxel > width * (1 + 1e-9):
        raise InputError(
            f"{case.name}: a voxel of {settings.voxel * 1e3:.3g} mm is wider than the gap of "
            f"{width * 1e3:.3g} mm and cannot show how it heals; take a smaller voxel"
        )
    require(settings.device)
    problems = fixation.problems(case.site.fixation, case.plan, beliefs.heal.fixation)
    problems += surgery.problems(case.site, case.plan, beliefs.heal.fixation.nail.bore)
    problems += refused_by(model_named(settings.model), case)
    problems += injections.problems(case, beliefs.harvest, beliefs.process, beliefs.deliver)
    if problems:
        raise InputError(f"{case.name} cannot be computed as it stands", problems)


def run(
    case: Case,
    *,
    beliefs: Beliefs | None = None,
    settings: Settings | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    watch: Watch | None = None,
) -> Run:
    """Return one whole course of treatment of a shaft; see :func:`trephine.pipeline.run`.

    Raises
    ------
    InputError
        If the case names something unknown, a voxel is wider than the gap, or ``out`` cannot be
        used.
    SolverError
        If the healing engine does not converge.
    """
    began = time.perf_counter()
    listener = watch or Watch()
    beliefs = beliefs or Beliefs.printed()
    settings = settings or Settings.preset("draft")
    check(case, beliefs, settings)
    listener.progress("site", 0, 1)
    anatomy = place(case.site, settings)
    injections.refuse_beside_the_bone(case, anatomy)
    facts = _provenance(case, settings, beliefs, anatomy, seed)
    folder = None
    if out is not None:
        opening = RunFolder.resume if resume else RunFolder.create
        folder = opening(Path(out), case=case, settings=settings, seed=seed, provenance=facts)
        if folder.is_finished:
            return load(Path(out))
    treatments = _treat(case, beliefs, settings, anatomy, Streams(seed), listener)
    operated = operations(case, beliefs, settings, anatomy)
    keeper = listener if folder is None else folder.watch(anatomy.grid, listener)
    chips = packed(case, beliefs, operated, seed)
    course = heal.heal(
        patient=case.patient,
        site=case.site,
        anatomy=anatomy,
        grafts=[*(t.graft for t in treatments), *chips],
        plan=case.plan,
        p=beliefs.heal,
        s=settings,
        watch=keeper,
        model=model_named(settings.model),
        injury=beliefs.injury,
        operated=operated,
    )
    course = with_chips(course, chips)
    listener.progress("follow", 0, 1)
    seen = follow.follow(
        course=course,
        anatomy=anatomy,
        side=case.site.side,
        p=beliefs.follow,
        rng=Streams(seed).named("film"),
        operated=operated,
    )
    used = _used(case, beliefs, settings)
    finished = Run(
        case=case,
        settings=settings,
        anatomy=anatomy,
        treatments=treatments,
        course=course,
        follow_up=seen,
        provenance=facts,
        used=MappingProxyType(used),
        provisional=tuple(k for k in beliefs.provisional if k in used),
        notices=_notices(case, settings, treatments, course),
    )
    if folder is not None:
        folder.finish(finished, time.perf_counter() - began)
    return finished


def rehearse(case: Case, settings: Settings) -> dict[str, Any]:
    """Check what can be checked without computing, and return what would be done.

    Raises
    ------
    InputError
        If the case cannot be computed.
    """
    check(case, Beliefs.printed(), settings)
    site = place(case.site, settings)
    injections.refuse_beside_the_bone(case, site)
    return {
        "voxel": settings.as_written()["voxel"],
        "grid": " x ".join(map(str, site.grid.shape)),
        "model": settings.model,
        "visits": case.plan.follow_up.visits,
        "injections": len(case.plan.injections),
    }


def at_dose(
    case: Case,
    progenitors: float,
    *,
    beliefs: Beliefs | None = None,
    settings: Settings | None = None,
    seed: int = 0,
    watch: Watch | None = None,
) -> FollowUp:
    """Return the follow-up of a case whose injections bring a given number of progenitors in all.

    All injections are carried out; what stays of their progenitors is then scaled alike, where
    it lies, to the number asked for. Everything else they bring is left as it is.

    Parameters
    ----------
    case
        Patient, site and plan with at least one injection.
    progenitors
        Progenitors that stay after the first days, of all injections together [-].
    beliefs, settings, seed, watch
        As for :func:`run`.

    Raises
    ------
    InputError
        If the case cannot be computed, or nothing of its injections stays that could be scaled.
    SolverError
        If the healing engine does not converge.
    """
    listener = watch or Watch()
    beliefs = beliefs or Beliefs.printed()
    settings = settings or Settings.preset("draft")
    check(case, beliefs, settings)
    anatomy = place(case.site, settings)
    treatments = _treat(case, beliefs, settings, anatomy, Streams(seed), listener)
    voxel = anatomy.grid.voxel_volume
    stays = sum(float(t.graft.progenitors.sum()) for t in treatments) * voxel
    if stays <= 0:
        raise InputError(f"{case.name}: no progenitors stay at the lesion that could be scaled")
    scale = progenitors / stays
    operated = operations(case, beliefs, settings, anatomy)
    course = heal.heal(
        patient=case.patient,
        site=case.site,
        anatomy=anatomy,
        grafts=[
            *(replace(t.graft, progenitors=t.graft.progenitors * scale) for t in treatments),
            *packed(case, beliefs, operated, seed),
        ],
        plan=case.plan,
        p=beliefs.heal,
        s=settings,
        watch=listener,
        model=model_named(settings.model),
        injury=beliefs.injury,
        operated=operated,
    )
    return follow.follow(
        course=course,
        anatomy=anatomy,
        side=case.site.side,
        p=beliefs.follow,
        rng=Streams(seed).named("film"),
        operated=operated,
    )


def so_far(path: str | Path, beliefs: Beliefs | None = None) -> Run:
    """Return the run in a folder with the visits that it has made; a finished one as it is.

    Site and injections are made again from the case, films are taken of each visit, and the
    course has no budgets yet. The folder is not changed.

    Parameters
    ----------
    path
        Folder of the run, which another process may be writing.
    beliefs
        Parameters it was started with; the catalogue's printed numbers unless given.

    Raises
    ------
    InputError
        If the folder holds no run or no visit yet, or it was started with other parameters.
    """
    glimpse = look(Path(path))
    if glimpse.is_finished:
        return load(path)
    case, settings, seed = glimpse.case, glimpse.settings, glimpse.provenance.seed
    beliefs = beliefs or Beliefs.printed()
    if beliefs.digest != glimpse.provenance.beliefs_digest:
        raise InputError(f"{path} was started with other parameters than those of the catalogue")
    anatomy = place(case.site, settings)
    implant = fixation.in_si(fixation.stiffness_matrix(case.site.fixation, beliefs.heal.fixation))
    course = course_so_far(Path(path), anatomy.grid, implant)
    treatments = _treat(case, beliefs, settings, anatomy, Streams(seed), Watch())
    used = _used(case, beliefs, settings)
    weeks = f"{course.day[-1] / 7:g} of {glimpse.duration / 7:g} weeks"
    return Run(
        case=case,
        settings=settings,
        anatomy=anatomy,
        treatments=treatments,
        course=course,
        follow_up=follow.follow(
            course=course,
            anatomy=anatomy,
            side=case.site.side,
            p=beliefs.follow,
            rng=Streams(seed).named("film"),
            operated=operations(case, beliefs, settings, anatomy),
        ),
        provenance=glimpse.provenance,
        used=MappingProxyType(used),
        provisional=tuple(k for k in beliefs.provisional if k in used),
        notices=(
            f"This run has not ended: {weeks} are computed.",
            *_notices(case, settings, treatments, course),
        ),
    )


def _treat(
    case: Case,
    beliefs: Beliefs,
    settings: Settings,
    anatomy: Anatomy,
    streams: Streams,
    listener: Watch,
) -> tuple[Treatment, ...]:
    """Carry out every injection of the plan up to the lesion."""
    done = []
    for one in prepared(case, beliefs, streams, listener):
        graft = deliver.deliver(
            concentrate=one.concentrate,
            anatomy=anatomy,
            plan=one.step.deliver,
            day=one.step.day,
            held=one.step.waiting,
            p=beliefs.deliver,
            s=settings,
            rng=one.luck.named("placement"),
        )
        done.append(Treatment(one.aspirate, one.concentrate, graft))
    return tuple(done)


def _provenance(
    case: Case, settings: Settings, beliefs: Beliefs, anatomy: Anatomy, seed: int
) -> Provenance:
    return Provenance(
        version=trephine.__version__,
        python=provenance.python(),
        platform=provenance.machine(),
        libraries=provenance.libraries(),
        stages={stage.__name__.split(".")[-1]: stage.VERSION for stage in STAGES},
        case_digest=case.digest,
        settings_digest=settings.digest,
        catalogue_digest=beliefs.catalogue_digest,
        beliefs_digest=beliefs.digest,
        anatomy_digest=anatomy.digest,
        seed=seed,
    )


def _used(case: Case, beliefs: Beliefs, settings: Settings) -> dict[str, float]:
    """Return the numbers that a run holds, without those of models it does not use."""
    model = model_named(settings.model)
    used = numbers_of(model, beliefs.used)
    if model.takes_host and (case.site.biology.clot or case.plan.surgeries):
        return used
    return {key: value for key, value in used.items() if key.split(".")[0] not in INJURY}


def _notices(
    case: Case, settings: Settings, treatments: tuple[Treatment, ...], course: HealingCourse
) -> tuple[str, ...]:
    """Return what a reader of the report must be told."""
    model = model_named(settings.model)
    said = [*notices_of(model, is_injected=bool(treatments))]
    if model.takes_host:
        said.append(
            "The dose threshold of the healing model is a choice made to fit one published "
            "series; union or non-union near it is not evidence."
        )
    if case.site.gap.virtual:
        said.append("The gap is virtual: it was placed in an intact shaft.")
    if case.site.scan is not None:
        said.append(f"Anatomy: {case.site.scan.source}")
    if case.site.fixation.locking == "locked" and case.site.fixation.axial_stiffness is None:
        said.append("The stiffness of the nail was measured on an unreamed tibial nail.")
    if case.site.biology.debris or case.plan.medications or case.patient.diabetes:
        said.append(
            "What trauma, drugs and diabetes do to the rates is assumed in size; only the "
            "directions are published."
        )
    if course.movement.max() > case.site.gap.width:
        said.append(
            f"The load moves the bone ends by up to {course.movement.max() * 1e3:.2g} mm, more "
            "than the gap is wide. The model knows no contact between them."
        )
    if case.site.fixation.locking == "press_fit":
        said.append(
            "A press-fit nail is part of the voxels: where the stiffness of the tissue is told, "
            "it is that of tissue and nail, over the length of bone that is computed."
        )
    if any(t.concentrate.cultured for t in treatments):
        said.append("Each cultured cell counts as a functional progenitor: an assumption.")
    planning = Reading(catalogue()).fill(PlanningParameters)
    said += above_the_cap(case.plan.injections, case.patient.mass, planning)
    made = [p for t in treatments for p in (t.concentrate, t.graft)]
    said.extend(dict.fromkeys(notice for product in made for notice in product.notices))
    return tuple(said)
