"""Decisions of the harvest: which tissue, where, through which needle, in which draws."""

from __future__ import annotations

import math
import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from trephine.case.document import Document, Flag
from trephine.core.units import Duration, Length, Unit, Volume, VolumeOrNone, written

REPEATED = re.compile(r"^\s*(\d{1,9})\s*x\s*(.+)$")
MOST_DRAWS = 200
DRAWN = Unit("m^3", "mL", gt=0)
Gauge = Annotated[float, Unit("1", "1", ge=6, le=32)]
Few = Annotated[int, Field(ge=1, le=MOST_DRAWS, strict=True)]
Step = Annotated[float, Unit("m", "mm", gt=0, le=0.05)]


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
    tissue
        Marrow; fat has a harvest of its own.
    bone
        Where the marrow comes from; a key of the catalogue's harvest sites.
    draws
        Volume drawn at each position [m^3]; ``"12 x 5 mL"`` stands for twelve draws.
    punctures
        Punctures of the skin; as many as the tracks need unless given. The tip is redirected
        through each over a narrow fan. The tracks are dealt out to them evenly, and draws through
        different ones share no depot.
    track
        Draws along one track of the needle before it is redirected; a track must fit the bone.
    step
        Way of the tip between neighbouring draws of one track [m].
    syringe
        Volume of the syringe [m^3]; no draw exceeds it.
    needle
        The aspiration needle.
    side_holes
        Whether the needle has side holes.
    anticoagulant
        Volume of anticoagulant in the pool [m^3].
    agent
        What the anticoagulant is; more colonies grow from marrow kept in heparin.
    primed
        Whether needle and syringes are rinsed with anticoagulant before the first draw; if not,
        the marrow may clot.
    day
        Day of the harvest [s]; the day of the injection unless the cells are cultured.
    """

    tissue: Literal["marrow"] = "marrow"
    bone: str = written("posterior_iliac_crest")
    draws: Annotated[list[Annotated[float, DRAWN]], BeforeValidator(_spread), Field(min_length=1)]
    syringe: Volume = written("10 mL")
    punctures: Few | None = None
    track: Few = 1
    step: Step = written("5 mm")
    needle: Needle = Field(default_factory=lambda: Needle(gauge=11))
    side_holes: Flag = False
    anticoagulant: VolumeOrNone = written("0 mL")
    agent: Literal["citrate", "heparin"] = "citrate"
    primed: Flag = True
    day: Duration | None = None

    @model_validator(mode="after")
    def _a_draw_fits_the_syringe(self) -> Self:
        for number, draw in enumerate(self.draws, start=1):
            if draw > self.syringe * (1 + 1e-9):
                raise ValueError(
                    f"draw {number} of {draw * 1e6:.3g} mL does not fit a syringe of "
                    f"{self.syringe * 1e6:.3g} mL"
                )
        return self

    @model_validator(mode="after")
    def _marrow_is_most_of_the_pool(self) -> Self:
        if self.anticoagulant > self.volume * (1 + 1e-9):
            raise ValueError(
                f"anticoagulant of {self.anticoagulant * 1e6:.3g} mL is more than the "
                f"{self.volume * 1e6:.3g} mL of marrow; write at most that, a tenth is usual"
            )
        return self

    @model_validator(mode="after")
    def _punctures_and_tracks_are_used(self) -> Self:
        if self.track > len(self.draws):
            raise ValueError(
                f"a track of {self.track} draws is longer than all {len(self.draws)} draws"
            )
        if self.punctures is not None and self.punctures > self.tracks:
            raise ValueError(
                f"{self.punctures} punctures are more than the {self.tracks} tracks of "
                f"{len(self.draws)} draws, {self.track} in each"
            )
        return self

    @property
    def tracks(self) -> int:
        """Directions in which the needle is driven."""
        return math.ceil(len(self.draws) / self.track)

    @property
    def volume(self) -> float:
        """Marrow drawn in all, without the anticoagulant [m^3]."""
        return sum(self.draws)


class FatHarvest(Document):
    """Subcutaneous fat drawn by liposuction.

    Parameters
    ----------
    tissue
        Fat.
    volume
        Lipoaspirate drawn, its fluid drained [m^3].
    day
        Day of the harvest [s]; the day of the injection unless given.
    """

    tissue: Literal["fat"]
    volume: Annotated[float, Unit("m^3", "mL", gt=0, le=3e-3)]
    day: Duration | None = None

    @property
    def anticoagulant(self) -> float:
        """Fat takes none [m^3]."""
        return 0.0
