"""From the patient to the syringe: what every kind of site that is injected shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from trephine.case.aspirate import Aspirate
from trephine.case.concentrate import Concentrate
from trephine.case.course_case import CourseCase
from trephine.case.plan import Injection
from trephine.core.progress import Watch
from trephine.core.rng import Streams
from trephine.models.aspiration import Donor, draw_donor
from trephine.models.beliefs import Beliefs
from trephine.stages import harvest, process


@dataclass(frozen=True)
class Prepared:
    """What lies in the syringe for one injection of the plan, and its luck."""

    step: Injection
    aspirate: Aspirate
    concentrate: Concentrate
    luck: Streams


def prepared(
    case: CourseCase, beliefs: Beliefs, streams: Streams, listener: Watch
) -> Iterator[Prepared]:
    """Yield what each injection of the plan brings, in the order of their days.

    The donor's luck is drawn once: it is the same patient at every harvest. The luck of an
    injection is named by its day and method, so it stays when another injection is left out.

    Parameters
    ----------
    case
        A case of any kind of site.
    beliefs
        Parameters of harvest and processing.
    streams
        The luck of the run.
    listener
        Hears the progress.
    """
    donor: Donor = draw_donor(beliefs.harvest, streams.named("donor"))
    steps = case.plan.injections
    met: Counter[tuple[str, str]] = Counter()
    for number, step in enumerate(steps):
        listener.progress("dose", number, len(steps))
        which = (f"day {step.day / 86400:g}", step.process.method)
        luck = streams.within(*which, met[which])
        met[which] += 1
        aspirate = harvest.harvest(
            patient=case.patient,
            plan=step.harvest,
            p=beliefs.harvest,
            donor=donor,
            rng=luck.named("needle"),
            clot=float(luck.named("clot").standard_normal()),
        )
        concentrate = process.process(
            aspirate=aspirate,
            plan=step.process,
            p=beliefs.process,
            rng=luck.named("device"),
        )
        yield Prepared(step, aspirate, concentrate, luck)
