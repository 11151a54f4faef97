"""Decisions of the processing: what is done to the harvest before it is injected."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import model_validator

from trephine.case.document import Document
from trephine.core.units import Length, Unit, Volume, written

GRAVITY = 9.80665
"""Standard gravity [m/s^2]."""
MOST_FORCE, MOST_DOSE = 1e4, 1e7
"""Force, a multiple of gravity [-], and force times time [s], that no spin of marrow passes.

Devices and tubes take 100 to 3,000 times gravity and up to some 2,000,000 s.
"""
Interval = Annotated[float, Unit("s", "wk", gt=0)]
Minutes = Annotated[float, Unit("s", "min", gt=0, le=86400)]
Turns = Annotated[float, Unit("1", "1", gt=0, le=1e5)]
Column = Annotated[float, Unit("m", "cm", gt=0, le=0.5)]
ShareAboveZero = Annotated[float, Unit("1", "1", gt=0, le=1)]


class Spin(Document):
    """One run of a centrifuge, by its force or by its speed and radius; never one for the other.

    Parameters
    ----------
    g
        Relative centrifugal force, a multiple of gravity [-].
    rpm
        Turns per minute; needs the radius [-].
    radius
        From the axis to the middle of the column [m].
    duration
        Time at speed [s].
    column
        Height of the marrow in the tube, along the force [m].
    """

    g: Turns | None = None
    rpm: Turns | None = None
    radius: Length | None = None
    duration: Minutes
    column: Column | None = None

    @model_validator(mode="after")
    def _force_is_told_once(self) -> Self:
        if (self.g is None) == (self.rpm is None):
            raise ValueError(
                "write either g, a multiple of gravity, or rpm, turns per minute, with radius"
            )
        if self.rpm is not None and self.radius is None:
            raise ValueError(
                f"rpm = {self.rpm:g} says nothing without radius; write the rotor's radius, for "
                "example '15 cm', or write g instead"
            )
        return self

    @model_validator(mode="after")
    def _marrow_is_spun_so(self) -> Self:
        is_told = self.g is not None or (self.rpm is not None and self.radius is not None)
        if not is_told or (self.force <= MOST_FORCE and self.dose <= MOST_DOSE):
            return self
        raise ValueError(
            f"{self.force:,.0f} g for {self.duration / 60:,.4g} min is no spin of marrow; write at "
            f"most {MOST_FORCE:,.0f} g, and at most {MOST_DOSE:,.0f} s of force times time"
        )

    @model_validator(mode="after")
    def _tube_stays_off_the_axis(self) -> Self:
        if self.radius is None or self.column is None or self.radius > 0.5 * self.column:
            return self
        raise ValueError(
            f"radius {self.radius * 1e2:.3g} cm reaches from the axis to the middle of the column "
            f"of {self.column * 1e2:.3g} cm; write one above half the column"
        )

    @property
    def force(self) -> float:
        r"""Relative centrifugal force, :math:`\omega^2 r / g_0` [-]."""
        if self.g is not None:
            return self.g
        if self.rpm is None or self.radius is None:  # refused when it was read
            raise ValueError("a spin without force")
        return (2.0 * math.pi * self.rpm / 60.0) ** 2 * self.radius / GRAVITY

    @property
    def dose(self) -> float:
        """Force times time, on which separation depends [s]."""
        return self.force * self.duration


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
    spin
        How it is spun, where it is not the device's own program.
    """

    method: Literal["concentrate"]
    device: str = written("buffy_coat")
    product_volume: Volume
    spin: Spin | None = None


class Centrifuge(Document):
    """Marrow spun in open tubes, of which one slice at the top of the red bed is taken.

    What the spin does is computed layer by layer, not taken from a device's record.

    Parameters
    ----------
    spin
        How it is spun; it must say how high the marrow stands in the tube.
    red_cells
        Share of the red cells taken along with the buffy coat, which lies on them; without any
        of them there is none of it [-].
    product_volume
        Volume taken as product; what is not red bed is plasma [m^3].
    """

    method: Literal["centrifuge"]
    spin: Spin
    red_cells: ShareAboveZero = 0.1
    product_volume: Volume

    @model_validator(mode="after")
    def _has_a_column(self) -> Self:
        if self.spin.column is None:
            raise ValueError("spin.column is missing; write how high the marrow stands, '8 cm'")
        return self


class Culture(Document):
    """Progenitors expanded in culture and suspended for injection.

    Parameters
    ----------
    duration
        From harvest to injection [s].
    medium
        What feeds the cells: platelet lysate, or serum of a calf.
    dose
        Cells taken for the injection, if fewer than were grown [-].
    product_volume
        Volume they are suspended in [m^3].
    """

    method: Literal["culture"]
    duration: Interval
    medium: Literal["platelet_lysate", "serum"] = "platelet_lysate"
    dose: Annotated[float, Unit("1", "1", gt=0)] | None = None
    product_volume: Volume


class StromalFraction(Document):
    """Cells of fat set free by collagenase: the stromal vascular fraction.

    Parameters
    ----------
    product_volume
        Volume the cells are suspended in [m^3].
    """

    method: Literal["stromal_vascular_fraction"]
    product_volume: Volume


class FragmentedFat(Document):
    """Fat cut into small clusters and washed, its cells left where they are.

    Parameters
    ----------
    product_volume
        Volume of the washed clusters [m^3].
    """

    method: Literal["microfragmented_fat"]
    product_volume: Volume


Processing = Unspun | Concentrate | Centrifuge | Culture | StromalFraction | FragmentedFat
OF_FAT = (StromalFraction, FragmentedFat)
"""What is made of fat; all else is made of marrow."""


def manipulation(plan: Processing) -> Literal["minimal", "more"]:
    """Return whether cells are more than minimally manipulated, in the words of 21 CFR 1271.

    Culture is more than that (decided in 2014), and so is collagenase, which sets cells of fat
    free of the tissue whose function they had. What is spun, washed or cut counts as minimal.
    A flag for a person to decide with, not a ruling: homologous use and what is added count
    too (design text on cells, section 4).
    """
    return "more" if isinstance(plan, Culture | StromalFraction) else "minimal"
