"""Heal: from grafts, load and biology to tissue over time; deterministic."""

from __future__ import annotations

from collections.abc import Sequence

from trephine.case.anatomy import Anatomy
from trephine.case.course import HealingCourse
from trephine.case.graft import Graft
from trephine.case.patient import Patient
from trephine.case.plan import Plan
from trephine.case.settings import Settings
from trephine.case.site import Site
from trephine.core.progress import Watch
from trephine.models.callus import CALLUS
from trephine.models.healing import HealParameters
from trephine.models.injury import InjuryParameters
from trephine.models.model import HealingModel
from trephine.models.surgery import Operated
from trephine.numerics.device import on
from trephine.stages.heal.course import Course

VERSION = 4


def heal(
    *,
    patient: Patient,
    site: Site,
    anatomy: Anatomy,
    grafts: Sequence[Graft],
    plan: Plan,
    p: HealParameters,
    s: Settings,
    watch: Watch,
    model: HealingModel = CALLUS,
    injury: InjuryParameters | None = None,
    operated: Sequence[Operated] = (),
) -> HealingCourse:
    """Return what the tissue does from day 0 to the last visit.

    The biology marches from day to day under the strain of the days before; injections, loads
    and visits fall on their own days. The displacement is solved again when the moduli have
    changed enough. The course is a pure function of its arguments; ``watch`` is told and may
    hand back the state of an interrupted attempt.

    Parameters
    ----------
    patient, site, plan
        Body mass; implant and biology; loading and visits.
    anatomy
        The site on the grid.
    grafts
        The injections as they settle.
    p, s
        Parameters and numerics.
    watch
        Listener; see :class:`trephine.core.progress.Watch`.
    model
        The healing model; ``CALLUS.without("a term")`` for an ablation.
    injury
        What a fresh fracture or an operation brings and rouses; needed where there is one.
    operated
        The operations of the plan with the site after each, in the order of their days.

    Raises
    ------
    InputError
        If the settings ask for a device that is not there.
    SolverError
        If a step, a field in balance or the displacement does not reach its tolerance.
    """
    with on(s.device):
        course = Course(
            patient, site, anatomy, tuple(grafts), plan, p, s, model, injury, tuple(operated)
        )
        return course.run(watch)
