"""The planner: the best plans for a patient, by the chance they give and by what they ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import trephine
from trephine.case.brief import Brief
from trephine.case.case import Case
from trephine.case.harvesting import Harvest
from trephine.case.plan import Injection
from trephine.case.prescription import REFERENCE, Prescription
from trephine.catalogue.load import catalogue
from trephine.core import digest
from trephine.core.errors import InputError
from trephine.core.progress import Watch
from trephine.core.rng import Streams
from trephine.models.burden import Burden, PlanningParameters
from trephine.models.dose_beliefs import DoseBeliefs
from trephine.models.reading import Reading
from trephine.models.timeline import TimelineParameters
from trephine.study import front
from trephine.study.choices import Space, passed_limits, space, syringe, template
from trephine.study.dose import check, laboratory, reaches
from trephine.study.emulator import Emulator, Unite, arm, ladder
from trephine.study.luck import Common
from trephine.study.scored import Scored, scored
from trephine.study.search import (
    Candidates,
    Gains,
    Objective,
    ReachPrescription,
    burden_of,
    search,
    within_limits,
)

Array = NDArray[np.floating[Any]]
Aim = Literal["dose", "union"]
Axis = Literal["minutes", "marrow", "punctures", "risk", "cost"]

SEARCHED = 512
"""Samples of the search; all plans meet the same."""
TARGET = 0.8
"""Chance that the plan of least burden is asked to reach."""
LARGEST_SYRINGE = 60e-6
"""Most marrow of one large draw [m^3]."""
LEAST, MOST, PLANNED, LARGE = (
    "least burden that reaches 80 %",
    "best chance within the limits",
    "as planned in the case",
    "one large draw",
)
"""Names of plans."""


def axis(burden: Burden, name: Axis) -> float:
    """Return a burden on one axis: minutes, mL, punctures, g/L of haemoglobin, or cost."""
    return {
        "minutes": burden.theatre / 60.0,
        "marrow": burden.marrow * 1e6,
        "punctures": float(burden.punctures),
        "risk": burden.haemoglobin_fall,
        "cost": burden.cost or 0.0,
    }[name]


def by_turns(burdens: Sequence[Burden], first: Axis) -> list[Array]:
    """Return the burdens that decide, the chosen axis first; the others break ties in turn."""
    order: list[Axis] = ["minutes", "marrow", "punctures", "risk", "cost"]
    order.remove(first)
    return [np.array([axis(each, name) for each in burdens]) for name in (first, *order)]


@dataclass(frozen=True)
class Asked:
    """What a planner is asked for.

    Parameters
    ----------
    case
        Patient, site and plan.
    brief
        Limits, prices and choices.
    prescription
        What the dose should reach; None only where union is the aim.
    aim
        Chance of reaching the prescription, or of union.
    axis
        Which burden is laid against the chance.
    count, seed
        Samples for the chances that are told, and the user's seed.
    """

    case: Case
    brief: Brief
    prescription: Prescription | None
    aim: Aim = "dose"
    axis: Axis = "minutes"
    count: int = 4096
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what does not go together."""
        if self.aim == "dose" and self.prescription is None:
            raise InputError(
                "nothing is prescribed; give --prescription, or [prescription] in the brief"
            )
        if self.axis == "cost" and self.brief.prices is None:
            raise InputError("no cost is known; give [prices] in the brief, or another --burden")
        if self.brief.limits.cost is not None and self.brief.prices is None:
            raise InputError("limits.cost needs [prices] in the brief")
        if not 100 <= self.count <= 1_000_000:
            raise InputError(f"{self.count} draws cannot be made; ask for 100 to 1,000,000")

    @property
    def assay(self) -> str:
        """Laboratory in whose colonies progenitors are told."""
        return REFERENCE if self.prescription is None else self.prescription.assay

    @property
    def choices(self) -> Brief:
        """The brief with what the aim holds fixed unless it is asked for.

        The healing engine is climbed anew for each carrier and schedule, so that by themselves
        the case's own are taken.
        """
        if self.aim == "dose":
            return self.brief
        given, own = self.brief.choices, template(self.case)
        changes = {
            "injections": given.injections or [1],
            "carriers": given.carriers or [own.deliver.carrier],
        }
        return self.brief.model_copy(update={"choices": given.model_copy(update=changes)})

    @property
    def digest(self) -> str:
        """Content name of all that the search depends on; the axis is none of it."""
        return digest.of_document(
            {
                "case": self.case.as_written(),
                "brief": self.brief.as_written(),
                "prescription": self.prescription and self.prescription.as_written(),
                "aim": self.aim,
                "count": self.count,
                "seed": self.seed,
                "searched": SEARCHED,
                "catalogue": catalogue().digest,
                "version": trephine.__version__,
            }
        )


@dataclass
class Memory:
    """What a search has found so far; kept on disk it lets a killed one go on.

    Parameters
    ----------
    gains
        What the plans of each harvest gain.
    ladders
        Healing runs by the name of their arm and by dose.
    keep
        Writes all of it down.
    """

    gains: Gains
    ladders: dict[str, dict[str, dict[str, Any]]]
    keep: Callable[[], None]

    @classmethod
    def fresh(cls) -> Memory:
        """Return a memory of nothing that is kept nowhere."""
        return cls({}, {}, lambda: None)


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
    emulators
        How union was emulated, by arm.
    """

    asked: Asked
    named: Mapping[str, Scored]
    front: tuple[Scored, ...]
    cloud: Array
    candidates: Candidates
    emulators: Mapping[str, Emulator]

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
    contrast = {PLANNED: tuple(own), LARGE: (large_draw(template(case)),)}
    reach = reaches(case)[own.index(template(case))]
    emulators = _emulators(asked, choice, candidates, contrast, memory, watch)
    objective: Objective = Unite(emulators)
    if asked.aim == "dose" and asked.prescription is not None:
        objective = ReachPrescription(asked.prescription)

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
    for title, injections in contrast.items():
        asks = burden_of(case, asked.brief, injections, p, times)
        named[title] = told(injections, asks, None)
    named = {title: one.against(named[PLANNED]) for title, one in named.items()}
    cloud = np.stack([burdens[0], gains], axis=1)
    return Planned(asked, named, tuple(_beaten_left_out(line, asked.axis)), cloud, candidates,
                   emulators)  # fmt: skip


def _named(line: Sequence[Scored], by: Axis) -> dict[str, Scored]:
    """Return the plans on the front that deserve a name.

    The one of least burden is sought along the front by the luck of the search, and must reach
    its chance on fresh luck too. The one of the best chance is that of the search, so that what
    is told of it owes nothing to having been chosen.
    """
    named: dict[str, Scored] = {}
    for one in line:
        if (one.searched or 0.0) >= TARGET and one.gain >= TARGET:
            named[LEAST] = one
            break
    gains = np.array([one.searched for one in line])
    named[MOST] = line[front.best(gains, by_turns([one.burden for one in line], by))]
    return named


def _beaten_left_out(line: Sequence[Scored], by: Axis) -> list[Scored]:
    """Return the plans of the front that still are on it by fresh luck."""
    gains = np.array([one.gain for one in line])
    return [line[n] for n in front.front(gains, by_turns([one.burden for one in line], by))]


def large_draw(own: Injection) -> Injection:
    """Return an injection with its marrow drawn at once, up to the largest syringe."""
    harvest = own.harvest
    if not isinstance(harvest, Harvest):
        return own
    volume = min(harvest.volume, LARGEST_SYRINGE)
    at_once = harvest.model_copy(
        update={
            "draws": [volume],
            "track": 1,
            "punctures": 1,
            "syringe": syringe(volume, harvest.syringe),
            "anticoagulant": harvest.anticoagulant * volume / harvest.volume,
        }
    )
    return Injection.model_validate({**own.as_written(), "harvest": at_once.as_written()})


def case_of(case: Case, title: str, injections: Sequence[Injection]) -> Case:
    """Return the case with the injections of a plan in place of its own, checked again."""
    others = [step for step in case.plan.steps if not isinstance(step, Injection)]
    changed = case.with_plan(
        steps=[*(s.as_written() for s in others), *(i.as_written() for i in injections)]
    )
    name = f"{case.name[: 117 - len(title)]}: {title}"
    return changed.changed({"name": name})


def _emulators(
    asked: Asked,
    choice: Space,
    candidates: Candidates,
    contrast: Mapping[str, Sequence[Injection]],
    memory: Memory,
    watch: Watch,
) -> dict[str, Emulator]:
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
    most = sorted(candidates.excluded.items(), key=lambda item: -item[1])
    said = ", ".join(f"{name} leaves out {number:,}" for name, number in most)
    return (
        f"none of {candidates.total:,} plans keeps within the limits ({said}); "
        "loosen a limit or widen the choices"
    )
