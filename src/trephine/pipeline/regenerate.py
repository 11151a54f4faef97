"""The order of the stages for a bone that is lengthened."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import numpy as np

import trephine
from trephine.case.course import HealingCourse
from trephine.case.distraction import Distraction
from trephine.case.document import validate
from trephine.case.graft import Graft
from trephine.case.plan import Plan
from trephine.case.regenerate import RegenerateCase
from trephine.case.regenerate_run import Consolidation, Pull, RegenerateRun
from trephine.case.run import Treatment
from trephine.case.settings import Settings
from trephine.case.site import Biology
from trephine.catalogue.load import catalogue
from trephine.core import digest, provenance
from trephine.core.errors import InputError
from trephine.core.progress import Watch
from trephine.core.provenance import Provenance
from trephine.core.rng import Streams
from trephine.intake.regenerate import domain as domain_of
from trephine.models import fixation
from trephine.models.beliefs import Beliefs
from trephine.models.callus import CALLUS
from trephine.models.distraction_force import DistractionForceParameters, force_course
from trephine.models.library import numbers_of
from trephine.models.reading import Reading
from trephine.models.regenerate import Domain, RegenerateParameters
from trephine.numerics.device import require
from trephine.pipeline.lengthening_notices import notices
from trephine.pipeline.preparing import prepared
from trephine.stages import consolidate, deliver, harvest, heal, injections, process
from trephine.stages.heal.lengthening import lengthen
from trephine.store.runs import RunFolder, load_any

STAGES = (harvest, process, deliver, heal, consolidate)
DAY = 86400.0


def check(case: RegenerateCase, beliefs: Beliefs, settings: Settings) -> None:
    """Refuse a case that cannot be computed, before anything is.

    Raises
    ------
    InputError
        With the place of what the catalogue does not know or nothing is known to bear; if the
        settings ask for another healing model or for a device that is not there.
    """
    if settings.model != CALLUS.name:
        raise InputError(
            f"{case.name}: a regenerate is computed with the healing model 'callus' alone"
        )
    require(settings.device)
    problems = fixation.problems(case.site.fixation, case.plan, beliefs.heal.fixation)
    problems += injections.problems(case, beliefs.harvest, beliefs.process, beliefs.deliver)
    if problems:
        raise InputError(f"{case.name} cannot be computed as it stands", problems)


def rehearse(case: RegenerateCase, settings: Settings) -> dict[str, Any]:
    """Check what can be checked without computing, and return what would be done."""
    check(case, Beliefs.printed(), settings)
    domain = _domain(case, settings, _numbers())
    step = case.distraction
    return {
        "voxel": settings.as_written()["voxel"],
        "grid": " x ".join(map(str, domain.whole.grid.shape)),
        "model": settings.model,
        "visits": case.plan.follow_up.visits,
        "injections": len(case.plan.injections),
        "distraction": f"day {step.day / DAY:g} to {step.end / DAY:g}",
    }


def run(
    case: RegenerateCase,
    *,
    beliefs: Beliefs | None = None,
    settings: Settings | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    watch: Watch | None = None,
) -> RegenerateRun:
    """Return one whole lengthening or transport; see :func:`trephine.pipeline.run`."""
    began = time.perf_counter()
    listener = watch or Watch()
    beliefs = beliefs or Beliefs.printed()
    settings = settings or Settings.preset("draft")
    check(case, beliefs, settings)
    numbers = _numbers()
    listener.progress("site", 0, 1)
    domain = _domain(case, settings, numbers)
    facts = _provenance(case, settings, beliefs, domain, seed)
    folder = None
    if out is not None:
        opening = RunFolder.resume if resume else RunFolder.create
        folder = opening(Path(out), case=case, settings=settings, seed=seed, provenance=facts)
        if folder.is_finished:
            return cast("RegenerateRun", load_any(Path(out)))
    streams = Streams(seed)
    treatments = _treat(case, beliefs, settings, domain, streams, listener)
    keeper = listener if folder is None else folder.watch(domain.whole.grid, listener)
    course_of = partial(_healed, case=case, domain=domain, beliefs=beliefs, settings=settings)
    course, seen = course_of(
        plan=case.plan,
        biology=case.site.biology,
        distraction=case.distraction,
        grafts=tuple(t.graft for t in treatments),
        watch=keeper,
        rng=streams.named("film"),
    )
    docking = None
    remaining = _after(case.plan, case.distraction.end) if case.distraction.docks else None
    if remaining is not None:
        _, docking = course_of(
            plan=remaining,
            biology=case.site.docking,
            distraction=None,
            grafts=(),
            watch=_Quiet(listener),
            rng=streams.named("docking film"),
        )
    held = {**numbers_of(CALLUS, beliefs.used), **_reading().used}
    used = {key: value for key, value in held.items() if key.split(".")[0] != "surgery"}
    unread = set(catalogue().provisional)
    finished = RegenerateRun(
        case=case,
        settings=settings,
        anatomy=domain.whole,
        treatments=treatments,
        course=course,
        regenerate=seen,
        docking=docking,
        force=_force(case),
        provenance=facts,
        used=MappingProxyType(used),
        provisional=tuple(key for key in used if key in unread),
        notices=notices(case, treatments, seen, course.budgets),
    )
    if folder is not None:
        folder.finish(finished, time.perf_counter() - began)
    return finished


class _Quiet(Watch):
    """Tell the progress and keep nothing."""

    def __init__(self, listener: Watch) -> None:
        self.listener = listener

    def progress(self, stage: str, done: float, total: float, note: str = "") -> None:
        self.listener.progress(stage, done, total, note)


def _reading() -> Reading:
    reading = Reading(catalogue())
    reading.fill(RegenerateParameters)
    reading.fill(DistractionForceParameters)
    return reading


def _numbers() -> RegenerateParameters:
    return Reading(catalogue()).fill(RegenerateParameters)


def _domain(case: RegenerateCase, settings: Settings, p: RegenerateParameters) -> Domain:
    longest = case.site.osteotomy + case.distraction.length
    return domain_of(case.site, longest, settings, p)


def _treat(
    case: RegenerateCase,
    beliefs: Beliefs,
    settings: Settings,
    domain: Domain,
    streams: Streams,
    listener: Watch,
) -> tuple[Treatment, ...]:
    """Carry out every injection of the plan into the regenerate as long as it is that day."""
    done = []
    for one in prepared(case, beliefs, streams, listener):
        count, _ = domain.slices(case.site.osteotomy + case.distraction.gained(one.step.day))
        graft = deliver.deliver(
            concentrate=one.concentrate,
            anatomy=domain.at(count),
            plan=one.step.deliver,
            day=one.step.day,
            held=one.step.waiting,
            p=beliefs.deliver,
            s=settings,
            rng=one.luck.named("placement"),
        )
        done.append(Treatment(one.aspirate, one.concentrate, graft))
    return tuple(done)


def _healed(
    *,
    case: RegenerateCase,
    plan: Plan,
    biology: Biology,
    domain: Domain,
    distraction: Distraction | None,
    grafts: tuple[Graft, ...],
    beliefs: Beliefs,
    settings: Settings,
    watch: Watch,
    rng: np.random.Generator,
) -> tuple[HealingCourse, Consolidation]:
    """Return what the tissue between two bone ends did, and what the visits showed of it."""
    done = lengthen(
        patient=case.patient,
        fixation=case.site.fixation,
        biology=biology,
        domain=domain,
        osteotomy=case.site.osteotomy,
        distraction=distraction,
        grafts=grafts,
        plan=plan,
        p=beliefs.heal,
        injury=beliefs.injury,
        s=settings,
        watch=watch,
    )
    watch.progress("follow", 0, 1)
    seen = consolidate.consolidate(
        course=done.course,
        domain=domain,
        slices=done.slices,
        share=done.share,
        length=done.length,
        side=case.site.side,
        p=beliefs.follow,
        rng=rng,
    )
    return done.course, seen


def _after(plan: Plan, day: float) -> Plan | None:
    """Return loads and drugs of a plan as seen from a day on, or None where no visit is left."""
    every = plan.follow_up.interval
    visits = int((plan.follow_up.duration - day) / every + 1e-6)
    if visits < 1:
        return None
    last = visits * every
    steps: list[dict[str, Any]] = []
    loads = [step for step in plan.loadings if step.day - day <= last]
    for number, step in enumerate(loads):
        gone_by = number + 1 < len(loads) and loads[number + 1].day <= day
        if not gone_by:
            starts = f"{max(step.day - day, 0.0) / DAY!r} d"
            steps.append({**step.as_written(), "day": starts})
    follow_up = {
        "duration": f"{last / DAY!r} d",
        "interval": plan.follow_up.as_written()["interval"],
    }
    return validate(Plan, {"steps": steps, "follow_up": follow_up}, "the plan from the docking on")


def _force(case: RegenerateCase) -> Pull:
    """Return the force of the distraction by the published law."""
    step = case.distraction
    each = step.rate * DAY / step.rhythm
    law = Reading(catalogue()).fill(DistractionForceParameters)
    found = force_course(step.length, step.rhythm, each, law)
    return Pull(step.day / DAY + found.day, found.peak, found.residual)


def _provenance(
    case: RegenerateCase, settings: Settings, beliefs: Beliefs, domain: Domain, seed: int
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
        beliefs_digest=digest.of_document([beliefs.digest, _reading().used]),
        anatomy_digest=domain.whole.digest,
        seed=seed,
    )
