"""The plan: dated steps and the follow-up schedule; decisions, not facts."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from trephine.case.comparator import Comparator
from trephine.case.decompression import CoreDecompression
from trephine.case.delivery import Delivery
from trephine.case.distraction import Distraction
from trephine.case.document import Document
from trephine.case.harvesting import FatHarvest, Harvest
from trephine.case.loading import Load, Loading
from trephine.case.medication import Medication
from trephine.case.processing import (
    OF_FAT,
    Centrifuge,
    Concentrate,
    Culture,
    FragmentedFat,
    Interval,
    StromalFraction,
    Unspun,
)
from trephine.case.surgery import Autograft, ExchangeNail, RevisionPlating, Surgery
from trephine.core.units import Duration, written

FROM_POOL = (Concentrate, Centrifuge, FragmentedFat)
"""What is made of part of the harvest, and so never larger than it."""


def _tissue(harvest: Any) -> str:  # noqa: ANN401
    """Return which tissue a harvest draws, marrow unless it says otherwise."""
    told = harvest.get("tissue") if isinstance(harvest, dict) else getattr(harvest, "tissue", "")
    return told if isinstance(told, str) and told else "marrow"


class Injection(Document):
    """One injection with its harvest, processing and delivery."""

    kind: Literal["injection"]
    day: Duration
    harvest: Annotated[
        Annotated[Harvest, Tag("marrow")] | Annotated[FatHarvest, Tag("fat")],
        Discriminator(
            _tissue,
            custom_error_type="tissue_unknown",
            custom_error_message="is unknown; write marrow or fat",
        ),
    ]
    process: Annotated[
        Unspun | Concentrate | Centrifuge | Culture | StromalFraction | FragmentedFat,
        Field(discriminator="method"),
    ]
    deliver: Delivery

    @model_validator(mode="after")
    def _the_harvest_serves_the_process(self) -> Self:
        if isinstance(self.process, OF_FAT) == isinstance(self.harvest, FatHarvest):
            return self
        drawn = self.harvest.tissue
        raise ValueError(f"{self.process.method} is not made of {drawn}; change process or harvest")

    @model_validator(mode="after")
    def _volumes_and_days_follow(self) -> Self:
        if isinstance(self.process, Culture) and self.deliver.carrier == "clot":
            raise ValueError(
                "cells suspended in medium do not clot; write deliver.carrier = 'none', "
                "'demineralised_bone', 'allograft' or 'ceramic'"
            )
        pool = self.harvest.volume + self.harvest.anticoagulant
        product = pool if isinstance(self.process, Unspun) else self.process.product_volume
        if isinstance(self.process, FROM_POOL) and product > pool:
            agent = self.harvest.anticoagulant
            held = (
                f"the pool: {self.harvest.volume * 1e6:.3g} mL drawn and {agent * 1e6:.3g} mL of "
                "anticoagulant"
                if agent
                else f"was drawn ({pool * 1e6:.3g} mL)"
            )
            raise ValueError(f"process.product_volume ({product * 1e6:.3g} mL) is more than {held}")
        if self.deliver.volume > product * (1 + 1e-9):
            raise ValueError(
                f"deliver.volume ({self.deliver.volume * 1e6:.3g} mL) is more than the product "
                f"({product * 1e6:.3g} mL)"
            )
        latest = self.day - self.preparing
        if self.harvest_day > latest + 1e-6:
            raise ValueError(
                f"harvest.day must be at or before day {latest / 86400:.3g} "
                "to leave time for the processing"
            )
        return self

    @property
    def preparing(self) -> float:
        """Days that the processing takes: those of the culture [s]."""
        return self.process.duration if isinstance(self.process, Culture) else 0.0

    @property
    def harvest_day(self) -> float:
        """Day of the harvest relative to day 0; may be negative [s]."""
        return self.day - self.preparing if self.harvest.day is None else self.harvest.day

    @property
    def waiting(self) -> float:
        """Time the product waits between its preparation and the injection [s]."""
        return max(self.day - self.preparing - self.harvest_day, 0.0)


Step = Annotated[
    Injection
    | Loading
    | Medication
    | CoreDecompression
    | Distraction
    | ExchangeNail
    | RevisionPlating
    | Autograft
    | Comparator,
    Field(discriminator="kind"),
]


class FollowUp(Document):
    """When the patient is seen.

    Parameters
    ----------
    duration
        Length of the course [s].
    interval
        Time between visits [s].
    """

    duration: Interval = written("26 wk")
    interval: Interval = written("1 wk")

    @model_validator(mode="after")
    def _visits_fit(self) -> Self:
        visits = self.duration / self.interval
        if visits < 1 or abs(visits - round(visits)) > 1e-6:
            raise ValueError("duration must be a whole number of intervals, at least one")
        if visits > 520:
            raise ValueError("at most 520 visits; lengthen interval or shorten duration")
        return self

    @property
    def visits(self) -> int:
        """Number of visits after day 0."""
        return round(self.duration / self.interval)


class Plan(Document):
    """Dated steps and a follow-up schedule."""

    steps: list[Step] = Field(default_factory=list)
    follow_up: FollowUp = Field(default_factory=FollowUp)

    @model_validator(mode="after")
    def _steps_lie_within(self) -> Self:
        late = [
            f"steps.{number} is on day {step.day / 86400:g}, after the last visit "
            f"on day {self.follow_up.duration / 86400:g}"
            for number, step in enumerate(self.steps)
            if step.day > self.follow_up.duration
        ]
        if late:
            raise ValueError(*late)
        return self

    @property
    def injections(self) -> list[Injection]:
        """The injections in the order of their days."""
        return sorted(
            (step for step in self.steps if isinstance(step, Injection)), key=lambda s: s.day
        )

    @property
    def loadings(self) -> list[Loading]:
        """The loading steps in the order of their days."""
        return sorted(
            (step for step in self.steps if isinstance(step, Loading)), key=lambda s: s.day
        )

    @property
    def medications(self) -> list[Medication]:
        """The drugs in the order of their days."""
        return sorted(
            (step for step in self.steps if isinstance(step, Medication)), key=lambda s: s.day
        )

    @property
    def decompressions(self) -> list[CoreDecompression]:
        """The core decompressions in the order of their days."""
        return sorted(
            (step for step in self.steps if isinstance(step, CoreDecompression)),
            key=lambda s: s.day,
        )

    @property
    def surgeries(self) -> list[Surgery]:
        """The operations on a bone that does not heal, in the order of their days."""
        return sorted(
            (step for step in self.steps if isinstance(step, Surgery)), key=lambda s: s.day
        )

    def load(self, time: float) -> Load:
        """Return the peak load of a step of walking at a time [s]; none before the first step."""
        now = Load()
        for loading in self.loadings:
            if loading.day <= time:
                now = loading.load
        return now

    def body_weights(self, time: float) -> float:
        """Return the peak axial force at a time [s] as a multiple of body weight [-]."""
        return self.load(time).body_weights
