"""Decisions of the delivery: how the product reaches the lesion."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from trephine.case.document import Document, Flag
from trephine.case.harvesting import Gauge, Needle
from trephine.core.units import Unit, Volume, written

Reach = Annotated[float, Unit("m", "mm", gt=0, le=0.05)]
CarrierVolume = Annotated[float, Unit("m^3", "mL", ge=0, le=1e-4)]
Wait = Annotated[float, Unit("s", "min", ge=0, le=14 * 86400)]
"""Nothing that is not frozen is kept longer."""
Injected = Annotated[float, Unit("m^3/s", "mL/min", gt=0, le=1e-5)]
"""No hand or pump for bone gives more than 10 mL in a second."""
Portions = Annotated[int, Field(ge=1, le=24, strict=True)]
Apart = Annotated[float, Unit("m", "mm", ge=0, le=0.1)]


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
    wait
        Time from the finished product to the injection [s]; the usual handling unless given.
    kept
        Where the product waits: cool, at room temperature, or at that of the body.
    drawn_up
        Gauge of the needle that the product is drawn up through; none unless given.
    opened
        Whether the gap was cut open and is left without containment.
    portions
        Parts the volume is injected in, each with the needle placed anew.
    apart
        Radius of the circle around the middle of the gap on which the portions aim [m].
    loading
        Whether cells and solid carrier are mixed, or the product is passed through the carrier,
        which keeps cells and lets the fluid go.
    """

    volume: Volume
    needle: Needle = Field(default_factory=lambda: Needle(gauge=11))
    flow: Injected = written("10 mL/min")
    guidance: Literal["blind", "ultrasound", "fluoroscopy", "ct"] = "fluoroscopy"
    carrier: Literal["none", "clot", "demineralised_bone", "allograft", "ceramic"] = "clot"
    carrier_volume: CarrierVolume = written("0 mL")
    reach: Reach = written("8 mm")
    wait: Wait | None = None
    kept: Literal["cool", "room", "body"] = "room"
    drawn_up: Gauge | None = None
    opened: Flag = False
    portions: Portions = 1
    apart: Apart = written("0 mm")
    loading: Literal["mixed", "filtered"] = "mixed"

    @model_validator(mode="after")
    def _carrier_volume_belongs_to_a_carrier(self) -> Self:
        is_solid = self.carrier not in ("none", "clot")
        if is_solid and self.carrier_volume == 0:
            named = self.carrier.replace("_", " ")
            raise ValueError(f"{named} needs carrier_volume, for example '5 mL'")
        if not is_solid and self.carrier_volume > 0:
            raise ValueError(f"carrier_volume does not belong to carrier '{self.carrier}'")
        if not is_solid and self.loading == "filtered":
            raise ValueError(
                f"nothing can be filtered through carrier '{self.carrier}'; name a solid carrier"
            )
        return self

    @model_validator(mode="after")
    def _portions_lie_apart(self) -> Self:
        if self.portions == 1 and self.apart > 0:
            raise ValueError("one portion lies in the middle; leave out apart, or raise portions")
        return self
