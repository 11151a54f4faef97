"""What the operations of a plan do to a shaft: the site after each, and the bone they pack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trephine.case.anatomy import Anatomy
from trephine.case.case import Case
from trephine.case.course import HealingCourse
from trephine.case.fixation import Fixation
from trephine.case.graft import Graft
from trephine.case.settings import Settings
from trephine.core.errors import Problem
from trephine.core.rng import Streams
from trephine.intake.operated import narrowed, with_implants
from trephine.models import surgery
from trephine.models.aspiration import draw_donor
from trephine.models.beliefs import Beliefs
from trephine.models.model import HealingModel
from trephine.models.surgery import Operated
from trephine.stages import operate


def refused_by(model: HealingModel, case: Case) -> list[Problem]:
    """Return the operations of a plan that a healing model without a host cannot follow."""
    if model.takes_host:
        return []
    said = f"the model {model.name} knows no operations; leave it out, or take the model callus"
    return [
        Problem(f"plan.steps.{number}", said)
        for number, step in enumerate(case.plan.steps)
        if step in case.plan.surgeries
    ]


def operations(
    case: Case, beliefs: Beliefs, settings: Settings, anatomy: Anatomy
) -> tuple[Operated, ...]:
    """Return the operations of a plan with the site after each; the grid is that of day 0."""
    done = surgery.operations(
        case.site, case.plan, beliefs.surgery, outer=2.0 * anatomy.outer_radius
    )
    holds: tuple[Fixation, ...] = (case.site.fixation,)
    found, here = [], anatomy
    for one in done:
        if one.holds != holds:
            holds = one.holds
            here = with_implants(anatomy, case.site, holds, settings)
        found.append(Operated(one, narrowed(here, one.gap)))
    return tuple(found)


def packed(
    case: Case, beliefs: Beliefs, operated: tuple[Operated, ...], seed: int
) -> tuple[Graft, ...]:
    """Return the bone that operations pack around the gap, of the donor whom the run draws."""
    return operate.operate(
        patient=case.patient,
        steps=case.plan.surgeries,
        operated=operated,
        donor=draw_donor(beliefs.harvest, Streams(seed).named("donor")),
        p=beliefs.surgery,
        injury=beliefs.injury,
        harvest=beliefs.harvest,
        deliver=beliefs.deliver,
    )


def with_chips(course: HealingCourse, chips: Sequence[Graft]) -> HealingCourse:
    """Return a course whose budgets begin with those of the bone that operations packed."""
    told = tuple(budget for graft in chips for budget in graft.budgets)
    return replace(course, budgets=(*told, *course.budgets)) if told else course
