"""What in a plan's injections cannot be done, before anything is: the stages' refusals together."""

from __future__ import annotations

import numpy as np

from trephine.case.anatomy import Anatomy
from trephine.case.case import Case
from trephine.case.course_case import CourseCase
from trephine.case.harvesting import FatHarvest
from trephine.case.patient import Patient
from trephine.case.plan import Injection
from trephine.core.errors import InputError, Problem
from trephine.models.aspiration import AspirationParameters, Donor, drawn
from trephine.models.injection import InjectionParameters
from trephine.models.lipoaspiration import lipoaspirated
from trephine.models.processing import Processed, ProcessParameters, processed
from trephine.stages import deliver, harvest, process


def problems(
    case: CourseCase,
    p: AspirationParameters,
    of_processing: ProcessParameters,
    of_delivery: InjectionParameters,
) -> list[Problem]:
    """Return what the catalogue does not know, and products that middle luck cannot make.

    Parameters
    ----------
    case
        Its plan's injections.
    p, of_processing, of_delivery
        The numbers of the stages, one value each.
    """
    found: list[Problem] = []
    for number, step in enumerate(case.plan.steps):
        if not isinstance(step, Injection):
            continue
        here = f"plan.steps.{number}"
        own = harvest.problems(step.harvest, p, f"{here}.harvest", case.patient.sex)
        own += process.problems(step.process, of_processing, f"{here}.process")
        own += deliver.problems(step.deliver, of_delivery, f"{here}.deliver")
        if not own:
            made = with_middle_luck(case.patient, step, p, of_processing)
            own = process.impossible(made, f"{here}.process")
        found += own
    return found


def with_middle_luck(
    patient: Patient, step: Injection, p: AspirationParameters, of_processing: ProcessParameters
) -> Processed:
    """Return the product of a mean donor, median positions and a median run."""
    if isinstance(step.harvest, FatHarvest):
        pool = lipoaspirated(step.harvest, p.fat, 0.0)
    else:
        depots = np.zeros((len(step.harvest.draws), 1))
        pool = drawn(patient, step.harvest, p, Donor.mean(), depots).pool
    return processed(pool, step.process, patient.age, of_processing, 0.0)


def refuse_beside_the_bone(case: Case, anatomy: Anatomy) -> None:
    """Raise InputError where a gap holds no voxel, or portions miss the bone."""
    wrong = [] if anatomy.gap.any() else [Problem("site.gap", deliver.NO_GAP)]
    for number, step in enumerate(case.plan.steps):
        if isinstance(step, Injection):
            wrong += deliver.misses(step.deliver, anatomy, f"plan.steps.{number}.deliver")
    if wrong:
        raise InputError(f"{case.name} cannot be computed as it stands", wrong)
