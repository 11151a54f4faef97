"""The plan: dated steps and the follow-up schedule; decisions, not facts."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from trephine.case.document import Document, Flag
from trephine.case.loading import Load, Loading
from trephine.case.medication import Medication
from trephine.core.units import Duration, Flow, Length, Unit, Volume, VolumeOrNone, written

REPEATED = re.compile(r"^\s*(\d{1,9})\s*x\s*(.+)$")
MOST_DRAWS = 200
DRAWN = Unit("m^3", "mL", gt=0)
Gauge = Annotated[float, Unit("1", "1", ge=6, le=32)]
Reach = Annotated[float, Unit("m", "mm", gt=0, le=0.05)]
CarrierVolume = Annotated[float, Unit("m^3", "mL", ge=0, le=1e-4)]
Interval = Annotated[float, Unit("s", "wk", gt=0)]


def _spread(given: object) -> object:
    """Turn ``"12 x 5 mL"`` in a list of draws into twelve draws, if every draw can be read."""
    if not isinstance(given, list):
        return given
    found = [REPEATED.match(item) if isinstance(item, str) else None for item in given]
    texts = [match[2] if match else item for match, item in zip(found, given, strict=True)]
    times = [int(match[1]) if match else 1 for match in found]
    try:
        for text in texts:
            DRAWN.read(text)
    except ValueError:
        return texts  # as many as were written, so that a message counts as the reader does
    if sum(times) > MOST_DRAWS:
        raise ValueError(f"at most {MOST_DRAWS} draws")
    return [text for text, number in zip(texts, times, strict=True) for _ in range(number)]


class Needle(Document):
    """A hollow needle.

    Parameters
    ----------
    gauge
        Outer size; a smaller number is a wider needle.
    length
        Length of the cannula [m]; kept for the record, the dose does not depend on it.
    """

    gauge: Gauge
    length: Length = written("100 mm")


class Harvest(Document):
    """Marrow drawn through a needle, one draw for each position of its tip.

    Parameters
    ----------
    bone
        Where the marrow comes from; a key of the catalogue's harvest sites.
    draws
        Volume drawn at each position [m^3]; ``"12 x 5 mL"`` stands for twelve draws.
    syringe
        Volume of the syringe [m^3]; no draw exceeds it.
    needle
        The aspiration needle.
    side_holes
        Whether the needle has side holes.
    anticoagulant
        Volume of anticoagulant in the pool [m^3].
    day
        Day of the harvest [s]; the day of the injection unless the cells are cultured.
    """

    bone: str = written("posterior_iliac_crest")
    draws: Annotated[list[Annotated[float, DRAWN]], BeforeValidator(_spread), Field(min_length=1)]
    syringe: Volume = written("10 mL")
    needle: Needle = Field(default_factory=lambda: Needle(gauge=11))
    side_holes: Flag = False
    anticoagulant: VolumeOrNone = written("0 mL")
    day: Duration | None = None

    @model_validator(mode="after")
    def _a_draw_fits_the_syringe(self) -> Self:
        for number, draw in enumerate(self.draws):
            if draw > self.syringe * (1 + 1e-9):
                raise ValueError(
                    f"draw {number} of {draw * 1e6:.3g} mL does not fit a syringe of "
                    f"{self.syringe * 1e6:.3g} mL"
                )
        return self

    @property
    def volume(self) -> float:
        """Marrow drawn in all, without the anticoagulant [m^3]."""
        return sum(self.draws)


class Unspun(Document):
    """Marrow injected as drawn."""

    method: Literal["none"]


class Concentrate(Document):
    """Marrow concentrated by a device of the catalogue.

    Parameters
    ----------
    device
        Key of the catalogue's devices.
    product_volume
        Volume taken as product [m^3].
    """

    method: Literal["concentrate"]
    device: str = written("buffy_coat")
    product_volume: Volume


class Culture(Document):
    """Progenitors expanded in culture and suspended for injection.

    Parameters
    ----------
    duration
        From harvest to injection [s].
    dose
        Cells taken for the injection, if fewer than were grown [-].
    product_volume
        Volume they are suspended in [m^3].
    """

    method: Literal["culture"]
    duration: Interval
    dose: Annotated[float, Unit("1", "1", gt=0)] | None = None
    product_volume: Volume


class Delivery(Document):
    """How the product reaches the lesion.

    Parameters
    ----------
    volume
        Volume injected [m^3].
    needle
        The injection needle or trocar.
    flow
        Rate of injection [m^3/s].
    guidance
        What shows the needle tip.
    carrier
        What holds the cells: nothing, their own clot, demineralised bone matrix, chips of
        allograft, or granules of ceramic.
    carrier_volume
        Bulk volume of a solid carrier, the pores between its pieces included [m^3].
    reach
        How far around the gap the product spreads along the bone [m].
    """

    volume: Volume
    needle: Needle = Field(default_factory=lambda: Needle(gauge=11))
    flow: Flow = written("10 mL/min")
    guidance: Literal["blind", "ultrasound", "fluoroscopy", "ct"] = "fluoroscopy"
    carrier: Literal["none", "clot", "demineralised_bone", "allograft", "ceramic"] = "clot"
    carrier_volume: CarrierVolume = written("0 mL")
    reach: Reach = written("8 mm")

    @model_validator(mode="after")
    def _carrier_volume_belongs_to_a_carrier(self) -> Self:
        is_solid = self.carrier not in ("none", "clot")
        if is_solid and self.carrier_volume == 0:
            named = self.carrier.replace("_", " ")
            raise ValueError(f"{named} needs carrier_volume, for example '5 mL'")
        if not is_solid and self.carrier_volume > 0:
            raise ValueError(f"carrier_volume does not belong to carrier '{self.carrier}'")
        return self


class Injection(Document):
    """One injection with its harvest, processing and delivery."""

    kind: Literal["injection"]
    day: Duration
    harvest: Harvest
    process: Annotated[Unspun | Concentrate | Culture, Field(discriminator="method")]
    deliver: Delivery

    @model_validator(mode="after")
    def _volumes_and_days_follow(self) -> Self:
        if isinstance(self.process, Culture) and self.deliver.carrier == "clot":
            raise ValueError(
                "cells suspended in medium do not clot; write deliver.carrier = 'none' or "
                "'demineralised_bone'"
            )
        pool = self.harvest.volume + self.harvest.anticoagulant
        product = pool
        if isinstance(self.process, Concentrate | Culture):
            product = self.process.product_volume
        if isinstance(self.process, Concentrate) and product > pool:
            raise ValueError(
                f"process.product_volume ({product * 1e6:.3g} mL) is more than was drawn "
                f"({pool * 1e6:.3g} mL)"
            )
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


Step = Annotated[Injection | Loading | Medication, Field(discriminator="kind")]


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
        for number, step in enumerate(self.steps):
            if step.day > self.follow_up.duration:
                raise ValueError(
                    f"steps.{number} is on day {step.day / 86400:g}, after the last visit "
                    f"on day {self.follow_up.duration / 86400:g}"
                )
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
