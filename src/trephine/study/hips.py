"""Owns many virtual patients of one osteonecrotic hip: the chance that it breaks or collapses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from trephine.case.hip import HipCase
from trephine.case.settings import Settings
from trephine.core.progress import Watch
from trephine.core.rng import Streams
from trephine.core.shares import jeffreys
from trephine.core.types import Series, frozen_array
from trephine.intake.head import head_anatomy
from trephine.models.beliefs import Beliefs
from trephine.models.hip_luck import HipLuck
from trephine.models.necrosis_draws import numbers_of
from trephine.models.necrosis_parameters import NecrosisParameters
from trephine.pipeline.hip import check, treat
from trephine.stages.hip import hip_course

DAY = 86400.0
VOXEL = "3.5 mm"
"""Edge of a voxel for many patients: a course of five years takes one to two seconds."""


class Followed(NamedTuple):
    """What became of one virtual patient; see :class:`HipChances`."""

    fracture_day: float
    collapse_day: float
    lesion_before: float
    lesion_after: float
    necrotic_angle: float
    error: str


@dataclass(frozen=True)
class HipChances:
    """What became of virtual patients with the same case.

    Parameters
    ----------
    fracture_day, collapse_day
        When stages IIIA and IIIB began, infinite where they did not, (patient,) [d].
    lesion_before, lesion_after
        Dead bone at day 0 and at the last visit, (patient,) [m^3].
    necrotic_angle
        Angle of the lesion in the mid-coronal section, (patient,) [rad].
    errors
        Why a product of the plan could not be made, empty where all were, (patient,). Such a
        patient went without it, and stays among the others.
    """

    fracture_day: Series
    collapse_day: Series
    lesion_before: Series
    lesion_after: Series
    necrotic_angle: Series
    errors: tuple[str, ...]

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for name in Followed._fields[:-1]:
            object.__setattr__(self, name, frozen_array(getattr(self, name)))

    def collapsed(self, years: float) -> float:
        """Return the share that collapsed within some years [-]."""
        return float((self.collapse_day <= years * 365.25).mean())

    def fractured(self, years: float) -> float:
        """Return the share that reached stage III within some years [-]."""
        return float((self.fracture_day <= years * 365.25).mean())

    def interval(self, share: float, level: float = 0.9) -> tuple[float, float]:
        """Return an interval for the chance behind a share of these patients (Jeffreys) [-].

        It tells how many patients were followed, not how right the model is.
        """
        count = self.collapse_day.size
        return jeffreys(round(share * count), count, level)


def follow_many(
    case: HipCase,
    patients: int,
    *,
    seed: int = 0,
    voxel: str = VOXEL,
    p: NecrosisParameters | None = None,
    beliefs: Beliefs | None = None,
    watch: Watch | None = None,
) -> HipChances:
    """Return what becomes of virtual patients with the same case.

    Patient by patient the luck is named by number alone, so two plans meet the same people.

    Parameters
    ----------
    case
        Head, lesion and plan.
    patients
        How many.
    seed
        The user's luck.
    voxel
        Edge of a voxel, as a person writes it.
    p, beliefs
        Numbers of the necrosis, and of the cells; unless given those of the beliefs
        (:func:`trephine.models.necrosis_draws.numbers_of`), and as printed.
    watch
        Hears the progress.

    Raises
    ------
    InputError
        If the case cannot be computed as it stands.
    SolverError
        If the load on a head cannot be solved.
    """
    listener = watch or Watch()
    beliefs = beliefs or Beliefs.printed()
    p = p or numbers_of(beliefs)
    settings = Settings.model_validate({"voxel": voxel})
    check(case, beliefs, settings)
    found: list[Followed] = []
    for number in range(patients):
        listener.progress("patients", number, patients)
        streams = Streams(seed).within("patient", number)
        person = HipLuck.draw(streams.named("hip"))
        found.append(follow(case, person, streams, settings, p, beliefs))
    first, last, before, after, angle = np.array([one[:-1] for one in found]).T
    return HipChances(first, last, before, after, angle, tuple(one.error for one in found))


def follow(
    case: HipCase,
    person: HipLuck,
    streams: Streams,
    settings: Settings,
    p: NecrosisParameters,
    beliefs: Beliefs,
) -> Followed:
    """Return what becomes of one virtual patient.

    Parameters
    ----------
    case
        Head, lesion and plan.
    person
        What tells this patient from others.
    streams
        Luck of harvest, processing and delivery.
    settings
        The voxel.
    p, beliefs
        Numbers of the necrosis, and of the cells.
    """
    anatomy = head_anatomy(case.site, settings.voxel, p=p, extent=person.extent)
    treatments, error = treat(case, beliefs, settings, anatomy, p, streams, Watch())
    course = hip_course(
        site=case.site,
        anatomy=anatomy,
        weight=case.patient.mass * beliefs.heal.fixation.gravity,
        plan=case.plan,
        grafts=[t.graft for t in treatments],
        p=p,
        luck=person,
        with_fields=False,
    )
    first, last = (
        np.inf if day is None else day for day in (course.fracture_day, course.collapse_day)
    )
    return Followed(
        first,
        last,
        float(course.lesion_volume[0]),
        float(course.lesion_volume[-1]),
        anatomy.necrotic_angle,
        error,
    )
