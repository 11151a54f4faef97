"""The search: what every plan gains and asks for, harvest by harvest, so that it can go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trephine.case.brief import Brief
from trephine.case.case import Case
from trephine.case.patient import Patient
from trephine.case.plan import Injection
from trephine.case.prescription import Prescription
from trephine.core.errors import InputError
from trephine.core.progress import Watch
from trephine.models.burden import Burden, Harm, PlanningParameters, burden, harm
from trephine.models.dose_beliefs import DoseBeliefs
from trephine.models.placement import Reach
from trephine.models.timeline import TimelineParameters
from trephine.stages import process
from trephine.stages.injections import with_middle_luck
from trephine.study.choices import PRICE, Space, is_reported, passed_limits
from trephine.study.luck import Cells, Common, reaching, together

Array = NDArray[np.floating[Any]]
Key = tuple[int, int, int]
Gains = dict[int, list[float]]
"""What the plans of a harvest gain, in the order of its plans, by the number of the harvest."""


class Objective(Protocol):
    """What a plan should gain."""

    def values(self, injections: Sequence[Injection], cells: Cells, count: int) -> Array:
        """Return the gain in each sample, 0 to 1, (sample,)."""
        ...


@dataclass(frozen=True)
class ReachPrescription:
    """Gain 1 where a prescription is reached, all of it, and 0 elsewhere.

    Where the product cannot be had a run is refused, and the plan gains nothing.
    """

    prescription: Prescription

    def values(self, injections: Sequence[Injection], cells: Cells, count: int) -> Array:
        """Return 1 where the prescription is reached, (sample,)."""
        del injections
        return reaching(self.prescription, cells, count).astype(float)


@dataclass(frozen=True)
class Candidates:
    """The plans within the limits, what each asks for, and what the limits leave out.

    Parameters
    ----------
    keys
        Harvest, making and schedule of each plan within the limits.
    burdens
        What each asks for.
    excluded
        Plans that pass over each limit, by its name in a brief; a plan may pass over several.
    total
        Plans that can be made.
    refused
        Combinations whose product cannot be had from the marrow with middle luck. They are no
        plans: a run refuses them.
    """

    keys: tuple[Key, ...]
    burdens: tuple[Burden, ...]
    excluded: Mapping[str, int]
    total: int
    refused: int = 0

    def priced(self, gains: Array) -> tuple[Candidates, Array]:
        """Return the plans whose cost is known, and their gains; the others are left out.

        Raises
        ------
        InputError
            If there are none.
        """
        known = [n for n, asked in enumerate(self.burdens) if asked.cost is not None]
        if not known:
            raise InputError(
                "no plan has a known cost; price what the choices take, under [prices.kits], "
                "prices.culture and [prices.carriers]"
            )
        left = len(self.keys) - len(known)
        excluded = {**self.excluded, PRICE: self.excluded.get(PRICE, 0) + left}
        keys = tuple(self.keys[n] for n in known)
        burdens = tuple(self.burdens[n] for n in known)
        return replace(self, keys=keys, burdens=burdens, excluded=excluded), gains[known]


def within_limits(
    case: Case,
    brief: Brief,
    space: Space,
    p: DoseBeliefs,
    times: TimelineParameters,
    planning: PlanningParameters,
) -> Candidates:
    """Return the plans that can be made and pass over no limit."""
    harms = [harm(case.patient, each, p.harvest) for each in space.harvests]
    keys, burdens, total, refused = [], [], 0, 0
    excluded: dict[str, int] = {}
    makes: dict[tuple[int, str], bool] = {}
    for key in space.plans():
        injections = space.injections(key)
        which = (key[0], space.makings[key[1]].name)
        if which not in makes:
            makes[which] = is_made(case.patient, injections[0], p)
        if not makes[which]:
            refused += 1
            continue
        total += 1
        asked = _asked(injections, times, [harms[key[0]]] * len(injections), brief, p)
        over = passed_limits(asked, brief.limits, case.patient.mass, planning)
        for name in over:
            excluded[name] = excluded.get(name, 0) + 1
        if not over:
            keys.append(key)
            burdens.append(asked)
    return Candidates(tuple(keys), tuple(burdens), excluded, total, refused)


def is_made(patient: Patient, injection: Injection, p: DoseBeliefs) -> bool:
    """Return whether the product of an injection can be had with middle luck, as a run checks."""
    made = with_middle_luck(patient, injection, p.harvest, p.process)
    return not process.impossible(made)


def _asked(
    injections: Sequence[Injection],
    times: TimelineParameters,
    harms: Sequence[Harm],
    brief: Brief,
    p: DoseBeliefs,
) -> Burden:
    told = is_reported(injections, p.process.separation.devices)
    return replace(burden(injections, times, harms, brief.prices), is_reported=told)


def burden_of(
    case: Case,
    brief: Brief,
    injections: Sequence[Injection],
    p: DoseBeliefs,
    times: TimelineParameters,
) -> Burden:
    """Return what one plan asks for."""
    harms: list[Harm] = [harm(case.patient, i.harvest, p.harvest) for i in injections]
    return _asked(injections, times, harms, brief, p)


def search(
    space: Space,
    candidates: Candidates,
    common: Common,
    reach: Reach,
    objective: Objective,
    *,
    known: Gains,
    keep: Callable[[Gains], None],
    tell: Callable[[Sequence[int], Gains], str],
    watch: Watch,
) -> Array:
    """Return what every candidate gains, the mean over the samples, (plan,).

    The chain is computed link by link: a harvest once for all that is made of it, a product once
    for all ways to inject it. All plans meet the same samples.

    Parameters
    ----------
    space, candidates
        The choices, and the plans among them to compute.
    common
        The samples.
    reach
        Volumes within reach of the gap [m^3].
    objective
        What is gained.
    known
        Gains from an earlier attempt, which are not computed again.
    keep
        Takes all gains known so far, now and then.
    tell
        Words on the best plan so far, given the harvests done and their gains.
    watch
        Hears the progress.
    """
    groups: dict[int, list[Key]] = {}
    for key in candidates.keys:
        groups.setdefault(key[0], []).append(key)
    gains = dict(known)
    done: list[int] = []
    note = ""
    for number, (h, keys) in enumerate(groups.items()):
        if h not in gains:
            gains[h] = _harvest(space, h, keys, common, reach, objective)
        done.append(h)
        if number % KEEP_EVERY == KEEP_EVERY - 1 or number == len(groups) - 1:
            keep(gains)
            note = tell(done, gains)
        watch.progress("plan", number + 1, len(groups), note)
    places: dict[int, int] = {}
    ordered = []
    for h, _, _ in candidates.keys:
        place = places.get(h, 0)
        ordered.append(gains[h][place])
        places[h] = place + 1
    return np.array(ordered)


KEEP_EVERY = 8
"""Harvests after which the gains are kept and the best so far is told."""


def _harvest(
    space: Space,
    h: int,
    keys: Sequence[Key],
    common: Common,
    reach: Reach,
    objective: Objective,
) -> list[float]:
    """Return what each plan made of one harvest gains."""
    turns = max(len(space.schedules[s].days) for _, _, s in keys)
    pools = [common.pool(space.harvests[h], turn) for turn in range(turns)]
    products: dict[tuple[str, int], Any] = {}
    found: list[float] = []
    cells: dict[int, list[Cells]] = {}
    for key in keys:
        m = key[1]
        making, injections = space.makings[m], space.injections(key)
        if m not in cells:
            cells = {m: []}  # the makings come one after another
        for turn in range(len(cells[m]), len(injections)):
            which = (making.name, turn)
            if which not in products:
                products[which] = common.product(pools[turn], making.process, turn)
            here = common.cells(injections[turn], pools[turn], products[which], reach)
            cells[m].append(here)
        whole = together(cells[m][: len(injections)])
        found.append(float(objective.values(injections, whole, common.count).mean()))
    return found
