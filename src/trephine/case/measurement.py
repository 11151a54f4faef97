"""What was measured in a real procedure: volumes, counts, times and identities as noted down."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from trephine.case.document import Document, Flag, table, validate
from trephine.case.processing import Spin
from trephine.core.units import Unit

# A measurement is what somebody wrote down. The door asks for units and known keys alone: a volume
# below zero or a viability of 1.3 is read, so that it can be told together with all else that
# cannot be.
NotedVolume = Annotated[float, Unit("m^3", "mL")]
NotedDensity = Annotated[float, Unit("1/m^3", "1/mL")]
NotedShare = Annotated[float, Unit("1", "1")]


def _moment(given: object) -> object:
    if isinstance(given, str):
        try:
            return datetime.fromisoformat(given)
        except ValueError:
            pass
    if not isinstance(given, datetime):
        raise ValueError("write date and time, for example 2026-05-11T08:30:00")  # noqa: TRY004
    return given


Moment = Annotated[datetime, BeforeValidator(_moment)]


class Counts(Document):
    """What was counted in a sample of one fluid, as the laboratory reports it.

    Parameters
    ----------
    nucleated
        Nucleated cells per volume of the sample, anticoagulant included [1/m^3].
    red_cells
        Red cells per volume [1/m^3].
    haematocrit
        Share of the volume that red cells take [-].
    platelets
        Platelets per volume [1/m^3].
    progenitors
        CFU-F per volume: colonies counted, by the volume they were plated from [1/m^3].
    viability
        Share of the nucleated cells that live [-].
    """

    nucleated: NotedDensity | None = None
    red_cells: NotedDensity | None = None
    haematocrit: NotedShare | None = None
    platelets: NotedDensity | None = None
    progenitors: NotedDensity | None = None
    viability: NotedShare | None = None


class Fluid(Counts):
    """A fluid in a bag or a syringe: its volume, and what was counted in a sample of it.

    Parameters
    ----------
    volume
        Volume of everything, anticoagulant included [m^3].
    """

    volume: NotedVolume | None = None


class Pool(Fluid):
    """All marrow drawn, pooled, before any processing.

    Parameters
    ----------
    drawn
        Volume drawn from the patient, as the syringes showed [m^3].
    anticoagulant
        Volume of anticoagulant in the pool [m^3].
    """

    drawn: NotedVolume | None = None
    anticoagulant: NotedVolume | None = None


class Recovered(Document):
    """Shares of what went in that a report says came out.

    Parameters
    ----------
    nucleated, red_cells, platelets, progenitors
        Share of the cells of the pool in the product [-].
    """

    nucleated: NotedShare | None = None
    red_cells: NotedShare | None = None
    platelets: NotedShare | None = None
    progenitors: NotedShare | None = None


class Processed(Document):
    """What was done to the pool.

    Parameters
    ----------
    device
        Key of the catalogue's devices.
    spins
        Spins, in their order.
    cultured
        Whether the cells were grown, so that more may come out than went in.
    added
        Volume of fluid added after the draw: medium, saline, the donor's own plasma [m^3].
    recovered
        Recoveries as somebody reported them.
    """

    device: str | None = None
    spins: list[Spin] = Field(default_factory=list)
    cultured: Flag = False
    added: NotedVolume | None = None
    recovered: Recovered = Field(default_factory=Recovered)


class Injected(Document):
    """What became of the product.

    Parameters
    ----------
    volume
        Volume injected, solid carrier not counted [m^3].
    residual
        Volume left in syringe and line [m^3].
    """

    volume: NotedVolume | None = None
    residual: NotedVolume | None = None


class Identity(Document):
    """Whose cells they are.

    Parameters
    ----------
    scans
        Codes as scanned, in the order of the scans: at the draw, on loading, on unloading, at the
        injection.
    """

    scans: list[Annotated[str, Field(min_length=1)]] = Field(default_factory=list)


class Times(Document):
    """When it was done; all with their distance from universal time, or all without.

    Parameters
    ----------
    draw_start, draw_end
        Start of the first draw, and end of the last.
    spin_start, spin_end
        Start of the first spin, and end of the last.
    injection
        Start of the injection.
    expiry
        When the product may no longer be injected.
    """

    draw_start: Moment | None = None
    draw_end: Moment | None = None
    spin_start: Moment | None = None
    spin_end: Moment | None = None
    injection: Moment | None = None
    expiry: Moment | None = None

    @model_validator(mode="after")
    def _one_clock(self) -> Self:
        given = [moment for _, moment in self if isinstance(moment, datetime)]
        if len({moment.tzinfo is None for moment in given}) > 1:
            raise ValueError("write all times with their distance from universal time, or none")
        return self


class Measurement(Document):
    """What was measured in one procedure; all of it optional.

    Parameters
    ----------
    format
        Version of the file's layout.
    about
        What a person notes; never a patient's name.
    identity
        Whose cells they are.
    times
        When it was done.
    blood
        Blood of the same day.
    pool
        The pooled marrow.
    processing
        What was done to it.
    product
        What is to be injected.
    discarded
        What is left of the pool: red bed and plasma together.
    delivery
        What was injected.
    """

    format: Literal[1] = 1
    about: str = ""
    identity: Identity = Field(default_factory=Identity)
    times: Times = Field(default_factory=Times)
    blood: Counts = Field(default_factory=Counts)
    pool: Pool = Field(default_factory=Pool)
    processing: Processed = Field(default_factory=Processed)
    product: Fluid = Field(default_factory=Fluid)
    discarded: Fluid = Field(default_factory=Fluid)
    delivery: Injected = Field(default_factory=Injected)


def read(path: str | Path) -> Measurement:
    """Return what a TOML file says was measured.

    Raises
    ------
    InputError
        If the file cannot be read, is not TOML, or is not a valid measurement.
    """
    path = Path(path)
    return validate(Measurement, table(path, "a file of measurements"), path.name)
