"""The days of a bone that is lengthened: a course on a domain that grows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from trephine.case.anatomy import Anatomy
from trephine.case.course import HealingCourse
from trephine.case.distraction import Distraction
from trephine.case.fixation import Fixation
from trephine.case.graft import Graft
from trephine.case.patient import Patient
from trephine.case.plan import Plan
from trephine.case.settings import Settings
from trephine.case.site import Biology
from trephine.core.progress import Watch
from trephine.core.types import Series
from trephine.models.callus import CALLUS
from trephine.models.healing import HealParameters
from trephine.models.injury import InjuryParameters
from trephine.models.model import Elastic, Fast
from trephine.models.regenerate import (
    Domain,
    inserted,
    stretched,
)
from trephine.models.stiffness import Voxels
from trephine.models.surgery import Operated
from trephine.models.tissue import Box
from trephine.numerics import foresight
from trephine.stages.heal.course import DAY, Course, numbers_of_model
from trephine.stages.heal.host import Host
from trephine.stages.heal.mechanics import Mechanics
from trephine.stages.heal.moment import Moment
from trephine.stages.heal.operating import broken

LEAST = 1e-9
"""Length that counts as none [m]."""


@dataclass(frozen=True)
class Lengthened:
    """What a lengthened bone did, and how long its regenerate was at each visit.

    Parameters
    ----------
    course
        Fields and series on the grid of the domain.
    slices
        Slices of the regenerate at each visit, (time,).
    share
        Share of a voxel that the middle slice then takes up, (time,) [-].
    length
        Distance between the bone ends at each visit, (time,) [m].
    """

    course: HealingCourse
    slices: Series
    share: Series
    length: Series


def lengthen(
    *,
    patient: Patient,
    fixation: Fixation,
    biology: Biology,
    domain: Domain,
    osteotomy: float,
    distraction: Distraction | None,
    grafts: tuple[Graft, ...],
    plan: Plan,
    p: HealParameters,
    injury: InjuryParameters,
    s: Settings,
    watch: Watch,
) -> Lengthened:
    """Return what the tissue between two bone ends does while they are drawn apart, and after.

    Parameters
    ----------
    patient, fixation, biology
        Body mass and host; what holds the bone; what lives where it was cut.
    domain
        The site at every length.
    osteotomy
        Distance between the bone ends on day 0 [m].
    distraction
        How they are drawn apart; None where they stay.
    grafts
        The injections as they settle.
    plan
        Loads, drugs and visits.
    p, injury, s
        Parameters and numerics.
    watch
        Listener; see :class:`trephine.core.progress.Watch`.

    Raises
    ------
    SolverError
        If a step, a field in balance or the displacement does not reach its tolerance.
    """
    course = Lengthening(
        patient=patient,
        fixation=fixation,
        biology=biology,
        domain=domain,
        osteotomy=osteotomy,
        distraction=distraction,
        grafts=grafts,
        plan=plan,
        p=p,
        injury=injury,
        s=s,
    )
    done = course.run(watch)
    lengths = np.array([course.length(day) for day in done.day])
    found = [course.domain.slices(length) for length in lengths]
    return Lengthened(
        course=done,
        slices=np.array([count for count, _ in found], dtype=np.float64),
        share=np.array([share for _, share in found]),
        length=lengths,
    )


class Lengthening(Course):
    """A course whose bone ends move apart between two days."""

    def __init__(
        self,
        *,
        patient: Patient,
        fixation: Fixation,
        biology: Biology,
        domain: Domain,
        osteotomy: float,
        distraction: Distraction | None,
        grafts: tuple[Graft, ...],
        plan: Plan,
        p: HealParameters,
        injury: InjuryParameters,
        s: Settings,
    ) -> None:
        self.plan, self.s, self.grafts, self.model = plan, s, grafts, CALLUS
        self.domain, self.anatomy = domain, domain.whole
        self.osteotomy, self.distraction = osteotomy, distraction
        self.patient, self.fixation, self.biology, self.heal = patient, fixation, biology, p
        self.operated: tuple[Operated, ...] = ()
        self.p = numbers_of_model(p, CALLUS)
        x, y, z = domain.whole.grid.shape
        self.box: Box = (slice(0, x), slice(0, y), slice(0, z))
        self.debris = biology.debris
        self.visits = [k * plan.follow_up.interval / DAY for k in range(plan.follow_up.visits + 1)]
        self.stops = self._stops()
        self.count, self.share = domain.slices(self.length(0.0))
        self._place()
        self.host = Host(patient, plan, p, self.p, CALLUS, self.tissue, injury)
        self.start = CALLUS.begin(self.site, biology, self.host.at_rest())
        if biology.clot:
            potency, clot = self.host.potency(), self.host.of_injury()
            self.start = broken(self.start, self.site, biology, potency, clot)
        self.open_at_start = np.asarray(self.tissue.open)

    def length(self, day: float) -> float:
        """Return the distance between the bone ends on a day [d], in [m]."""
        gained = 0.0 if self.distraction is None else self.distraction.gained(day * DAY)
        return self.osteotomy + gained

    def _roused(self, day: float) -> list[float]:
        """Return the days up to one on which living surfaces were roused last.

        The cut rouses them, and each day of the distraction does so again.
        """
        days = [0.0] if self.biology.clot else []
        step = self.distraction
        if step is not None and day * DAY >= step.day:
            days.append(min(day, step.end / DAY))
        return days

    def _place(self) -> None:
        """Take up the geometry of the length that the course is at."""
        self.site: Anatomy = self.domain.at(self.count)
        self.tissue = self.domain.tissue(self.count, self.share, self.biology)
        healing, room = np.asarray(self.site.healing), np.asarray(self.site.open)
        self.shown_share = np.where(room > 0, healing / np.where(room > 0, room, 1.0), 0.0)
        self.moved_bone = np.zeros_like(healing)
        self.mechanics = ThinSlice(
            self.patient, self.fixation, self.site, self.plan, self.heal, self.p, self.s,
            self.model, self.box,
        )  # fmt: skip
        self.mechanics.middle, self.mechanics.share = self.domain.middle(self.count), self.share

    def _march(self, now: Moment, day: float) -> None:
        """Take up where an earlier attempt stopped, draw apart, and advance the biology."""
        self.host.injuries = self._roused(now.day)
        self._take_up(now)
        self._grow(now, self.length(day))
        super()._march(now, day)

    def _take_up(self, now: Moment) -> None:
        """Take up the length of a moment, which an earlier attempt may have left."""
        at = self.domain.slices(self.length(now.day))
        if at != (self.count, self.share):
            self.count, self.share = at
            self._place()
            self.host.open = np.asarray(self.tissue.open)

    def _finished(self, now: Moment, fields: Mapping[str, np.ndarray[Any, Any]]) -> HealingCourse:
        """Return the course; an earlier attempt may have made even its last visit."""
        self._take_up(now)
        return super()._finished(now, fields)

    def _grow(self, now: Moment, length: float) -> None:
        """Draw the bone ends apart to a length [m], slice by slice."""
        count, share = self.domain.slices(length)
        if (count, share) == (self.count, self.share):
            return
        while self.count < count:
            if self.share < 1.0:
                self._stretch(now, 1.0)
            self._insert(now)
        self._stretch(now, share)
        self._place()
        self.host.open = np.asarray(self.tissue.open)
        fields = dict(now.fast.fields)
        now.fast = Fast(fields, now.fast.residual, foresight.forgotten(fields))

    def _stretch(self, now: Moment, share: float) -> None:
        """Stretch the zone in the middle until its middle slice takes up a share of a voxel."""
        if share - self.share < LEAST:
            return
        zone = self.domain.zone(self.count)
        healing = np.asarray(self.domain.at(self.count).healing)
        at = self.domain.middle(self.count)
        before, after = healing.copy(), healing.copy()
        before[..., at] *= self.share
        after[..., at] *= share
        heights = np.ones(zone[1] - zone[0]), np.ones(zone[1] - zone[0])
        heights[0][at - zone[0]], heights[1][at - zone[0]] = self.share, share
        now.state = stretched(now.state, zone, before, after, heights)
        self.share = share

    def _insert(self, now: Moment) -> None:
        """Put an empty slice into the middle of everything that lies on the grid."""
        self.count += 1
        self.share = 0.0
        at = self.domain.middle(self.count)

        def grown(values: Any) -> Any:  # noqa: ANN401  (an array of any library)
            array = inserted(values, at)
            near = array[..., at - 1] if at > self.domain.first else array[..., at + 1]
            array[..., at] = near
            return jnp.asarray(array)

        now.state = {name: jnp.asarray(inserted(u, at)) for name, u in now.state.items()}
        now.fast = now.fast._replace(fields={n: grown(u) for n, u in now.fast.fields.items()})
        now.strain = type(now.strain)(*(grown(u) for u in now.strain))
        now.unit_strain = tuple(grown(u) for u in now.unit_strain)
        now.solved_modulus = grown(now.solved_modulus)
        now.unit_displacement = grown(now.unit_displacement)

    def _amount(self, field: str, now: Moment | None) -> float:
        """Return how much of a field there is, or was on day 0 [1e6 cells or mL]."""
        share = self.open_at_start if now is None else np.asarray(self.tissue.open)
        state = self.start if now is None else now.state
        volume = share * float(self.tissue.spacing) ** 3 * 1e-3
        return float(np.sum(np.asarray(state[field]) * volume))


class ThinSlice(Mechanics):
    """Mechanics of a site whose middle slice is thinner than its voxels."""

    middle: int = 0
    share: float = 1.0

    def _resisting(self, tissue: Elastic) -> Voxels:
        r"""Return what the voxels resist.

        A slice of height :math:`\sigma h` resists as a voxel of modulus :math:`E/\sigma` does,
        and its tissue is strained :math:`1/\sigma` times as much as that voxel.
        """
        found = super()._resisting(tissue)
        return found._replace(
            modulus=found.modulus.at[..., self.middle].divide(self.share),
            concentration=found.concentration.at[..., self.middle].divide(self.share),
        )
