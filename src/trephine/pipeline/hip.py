"""The order of the stages for an osteonecrotic hip."""

from __future__ import annotations

import time
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, cast

import trephine
from trephine.case.decompression import CoreDecompression
from trephine.case.harvesting import FatHarvest
from trephine.case.head_anatomy import HeadAnatomy
from trephine.case.hip import HipCase
from trephine.case.hip_course import HipCourse
from trephine.case.hip_run import HipRun
from trephine.case.plan import Injection
from trephine.case.run import Treatment
from trephine.case.settings import Settings
from trephine.catalogue.load import catalogue
from trephine.core import provenance
from trephine.core.errors import InputError, Problem
from trephine.core.progress import Watch
from trephine.core.provenance import Provenance
from trephine.core.rng import Streams
from trephine.intake.head import head_anatomy
from trephine.models.beliefs import Beliefs
from trephine.models.drilling import room
from trephine.models.hip_luck import HipLuck
from trephine.models.necrosis_draws import reading_of
from trephine.models.necrosis_parameters import NecrosisParameters
from trephine.pipeline.preparing import prepared
from trephine.stages import deliver, harvest, hip, injections, process
from trephine.store.runs import RunFolder, load_any

STAGES = (harvest, process, deliver, hip)
FITTED = (
    "The laws of front and damage come from one public program that nobody has reviewed; how near "
    "to breaking sound bone is was fitted to collapse of untreated hips by type."
)
NO_SCORES = "No arm gives pain or hip scores of such heads in numbers, so none are told."
VOXEL = "2 mm"
"""Edge of a voxel unless settings are given."""


def check(case: HipCase, beliefs: Beliefs, settings: Settings) -> None:
    """Refuse a case that cannot be computed, before anything is.

    Raises
    ------
    InputError
        With each thing that the catalogue does not know, each product that middle luck cannot
        make, what has no effect that is known in a head, and a voxel that is too coarse.
    """
    problems = []
    for number, step in enumerate(case.plan.steps):
        if not isinstance(step, Injection):
            continue
        here = f"plan.steps.{number}"
        own = harvest.problems(step.harvest, beliefs.harvest, f"{here}.harvest", case.patient.sex)
        own += process.problems(step.process, beliefs.process, f"{here}.process")
        own += deliver.problems(step.deliver, beliefs.deliver, f"{here}.deliver")
        if isinstance(step.harvest, FatHarvest):
            text = "no arm of any study treats a femoral head with fat; write marrow"
            own.append(Problem(f"{here}.harvest.tissue", text))
        if not own:
            made = injections.with_middle_luck(case.patient, step, beliefs.harvest, beliefs.process)
            own = process.impossible(made, f"{here}.process")
        problems += own
    if problems:
        raise InputError(f"{case.name} cannot be computed as it stands", problems)
    if settings.model != "callus":
        raise InputError(f"{case.name}: model '{settings.model}' knows no femoral head")


def run(
    case: HipCase,
    *,
    beliefs: Beliefs | None = None,
    settings: Settings | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    watch: Watch | None = None,
) -> HipRun:
    """Return one whole course of an osteonecrotic hip; see :func:`trephine.pipeline.run`.

    Seed 0 is the person in the middle; any other seed is one virtual patient. Beliefs that are
    a draw bring a draw of the numbers of the head that were fitted together
    (:mod:`trephine.models.necrosis_draws`).

    Raises
    ------
    InputError
        If the case cannot be computed as it stands, or ``out`` cannot be used.
    SolverError
        If the load on the head cannot be solved.
    """
    began = time.perf_counter()
    listener = watch or Watch()
    beliefs = beliefs or Beliefs.printed()
    settings = settings or Settings.model_validate({"voxel": VOXEL})
    check(case, beliefs, settings)
    listener.progress("site", 0, 1)
    reading = reading_of(beliefs)
    p = reading.fill(NecrosisParameters)
    streams = Streams(seed)
    person = HipLuck.draw(streams.named("hip")) if seed else HipLuck()
    anatomy = head_anatomy(case.site, settings.voxel, p=p, extent=person.extent)
    facts = _provenance(case, settings, beliefs, anatomy, seed)
    folder = None
    if out is not None:
        opening = RunFolder.resume if resume else RunFolder.create
        folder = opening(Path(out), case=case, settings=settings, seed=seed, provenance=facts)
        if folder.is_finished:
            return cast("HipRun", load_any(Path(out)))
    treatments, failed, course = treat(
        case, beliefs, settings, anatomy, p, person, streams, listener
    )
    numbers = {**reading.used, **(_of_cells(beliefs) if treatments else {})}
    finished = HipRun(
        case=case,
        settings=settings,
        anatomy=anatomy,
        treatments=treatments,
        course=course,
        person=MappingProxyType(
            {field.name: getattr(person, field.name) for field in fields(person)}
        ),
        provenance=facts,
        used=MappingProxyType(numbers),
        provisional=tuple(sorted(set(numbers) & catalogue().provisional)),
        notices=_notices(case, treatments, failed, seed),
    )
    if folder is not None:
        folder.finish(finished, time.perf_counter() - began)
    return finished


def rehearse(case: HipCase, settings: Settings) -> dict[str, Any]:
    """Check what can be checked without computing, and return what would be done.

    Raises
    ------
    InputError
        If the case cannot be computed.
    """
    check(case, Beliefs.printed(), settings)
    anatomy = head_anatomy(case.site, settings.voxel)
    return {
        "voxel": settings.as_written()["voxel"],
        "grid": " x ".join(map(str, anatomy.grid.shape)),
        "model": "necrosis",
        "lesion_mL": round(anatomy.lesion_volume * 1e6, 1),
        "visits": case.plan.follow_up.visits,
        "injections": len(case.plan.injections),
    }


class Treated(NamedTuple):
    """The injections of a plan, why one could not be made or nothing, and what the head did."""

    treatments: tuple[Treatment, ...]
    failed: str
    course: HipCourse


def treat(
    case: HipCase,
    beliefs: Beliefs,
    settings: Settings,
    anatomy: HeadAnatomy,
    p: NecrosisParameters,
    person: HipLuck,
    streams: Streams,
    listener: Watch,
    *,
    with_fields: bool = True,
) -> Treated:
    """Return what becomes of the head of one person under the plan, from needle to last visit.

    Parameters
    ----------
    case, settings
        What is asked.
    beliefs, p
        Numbers of the cells, and of the necrosis.
    anatomy
        The head of this person on its grid.
    person
        What tells this person from others.
    streams
        Luck of harvest, processing and delivery.
    listener
        Hears the progress.
    with_fields
        Whether to keep the fields of each visit.

    Raises
    ------
    SolverError
        If the load on the head cannot be solved.
    """
    treatments, failed = _inject(case, beliefs, settings, anatomy, p, streams, listener)
    course = hip.hip_course(
        site=case.site,
        anatomy=anatomy,
        weight=case.patient.mass * beliefs.heal.fixation.gravity,
        plan=case.plan,
        grafts=[t.graft for t in treatments],
        p=p,
        luck=person,
        watch=listener,
        with_fields=with_fields,
    )
    return Treated(treatments, failed, course)


def _inject(
    case: HipCase,
    beliefs: Beliefs,
    settings: Settings,
    anatomy: HeadAnatomy,
    p: NecrosisParameters,
    streams: Streams,
    listener: Watch,
) -> tuple[tuple[Treatment, ...], str]:
    """Return every injection of the plan, carried out up to the lesion, and what failed.

    A product goes down the track that was drilled last on or before its day; without one, its
    needle makes no room in the bone. Where this person's luck lets a product fail that middle
    luck makes, the rest of the plan goes on without it and what would follow it: the person
    counts as treated so. The reason is told in a sentence, empty where nothing failed.
    """
    done: list[Treatment] = []
    try:
        for made in prepared(case, beliefs, streams, listener):
            graft = deliver.deliver(
                concentrate=made.concentrate,
                anatomy=room(anatomy, _track(case, made.step.day), p.accessible),
                plan=made.step.deliver,
                day=made.step.day,
                held=made.step.waiting,
                p=beliefs.deliver,
                s=settings,
                rng=made.luck.named("placement"),
            )
            done.append(Treatment(made.aspirate, made.concentrate, graft))
    except InputError as error:
        return tuple(done), str(error)
    return tuple(done), ""


def _track(case: HipCase, day: float) -> CoreDecompression | None:
    drilled = [step for step in case.plan.decompressions if step.day <= day + 1.0]
    return drilled[-1] if drilled else None


def _of_cells(beliefs: Beliefs) -> dict[str, float]:
    """Return the numbers of harvest, processing and delivery."""
    kinds = ("aspiration", "injection", "retention", "devices", "separation", "culture", "assay")
    return {key: value for key, value in beliefs.used.items() if key.split(".")[0] in kinds}


def _provenance(
    case: HipCase, settings: Settings, beliefs: Beliefs, anatomy: HeadAnatomy, seed: int
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


def _notices(
    case: HipCase, treatments: tuple[Treatment, ...], failed: str, seed: int
) -> tuple[str, ...]:
    """Return what a reader of the report must be told."""
    who = (
        "This is the person in the middle; people with the same case differ."
        if seed == 0
        else "This is one virtual patient; people with the same case differ."
    )
    said = [
        f"{who} A single course is no chance of collapse.",
        FITTED,
        NO_SCORES,
        "Hips that are replaced: the share of one trial in stage III, held constant over time.",
    ]
    if failed:
        said.append(
            f"A product could not be made from this person's marrow ({failed}); the course goes on "
            "without it."
        )
    if treatments:
        said.append(
            "That progenitors speed repair of a head, and how much, is a hypothesis whose size "
            "was fitted to 18 hips; the true effect may be none."
        )
    if case.site.scan is not None:
        said.append("The lesion was painted on a CT of a head without one: it is virtual.")
    if any(t.concentrate.cultured for t in treatments):
        said.append("Each cultured cell counts as a functional progenitor: an assumption.")
    made = [product for t in treatments for product in (t.concentrate, t.graft)]
    said.extend(dict.fromkeys(notice for product in made for notice in product.notices))
    return tuple(said)
