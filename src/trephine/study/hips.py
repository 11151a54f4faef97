"""Owns many virtual patients of one osteonecrotic hip: the chance that it breaks or collapses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trephine.case.hip import HipCase
from trephine.case.settings import Settings
from trephine.core.errors import TrephineError
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

    A patient who could not be computed stays among the others, as in a trial, and counts as one
    whose head neither broke nor collapsed: with :attr:`failures` above zero a share is the least
    that it can be, and so many patients more may belong to it.

    Parameters
    ----------
    fracture_day, collapse_day
        When stages IIIA and IIIB began, infinite where they did not, or where that could not be
        computed, (patient,) [d].
    is_followed
        Whether the course could be computed, (patient,).
    lesion_before, lesion_after
        Dead bone at day 0 and at the last visit, of those who were followed, (followed,) [m^3].
    necrotic_angle
        Angle of the lesion in the mid-coronal section, of the same, (followed,) [rad].
    errors
        Why a product of the plan could not be made or the course not be computed, empty where
        all was, (patient,). Without a product a patient is followed all the same.
    """

    fracture_day: Series
    collapse_day: Series
    is_followed: NDArray[np.bool_]
    lesion_before: Series
    lesion_after: Series
    necrotic_angle: Series
    errors: tuple[str, ...]

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for field in fields(self)[:-1]:
            object.__setattr__(self, field.name, frozen_array(getattr(self, field.name)))

    @property
    def failures(self) -> int:
        """How many patients could not be computed."""
        return int((~self.is_followed).sum())

    def collapsed(self, years: float) -> float:
        """Return the share of all patients that collapsed within some years [-]."""
        return float((self.collapse_day <= years * 365.25).mean())

    def fractured(self, years: float) -> float:
        """Return the share of all patients that reached stage III within some years [-]."""
        return float((self.fracture_day <= years * 365.25).mean())

    def interval(self, share: float, level: float = 0.9) -> tuple[float, float]:
        """Return an interval for the chance behind a share of these patients (Jeffreys) [-].

        It tells how many patients there were, not how right the model is. Patients who could not
        be computed may belong to the share or not: it reaches from none of them to all.
        """
        count = self.collapse_day.size
        least = round(share * count)
        low, _ = jeffreys(least, count, level)
        _, high = jeffreys(min(least + self.failures, count), count, level)
        return low, high


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

    Patient by patient the luck is named by number alone, so two plans meet the same people. A
    patient who cannot be computed stays among them with the error.

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
    TrephineError
        If nobody can be computed: the error of the last.
    """
    listener = watch or Watch()
    beliefs = beliefs or Beliefs.printed()
    p = p or numbers_of(beliefs)
    settings = Settings.model_validate({"voxel": voxel})
    check(case, beliefs, settings)
    found: list[Followed | TrephineError] = []
    for number in range(patients):
        listener.progress("patients", number, patients)
        streams = Streams(seed).within("patient", number)
        person = HipLuck.draw(streams.named("hip"))
        try:
            found.append(follow(case, person, streams, settings, p, beliefs))
        except TrephineError as error:
            found.append(error)
    return _chances(found)


def _chances(found: Sequence[Followed | TrephineError]) -> HipChances:
    """Return what became of all patients, each followed or with the error that prevented it."""
    followed = [one for one in found if isinstance(one, Followed)]
    if not followed and isinstance(found[-1], TrephineError):
        raise found[-1]
    days = [one[:2] if isinstance(one, Followed) else (np.inf, np.inf) for one in found]
    fractured, collapsed = np.array(days).T
    before, after, angle = np.array([one[2:5] for one in followed]).T
    return HipChances(
        fracture_day=fractured,
        collapse_day=collapsed,
        is_followed=np.array([isinstance(one, Followed) for one in found]),
        lesion_before=before,
        lesion_after=after,
        necrotic_angle=angle,
        errors=tuple(one.error if isinstance(one, Followed) else one.in_one_line for one in found),
    )


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

    Raises
    ------
    SolverError
        If the load on the head cannot be solved.
    """
    anatomy = head_anatomy(case.site, settings.voxel, p=p, extent=person.extent)
    _, failed, course = treat(
        case, beliefs, settings, anatomy, p, person, streams, Watch(), with_fields=False
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
        failed,
    )
