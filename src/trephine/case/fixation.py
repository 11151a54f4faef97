"""The fixation: what holds the bone ends, and how stiff it is where that was measured."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from trephine.case.document import Document
from trephine.core.units import Length, Stiffness


class Fixation(Document):
    """What holds the bone ends.

    Parameters
    ----------
    kind
        Implant class; its axial stiffness comes from the catalogue unless given.
    nail_diameter
        Diameter of an intramedullary nail [m]; needed for a nail, refused otherwise.
    axial_stiffness
        Stiffness of implant with its anchorage along the shaft [N/m], if measured.
    """

    kind: Literal["nail", "plate", "external_fixator", "cast"]
    nail_diameter: Length | None = None
    axial_stiffness: Stiffness | None = None

    @model_validator(mode="after")
    def _diameter_belongs_to_a_nail(self) -> Self:
        if self.kind == "nail" and self.nail_diameter is None:
            raise ValueError("a nail needs nail_diameter, for example nail_diameter = '11 mm'")
        if self.kind != "nail" and self.nail_diameter is not None:
            raise ValueError(f"nail_diameter does not belong to a {self.kind}")
        if self.kind == "cast" and self.axial_stiffness is None:
            raise ValueError(
                "no stiffness of a cast is published; give axial_stiffness, for example '200 N/mm'"
            )
        return self
