"""A brief for the planner: what to reach, limits, prices, and the choices to search."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from trephine.case.document import Document, table, validate
from trephine.case.harvesting import MOST_DRAWS, Gauge
from trephine.case.prescription import Prescription
from trephine.case.prescription import read as read_sentence
from trephine.core.units import Unit, Volume

VolumePerMass = Annotated[float, Unit("m^3/kg", "mL/kg", gt=0, le=4e-5)]
TheatreTime = Annotated[float, Unit("s", "min", gt=0)]
Weeks = Annotated[float, Unit("s", "wk", gt=0)]


def _price(given: object) -> float:
    """Return a price, or raise ValueError in plain words."""
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise ValueError("write a number alone, in the currency of the prices, for example 30")  # noqa: TRY004
    if not 0 <= given < math.inf:
        raise ValueError("must be a finite number of at least 0")
    return float(given)


def _number(most: int) -> BeforeValidator:
    """Return what takes whole numbers from 1 on, and refuses others in plain words."""

    def read_number(given: object) -> object:
        if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= most:
            raise ValueError(f"write a whole number from 1 to {most}")
        return given

    return BeforeValidator(read_number)


Price = Annotated[float, BeforeValidator(_price)]
Few = Annotated[int, _number(MOST_DRAWS)]
Several = Annotated[int, _number(24)]
Names = Annotated[list[str], Field(min_length=1)]
Carrier = Literal["none", "clot", "demineralised_bone", "allograft", "ceramic"]


class Limits(Document):
    """What no plan may pass; what is not given does not limit.

    Parameters
    ----------
    marrow_per_mass
        Marrow drawn in one session per body mass [m^3/kg]; the catalogue's cap unless given.
    marrow
        Marrow drawn in all [m^3].
    punctures
        Punctures of the skin in all.
    theatre_time
        Time in theatre of all sessions [s].
    cost
        In the currency of the prices.
    sessions
        Times the patient comes to theatre.
    manipulation
        ``minimal`` leaves out cultured cells and those set free by enzymes.
    reduction
        ``reported`` leaves out what reduces the volume by less or more than devices of its class
        are reported to; beyond, their numbers may not hold.
    """

    marrow_per_mass: VolumePerMass | None = None
    marrow: Volume | None = None
    punctures: Few | None = None
    theatre_time: TheatreTime | None = None
    cost: Price | None = None
    sessions: Several | None = None
    manipulation: Literal["minimal", "any"] = "any"
    reduction: Literal["reported", "any"] = "reported"


class Prices(Document):
    """What things cost; a plan has a cost only where all that it takes is priced.

    Parameters
    ----------
    currency
        The word that is put behind each cost.
    theatre_minute
        One minute in theatre; nothing unless given.
    kits
        The kit of each device, by device; what is spun in open tubes is ``tubes``.
    culture
        One culture.
    carriers
        One mL of each solid carrier, by carrier.
    """

    currency: Annotated[str, Field(min_length=1, max_length=12)]
    theatre_minute: Price = 0.0
    kits: dict[str, Price] = Field(default_factory=dict)
    culture: Price | None = None
    carriers: dict[Carrier, Price] = Field(default_factory=dict)


def _span(given: object) -> object:
    """Let a single value stand for a list of one."""
    return given if isinstance(given, list) else [given]


class Choices(Document):
    """What the planner may choose among; what is not given is taken around the case's plan.

    Parameters
    ----------
    bones
        Harvest sites of the catalogue.
    needles
        Gauges of the aspiration needle.
    counts
        Draws in a harvest.
    volumes
        Volume of each draw [m^3].
    tracks
        Draws along one track before the needle is redirected.
    punctures
        Punctures of the skin in a harvest.
    devices
        Devices of the catalogue, ``none`` for marrow as drawn, ``culture`` for expanded cells.
    products
        Volumes that are injected [m^3].
    culture_durations
        Lengths of a culture [s].
    carriers
        What holds the cells.
    carrier_volume
        Bulk volume of a solid carrier [m^3].
    portions
        Parts in which the volume is injected.
    injections
        How many injections, all made the same way.
    spacing
        Times between two injections [s].
    """

    bones: Annotated[Names, BeforeValidator(_span)] | None = None
    needles: Annotated[list[Gauge], BeforeValidator(_span), Field(min_length=1)] | None = None
    counts: Annotated[list[Few], BeforeValidator(_span), Field(min_length=1)] | None = None
    volumes: Annotated[list[Volume], BeforeValidator(_span), Field(min_length=1)] | None = None
    tracks: Annotated[list[Few], BeforeValidator(_span), Field(min_length=1)] | None = None
    punctures: Annotated[list[Few], BeforeValidator(_span), Field(min_length=1)] | None = None
    devices: Annotated[Names, BeforeValidator(_span)] | None = None
    products: Annotated[list[Volume], BeforeValidator(_span), Field(min_length=1)] | None = None
    culture_durations: (
        Annotated[list[Weeks], BeforeValidator(_span), Field(min_length=1)] | None
    ) = None
    carriers: Annotated[list[Carrier], BeforeValidator(_span), Field(min_length=1)] | None = None
    carrier_volume: Volume | None = None
    portions: Annotated[list[Several], BeforeValidator(_span), Field(min_length=1)] | None = None
    injections: Annotated[list[Several], BeforeValidator(_span), Field(min_length=1)] | None = None
    spacing: Annotated[list[Weeks], BeforeValidator(_span), Field(min_length=1)] | None = None


class Brief(Document):
    """What a planner is asked for.

    Parameters
    ----------
    prescription
        What the dose should reach; a table, or a sentence.
    limits, prices, choices
        See there.
    """

    prescription: Prescription | None = None
    limits: Limits = Field(default_factory=Limits)
    prices: Prices | None = None
    choices: Choices = Field(default_factory=Choices)


def read(path: str | Path) -> Brief:
    """Return the brief that a TOML file describes.

    Raises
    ------
    InputError
        If the file cannot be read, is not TOML, or is not a valid brief; every problem at once.
    """
    path = Path(path)
    data = table(path, "a brief")
    told = data.get("prescription")
    if isinstance(told, str):
        data = {**data, "prescription": read_sentence(told).as_written()}
    return validate(Brief, data, path.name)
