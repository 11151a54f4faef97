"""The order of the stages for a painful joint, disc or tendon."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import trephine
from trephine.case.concentrate import Concentrate
from trephine.case.plan import Injection
from trephine.case.processing import Culture
from trephine.case.settings import Settings
from trephine.case.symptom import PAIN_SCORES, SymptomCase
from trephine.case.symptom_course import SymptomCourse
from trephine.case.symptom_run import SymptomRun
from trephine.catalogue.load import catalogue
from trephine.catalogue.symptom_posterior import symptom_posterior
from trephine.core import provenance
from trephine.core.errors import InputError
from trephine.core.progress import Watch
from trephine.core.provenance import Provenance
from trephine.core.rng import Streams
from trephine.models.beliefs import Beliefs
from trephine.models.chondral_defect import ChondralParameters
from trephine.models.disc_nutrition import DiscParameters
from trephine.models.reading import Reading
from trephine.models.symptoms import SymptomLaws
from trephine.pipeline.preparing import prepared
from trephine.stages import harvest, injections, process, symptom_structure, symptoms
from trephine.store.runs import RunFolder, load_any

STAGES = (harvest, process, symptoms, symptom_structure)
FITTED = (
    "Courses of pain are those of groups in published studies; of one person they tell no more "
    "than the spread between people."
)


def check(case: SymptomCase, beliefs: Beliefs) -> None:
    """Refuse a plan whose products cannot be made, before anything is computed.

    Raises
    ------
    InputError
        With the place of each thing that the catalogue does not know, and of each product that
        cannot be made with middle luck.
    """
    problems = []
    for number, step in enumerate(case.plan.steps):
        if not isinstance(step, Injection):
            continue
        here = f"plan.steps.{number}"
        own = harvest.problems(step.harvest, beliefs.harvest, f"{here}.harvest", case.patient.sex)
        own += process.problems(step.process, beliefs.process, f"{here}.process")
        if not own:
            made = injections.with_middle_luck(case.patient, step, beliefs.harvest, beliefs.process)
            own = process.impossible(made, f"{here}.process")
        problems += own
    if problems:
        raise InputError(f"{case.name} cannot be computed as it stands", problems)


def run(
    case: SymptomCase,
    *,
    beliefs: Beliefs | None = None,
    settings: Settings | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    watch: Watch | None = None,
) -> SymptomRun:
    """Return one course of pain; see :func:`trephine.pipeline.run`.

    Raises
    ------
    InputError
        If the case cannot be computed as it stands, or ``out`` cannot be used.
    """
    began = time.perf_counter()
    listener = watch or Watch()
    beliefs = beliefs or Beliefs.printed()
    settings = settings or Settings.preset("draft")
    check(case, beliefs)
    reading, known = Reading(catalogue()), symptom_posterior()
    laws = reading.fill(SymptomLaws)
    facts = _provenance(case, settings, beliefs, known.digest, seed)
    folder = None
    if out is not None:
        opening = RunFolder.resume if resume else RunFolder.create
        folder = opening(Path(out), case=case, settings=settings, seed=seed, provenance=facts)
        if folder.is_finished:
            return cast("SymptomRun", load_any(Path(out)))
    made = [one.concentrate for one in prepared(case, beliefs, Streams(seed), listener)]
    listener.progress("pain", 0, 1)
    course = symptoms.course_of_symptoms(case, known, laws, seed=seed, cells=_cultured(case, made))
    course = with_structure(course, case, made, reading, seed)
    used = {**reading.used, **(beliefs.used if made else {})}
    finished = SymptomRun(
        case=case,
        settings=settings,
        course=course,
        cells=tuple(float(one.product.nucleated) for one in made),
        progenitors=tuple(float(one.product.progenitors) for one in made),
        posterior=known.digest,
        provenance=facts,
        used=MappingProxyType(used),
        provisional=tuple(sorted(set(used) & catalogue().provisional)),
        notices=(
            *of_ten(case),
            *course.sentences,
            *((FITTED,) if course.own or course.beside else ()),
        ),
    )
    listener.progress("pain", 1, 1)
    if folder is not None:
        folder.finish(finished, time.perf_counter() - began)
    return finished


def of_ten(case: SymptomCase) -> tuple[str, ...]:
    """Return that pain of ten or less may have been meant on a scale of ten, in a sentence."""
    pain = case.site.pain
    if PAIN_SCORES[pain.score][1] != 100 or not 0.0 < pain.value <= 10.0:
        return ()
    words = (
        f"{pain.score} is of 100 here, and the case tells {pain.value:g} of 100: if {pain.value:g} "
        f"of 10 is meant, write {10.0 * pain.value:g}."
    )
    return (words,)


def rehearse(case: SymptomCase, settings: Settings) -> dict[str, Any]:
    """Check what can be checked without computing, and return what would be done."""
    del settings
    check(case, Beliefs.printed())
    known = symptom_posterior()
    return {
        "site": case.site.place,
        "steps": [step.kind for step in case.plan.steps],
        "visits": case.plan.follow_up.visits,
        "draws": known.count,
    }


def with_structure(
    course: SymptomCourse,
    case: SymptomCase,
    made: list[Concentrate],
    reading: Reading,
    seed: int,
) -> SymptomCourse:
    """Return a course with what is told of the structure of its site.

    Parameters
    ----------
    course
        Of pain and function.
    case
        Site and plan.
    made
        Products of its injections.
    reading
        Notes the printed numbers that are used; those of a cartilage defect are drawn.
    seed
        Luck of the draws.
    """
    disc = defect = tendon = None
    if case.site.kind == "disc":
        disc = symptom_structure.feed(case, reading.fill(DiscParameters), made)
    if case.site.defect is not None:
        reading.fill(ChondralParameters)
        luck = Streams(seed).within("cartilage").named
        drawn = Reading(reading.facts, luck=luck, count=symptom_structure.DRAWS)
        own = symptom_structure.own_source(luck("own"))
        defect = symptom_structure.filling(case, drawn.fill(ChondralParameters), made, own)
    if case.site.kind == "tendon":
        tendon = symptom_structure.repair(case, seed)
    told = symptom_structure.structure_words(disc, defect, tendon)
    return replace(
        course,
        feed=disc,
        defect=defect,
        tendon=tendon,
        sentences=(*course.sentences, *told),
    )


def _cultured(case: SymptomCase, made: list[Concentrate]) -> float | None:
    """Return the cells of the first injection where the plan cultures them."""
    steps = case.plan.injections
    if not steps or not isinstance(steps[0].process, Culture):
        return None
    return float(made[0].product.progenitors)


def _provenance(
    case: SymptomCase, settings: Settings, beliefs: Beliefs, digest: str, seed: int
) -> Provenance:
    return Provenance(
        version=trephine.__version__,
        python=provenance.python(),
        platform=provenance.machine(),
        libraries=provenance.libraries(),
        stages={stage.__name__.rpartition(".")[2]: stage.VERSION for stage in STAGES},
        case_digest=case.digest,
        settings_digest=settings.digest,
        catalogue_digest=catalogue().digest,
        beliefs_digest=beliefs.digest,
        anatomy_digest=digest,
        seed=seed,
    )
