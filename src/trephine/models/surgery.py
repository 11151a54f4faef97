"""What operations leave: what holds the bone, how far apart its ends are, what lives and bleeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trephine.case.anatomy import Anatomy
from trephine.case.fixation import Fixation
from trephine.case.plan import Plan
from trephine.case.site import Biology, Site
from trephine.case.surgery import OPENS, Autograft, ExchangeNail, RevisionPlating
from trephine.core.errors import Problem
from trephine.core.units import Fraction, Length, Unit, Volume

SECOND = 1.0


@dataclass(frozen=True)
class SurgeryParameters:
    """Sizes of what operations do.

    Parameters
    ----------
    stripped
        Share of the living periosteum beside the gap that an open approach takes [-].
    reamed
        Share of the living marrow and endosteum that reaming takes [-].
    debris
        Debris that an operation leaves, as a share of that of a severe fracture [-].
    over_reaming
        How much wider than its nail a canal is reamed [m].
    reamings
        Volume of ground bone and marrow that reaming brings [m^3].
    lodged
        Share of it that comes to lie in reach of the gap [-].
    settling
        How far around the gap it lies [m].
    graft_alive
        Share of the cells of a bone graft that survive its transfer [-].
    """

    SECTION: ClassVar[str] = "surgery"

    stripped: Fraction
    reamed: Fraction
    debris: Fraction
    over_reaming: Length
    reamings: Volume
    lodged: Fraction
    settling: Length
    graft_alive: Annotated[float, Unit("1", "1", gt=0, le=1)]


@dataclass(frozen=True)
class Operation:
    """What one operation leaves behind.

    Parameters
    ----------
    day
        Its day [s].
    holds
        Implants that hold the bone from this day on.
    gap
        Distance between the bone ends from this day on [m].
    opened
        Share of the tissue in the gap that gives way to fresh clot [-].
    periosteum, marrow
        Share of what lived beside the gap that still does [-].
    debris
        Fresh debris, as a share of that of a severe fracture [-].
    """

    day: float
    holds: tuple[Fixation, ...]
    gap: float
    opened: float
    periosteum: float
    marrow: float
    debris: float

    def leaves(self, biology: Biology) -> Biology:
        """Return what lives at the site afterwards: ends bleed as far as they were opened."""
        ends = biology.living_ends + self.opened * (1.0 - biology.living_ends)
        return biology.model_copy(
            update={
                "living_ends": ends,
                "periosteum": biology.periosteum * self.periosteum,
                "marrow": biology.marrow * self.marrow,
            }
        )


class Operated(NamedTuple):
    """An operation, and the site on the grid after it; the grid is that of day 0."""

    operation: Operation
    anatomy: Anatomy


def operations(site: Site, plan: Plan, p: SurgeryParameters, outer: float) -> tuple[Operation, ...]:
    """Return what the operations of a plan leave behind, in the order of their days.

    Two that open the bone on one day are one approach: the second strips and injures no more.

    Parameters
    ----------
    site
        Implant and gap of day 0.
    plan
        Its operations.
    p
        Sizes.
    outer
        Diameter of the bone [m].
    """
    found: list[Operation] = []
    opened_on: list[float] = []
    holds: tuple[Fixation, ...] = (site.fixation,)
    gap = site.gap.width
    for step in plan.surgeries:
        is_again = any(abs(step.day - day) < SECOND for day in opened_on)
        match step:
            case ExchangeNail():
                holds = (step.fixation,)
                gap = step.gap_left or gap
                reached = min((step.nail_diameter + p.over_reaming) / outer, 1.0) ** 2
                done = Operation(step.day, holds, gap, reached, 1.0, 1.0 - p.reamed, p.debris)
            case RevisionPlating():
                holds = (*(holds if step.earlier == "stays" else ()), step.fixation)
                gap = step.gap_left or gap
                done = _opening(step, holds, gap, p, is_again=is_again)
            case Autograft():
                done = _opening(step, holds, gap, p, is_again=is_again)
        if isinstance(step, OPENS):
            opened_on.append(step.day)
        found.append(done)
    return tuple(found)


def _opening(
    step: RevisionPlating | Autograft,
    holds: tuple[Fixation, ...],
    gap: float,
    p: SurgeryParameters,
    *,
    is_again: bool,
) -> Operation:
    """Return an open operation; one in the wound of another adds no injury."""
    if is_again:
        return Operation(step.day, holds, gap, 0.0, 1.0, 1.0, 0.0)
    stripped = p.stripped if step.stripped is None else step.stripped
    return Operation(step.day, holds, gap, 1.0, 1.0 - stripped, 1.0, p.debris)


def problems(site: Site, plan: Plan, bore: float) -> list[Problem]:
    """Return what keeps the operations of a plan from being done, with the place of each.

    Parameters
    ----------
    site
        Gap, bone and implant of day 0.
    plan
        Its operations.
    bore
        Diameter of the cannulation of nails [m].
    """
    found, gap = [], site.gap.width
    places = {id(step): number for number, step in enumerate(plan.steps)}
    for step in plan.surgeries:
        here = f"plan.steps.{places[id(step)]}"
        left = getattr(step, "gap_left", None)
        if left is not None and left > gap * (1.0 + 1e-9):
            said = f"must be at most {gap * 1e3:.3g} mm: an operation here closes a gap"
            found.append(Problem(f"{here}.gap_left", said))
        gap = left or gap
        if isinstance(step, ExchangeNail):
            found += _misfits(step, site, bore, here)
    return found


def _misfits(step: ExchangeNail, site: Site, bore: float, here: str) -> list[Problem]:
    if step.nail_diameter <= bore:
        said = f"a nail with bolts must be wider than its bore of {bore * 1e3:.3g} mm"
        return [Problem(f"{here}.nail_diameter", said)]
    if site.shaft is not None and step.nail_diameter >= site.shaft.outer_diameter:
        said = f"is no less than the bone ({site.shaft.outer_diameter * 1e3:.3g} mm)"
        return [Problem(f"{here}.nail_diameter", said)]
    return []


def bone_in_gap(before: Anatomy, after: Anatomy) -> NDArray[np.float64]:
    """Return the share of the day-0 soft room of a voxel that moved bone fills, (x, y, z) [-]."""
    room = np.asarray(before.open, dtype=np.float64)
    moved = np.clip(np.asarray(after.bone) - np.asarray(before.bone), 0.0, None)
    share = np.divide(moved, room, out=np.zeros_like(room), where=room > 1e-9)
    return np.clip(share, 0.0, 1.0)
