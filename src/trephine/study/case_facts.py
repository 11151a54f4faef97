"""What is true of a case, in the words by which rules of aftercare and candidacy ask for it."""

from __future__ import annotations

from trephine.case.comparator import Needled, Operation
from trephine.case.course_case import CourseCase
from trephine.case.decompression import CoreDecompression
from trephine.case.harvesting import Harvest
from trephine.case.surgery import Autograft, ExchangeNail, RevisionPlating
from trephine.models.plan_harms import procedure_days, words_of_site

BONE = frozenset({"shaft", "femoral_head", "regenerate"})
SOFT = frozenset({"joint", "disc", "tendon", "bursa"})
"""Kinds of site whose treatment is judged by pain and function."""


def operation_days(case: CourseCase) -> tuple[float, ...]:
    """Return the days on which somebody operates, in order [s]; a bone is cut on day 0."""
    operations = (Operation, CoreDecompression, ExchangeNail, RevisionPlating, Autograft)
    days = {step.day for step in case.plan.steps if isinstance(step, operations)}
    return tuple(sorted(days | ({0.0} if case.site.kind == "regenerate" else set())))


def facts(case: CourseCase) -> frozenset[str]:
    """Return the facts that hold of a case of any kind of site.

    What the patient's document does not state is not among them, and neither is its opposite.

    Parameters
    ----------
    case
        A case of any kind of site.
    """
    plan, patient = case.plan, case.patient
    found = words_of_site(case) | {step.kind for step in plan.steps}
    found |= {"bone_site"} if case.site.kind in BONE else set()
    found |= {"soft_site"} if case.site.kind in SOFT else set()
    harvests = [i.harvest for i in plan.injections if isinstance(i.harvest, Harvest)]
    found |= {"marrow_harvest"} if harvests else set()
    found |= {"iliac_harvest"} if any("iliac" in h.bone for h in harvests) else set()
    found |= {"cells"} if plan.injections else set()
    needled = any(isinstance(step, Needled) for step in plan.steps)
    found |= {"injected"} if plan.injections or needled else set()
    operated = bool(operation_days(case))
    found |= {"operated"} if operated else set()
    found |= {"treated"} if operated or found & {"injected"} else set()
    grafts = [step for step in plan.surgeries if isinstance(step, Autograft)]
    found |= {"bone_taken"} if grafts else set()
    is_fresh = found & {"shaft"} and getattr(case.site, "diagnosis", "") == "fracture"
    found |= {"fresh"} if is_fresh else set()
    found |= {"repeated"} if len(procedure_days(plan)) > 1 else set()
    found |= {f"{drug.drug}_planned" for drug in plan.medications}
    for name in ("smoker", "diabetes", "anticoagulated"):
        found |= {name} if getattr(patient, name) else set()
    return frozenset(found)
