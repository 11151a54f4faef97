"""The planner: the best plans for a patient, by the chance they give and by what they ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trephine.case.case import Case
from trephine.case.harvesting import Harvest
from trephine.case.plan import Injection
from trephine.case.processing import Centrifuge, Concentrate, Culture
from trephine.catalogue.load import catalogue
from trephine.core.errors import InputError
from trephine.core.progress import Watch
from trephine.core.rng import Streams
from trephine.models.burden import Burden, PlanningParameters
from trephine.models.dose_beliefs import DoseBeliefs
from trephine.models.reading import Reading
from trephine.models.timeline import TimelineParameters
from trephine.study import front
from trephine.study.asked import SEARCHED, TARGET, Asked, Axis, Memory, by_turns
from trephine.study.choices import Space, passed_limits, space, syringe, template, tidy
from trephine.study.dose import check, laboratory, reaches
from trephine.study.dose_ladder import DoseLadder, Unite, arm, ladder
from trephine.study.luck import Common
from trephine.study.plan_case import case_of
from trephine.study.scored import Scored, scored
from trephine.study.search import (
    Candidates,
    Gains,
    Objective,
    ReachPrescription,
    burden_of,
    is_made,
    search,
    within_limits,
)

Array = NDArray[np.floating[Any]]
LARGEST_SYRINGE = 60e-6
"""Most marrow of one large draw [m^3]."""
LEAST, MOST, MINIMAL, PLANNED, LARGE = (
    "least burden that reaches 80 %",
    "best chance within the limits",
    "best chance with minimal manipulation",
    "as planned in the case",
    "one large draw",
)
"""Names of plans, in the order in which they are told."""


@dataclass(frozen=True)
class Planned:
    """What the planner found.

    Parameters
    ----------
    asked
        What it was asked for.
    named
        Plans with a name, those as planned and for contrast among them, by name.
    front
        The plans that no other beats, by rising burden, as told by fresh luck.
    cloud
        Burden and gain of every plan within the limits, by the luck of the search, (plan, 2).
    candidates
        Every plan within the limits, and what was left out.
    shown
        One plan of each way to make and inject a product that was searched.
    emulators
        How union was emulated, by arm.
    """

    asked: Asked
    named: Mapping[str, Scored]
    front: tuple[Scored, ...]
    cloud: Array
    candidates: Candidates
    shown: tuple[Sequence[Injection], ...]
    emulators: Mapping[str, DoseLadder]

    @property
    def is_reached(self) -> bool:
        """Whether a plan within the limits reaches the chance that was asked for."""
        return LEAST in self.named


def plan(asked: Asked, *, memory: Memory | None = None, watch: Watch | None = None) -> Planned:
    """Return the plans of a patient that deserve a name, and the front they lie on.

    Every plan of the choices is computed on one luck, the same for all. Those that no other
    beats, and the plans for contrast, are computed again on fresh luck, and what is told is that:
    the best of thousands on one luck owes a part of its chance to that luck.

    Parameters
    ----------
    asked
        What is asked for.
    memory
        What an earlier attempt found.
    watch
        Hears the progress.

    Raises
    ------
    InputError
        If the case or the brief cannot be computed, or no plan keeps within the limits.
    """
    memory, watch = memory or Memory.fresh(), watch or Watch()
    case, reading = asked.case, Reading(catalogue())
    times, planning = reading.fill(TimelineParameters), reading.fill(PlanningParameters)
    p = DoseBeliefs.printed()
    check(case, p)
    laboratory(p, asked.assay)
    choice = space(case, asked.choices, p, planning)
    candidates = within_limits(case, asked.choices, choice, p, times, planning)
    if not candidates.keys:
        raise InputError(_nothing_left(candidates))
    own = case.plan.injections
    contrast = _contrast(case, p)
    reach = reaches(case)[own.index(template(case))]
    emulators = _emulators(asked, choice, candidates, contrast, memory, watch)
    objective: Objective = Unite(emulators)
    if asked.aim == "dose" and asked.prescription is not None:
        objective = ReachPrescription(asked.prescription)

    shown = tuple(map(choice.injections, {key[1]: key for key in candidates.keys}.values()))
    burdens = by_turns(candidates.burdens, asked.axis)
    streams = Streams(asked.seed).within("plan")
    gains = search(
        choice,
        candidates,
        Common.of(
            case.patient,
            streams.within("search"),
            SEARCHED,
            injections=choice.most_injections,
            draws=max(len(h.draws) for h in choice.harvests),
            assay=asked.assay,
        ),
        reach,
        objective,
        known=memory.gains,
        keep=_keeping(memory),
        tell=_best_so_far(choice, candidates, burdens),
        watch=watch,
    )
    if asked.axis == "cost":
        candidates, gains = candidates.priced(gains)
        burdens = by_turns(candidates.burdens, asked.axis)
    chosen = front.front(gains, burdens)
    longest = max(choice.most_injections, len(own))
    again = Common.of(
        case.patient, streams.within("again"), asked.count, injections=longest, assay=asked.assay
    )

    def told(injections: Sequence[Injection], asks: Burden, searched: float | None) -> Scored:
        here = reaches(case) if tuple(injections) == tuple(own) else [reach] * len(injections)
        over = passed_limits(asks, asked.brief.limits, case.patient.mass, planning)
        found = scored(injections, again, here, objective, asked.prescription, streams)
        emulator = emulators.get(arm(injections))
        return replace(found, burden=asks, searched=searched, over=tuple(over)).united(emulator)

    line: list[Scored] = []
    for number, index in enumerate(chosen):
        watch.progress("again", number, len(chosen))
        key = candidates.keys[index]
        line.append(told(choice.injections(key), candidates.burdens[index], float(gains[index])))
    named = _named(line, asked.axis)
    minimal = np.flatnonzero([each.is_minimal for each in candidates.burdens])
    if minimal.size and not named[MOST].burden.is_minimal:
        at = int(minimal[front.best(gains[minimal], [b[minimal] for b in burdens])])
        key = candidates.keys[at]
        named[MINIMAL] = told(choice.injections(key), candidates.burdens[at], float(gains[at]))
    for title, injections in contrast.items():
        asks = burden_of(case, asked.brief, injections, p, times)
        named[title] = told(injections, asks, None)
    named = {title: one.against(named[PLANNED]) for title, one in named.items()}
    cloud = np.stack([burdens[0], gains], axis=1)
    on_front = tuple(_beaten_left_out(line, asked.axis))
    return Planned(asked, named, on_front, cloud, candidates, shown, emulators)


def _contrast(case: Case, p: DoseBeliefs) -> dict[str, tuple[Injection, ...]]:
    """Return the plans for contrast, without a large draw where its product cannot be had."""
    found: dict[str, tuple[Injection, ...]] = {PLANNED: tuple(case.plan.injections)}
    at_once = large_draw(template(case))
    if is_made(case.patient, at_once, p):
        found[LARGE] = (at_once,)
    return found


def _named(line: Sequence[Scored], by: Axis) -> dict[str, Scored]:
    """Return the plans on the front that deserve a name.

    The one of least burden is the first along the front that reaches its chance on fresh luck,
    whatever the luck of the search said. The one of the best chance is that of the search, so
    that what is told of it owes nothing to having been chosen; of those that fresh luck does not
    tell from it the one of the least burden is taken.
    """
    named: dict[str, Scored] = {}
    for one in line:
        if one.gain >= TARGET:
            named[LEAST] = one
            break
    gains = np.array([one.searched for one in line])
    top = line[front.best(gains, by_turns([one.burden for one in line], by))]
    named[MOST] = next(one for one in line if one.is_as_good_as(top))
    return named


def _beaten_left_out(line: Sequence[Scored], by: Axis) -> list[Scored]:
    """Return the plans of the front that still are on it by fresh luck."""
    gains = np.array([one.gain for one in line])
    return [line[n] for n in front.front(gains, by_turns([one.burden for one in line], by))]


def large_draw(own: Injection) -> Injection:
    """Return an injection with its marrow drawn at once, up to the largest syringe.

    What is spun or left as drawn is made in proportion, so that it can be had as before.
    """
    harvest = own.harvest
    if not isinstance(harvest, Harvest):
        return own
    volume = min(harvest.volume, LARGEST_SYRINGE)
    share = volume / harvest.volume
    made, given = own.process, own.deliver
    if isinstance(made, Concentrate | Centrifuge):
        made = made.model_copy(update={"product_volume": tidy(made.product_volume * share)})
    if not isinstance(made, Culture):
        room = getattr(made, "product_volume", (volume + harvest.anticoagulant * share))
        given = given.model_copy(update={"volume": min(given.volume, room)})
    at_once = harvest.model_copy(
        update={
            "draws": [volume],
            "track": 1,
            "punctures": None,
            "syringe": syringe(volume, harvest.syringe),
            "anticoagulant": tidy(harvest.anticoagulant * share),
        }
    )
    parts = {"harvest": at_once, "process": made, "deliver": given}
    return Injection.model_validate(
        {**own.as_written(), **{name: part.as_written() for name, part in parts.items()}}
    )


def _emulators(
    asked: Asked,
    choice: Space,
    candidates: Candidates,
    contrast: Mapping[str, Sequence[Injection]],
    memory: Memory,
    watch: Watch,
) -> dict[str, DoseLadder]:
    """Return an emulator for each arm that the search or the contrast needs."""
    if asked.aim == "dose":
        return {}
    shown = {(m, s): (h, m, s) for h, m, s in candidates.keys}
    arms: dict[str, Sequence[Injection]] = {}
    for injections in (*map(choice.injections, shown.values()), *contrast.values()):
        arms.setdefault(arm(injections), injections)
    return {
        name: ladder(
            case_of(asked.case, "ladder", injections),
            seed=asked.seed,
            known=memory.ladders.setdefault(name, {}),
            keep=memory.keep,
            watch=watch,
        )
        for name, injections in arms.items()
    }


def _keeping(memory: Memory) -> Callable[[Gains], None]:
    def keep(gains: Gains) -> None:
        memory.gains.update(gains)
        memory.keep()

    return keep


def _best_so_far(
    choice: Space, candidates: Candidates, burdens: Sequence[Array]
) -> Callable[[Sequence[int], Gains], str]:
    """Return what tells the plan of least burden so far, or the one of the best chance."""
    of_harvest: dict[int, list[int]] = {}
    for number, key in enumerate(candidates.keys):
        of_harvest.setdefault(key[0], []).append(number)

    def tell(done: Sequence[int], gains: Gains) -> str:
        numbers = np.array([n for h in done for n in of_harvest[h]])
        found = np.array([g for h in done for g in gains[h]])
        known = [b[numbers] for b in burdens]
        at = front.least(found, known, TARGET)
        index = front.best(found, known) if at is None else at
        key = candidates.keys[numbers[index]]
        return f"best so far {found[index]:.0%}: {in_words(choice.injections(key))}"

    return tell


def in_words(injections: Sequence[Injection]) -> str:
    """Return a plan in a few words, for example ``"12 x 5 mL, buffy coat to 10 mL"``."""
    first = injections[0]
    drawn, made = first.harvest, first.process
    text = f"{drawn.volume * 1e6:g} mL of fat"
    if isinstance(drawn, Harvest):
        sizes = list(dict.fromkeys(f"{v * 1e6:.3g}" for v in drawn.draws))
        text = f"{len(drawn.draws)} x {' or '.join(sizes)} mL"
    device = getattr(made, "device", made.method).replace("_", " ")
    text += ", as drawn" if made.method == "none" else f", {device}"
    text += f" to {first.deliver.volume * 1e6:.3g} mL"
    return text if len(injections) == 1 else f"{text}, {len(injections)} injections"


def _nothing_left(candidates: Candidates) -> str:
    if not candidates.total:
        return (
            f"none of {candidates.refused:,} plans can be made: with middle luck no product can be "
            "had from its marrow; widen the choices, of products above all"
        )
    most = sorted(candidates.excluded.items(), key=lambda item: -item[1])
    said = ", ".join(f"{name} leaves out {number:,}" for name, number in most)
    return (
        f"none of {candidates.total:,} plans keeps within the limits ({said}); "
        "loosen a limit or widen the choices"
    )
