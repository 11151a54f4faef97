"""The fixation: what holds the bone ends, and how stiff it is where that was measured."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import model_validator

from trephine.case.document import Document
from trephine.core.units import Length, RotationalStiffness, Stiffness

STIFFNESSES = ("axial_stiffness", "shear_stiffness", "bending_stiffness", "torsional_stiffness")
"""The four numbers a case may state instead of the catalogue."""

ALLOYS = {
    "nail": "titanium",
    "plate": "steel",
    "unilateral_fixator": "steel",
    "ring_fixator": "steel",
}
"""What an implant is made of unless the case says otherwise."""


class Fixation(Document):
    """What holds the bone ends.

    Parameters
    ----------
    kind
        Implant class; its stiffness comes from the catalogue unless given.
    nail_diameter
        Diameter of an intramedullary nail [m]; needed for a nail, refused otherwise.
    locking
        How a nail is held: ``locked`` by bolts on both sides; ``sliding``, free along the shaft
        (dynamised); ``press_fit``, wedged in the canal, so that bone and nail are bonded where
        they touch. A nail is locked unless given; refused otherwise.
    alloy
        What the implant is made of: titanium for a nail and steel for the rest, unless given.
    axial_stiffness
        Stiffness of implant with its anchorage along the shaft [N/m], if measured.
    shear_stiffness
        The same across the shaft [N/m], if measured.
    bending_stiffness
        The same against bending [N*m/rad], if measured.
    torsional_stiffness
        The same against torsion [N*m/rad], if measured.
    """

    kind: Literal["nail", "plate", "unilateral_fixator", "ring_fixator", "cast"]
    nail_diameter: Length | None = None
    locking: Literal["locked", "sliding", "press_fit"] | None = None
    alloy: Literal["titanium", "steel"] | None = None
    axial_stiffness: Stiffness | None = None
    shear_stiffness: Stiffness | None = None
    bending_stiffness: RotationalStiffness | None = None
    torsional_stiffness: RotationalStiffness | None = None

    @model_validator(mode="before")
    @classmethod
    def _usual_for_its_kind(cls, given: Any) -> Any:  # noqa: ANN401  (whatever the file holds)
        """Write down the locking and the alloy that go without saying."""
        if not isinstance(given, dict):
            return given
        kind = given.get("kind")
        if kind == "external_fixator":
            raise ValueError(
                "kind 'external_fixator' is told apart now; write 'unilateral_fixator' or "
                "'ring_fixator'"
            )
        usual: dict[str, str] = {}
        if isinstance(kind, str) and kind in ALLOYS:
            usual["alloy"] = ALLOYS[kind]
        if kind == "nail":
            usual["locking"] = "locked"
        return {**given, **{key: v for key, v in usual.items() if given.get(key) is None}}

    @model_validator(mode="after")
    def _the_keys_belong_to_the_kind(self) -> Self:
        if self.kind == "nail" and self.nail_diameter is None:
            raise ValueError("a nail needs nail_diameter, for example nail_diameter = '11 mm'")
        if self.kind != "nail":
            given = [k for k in ("nail_diameter", "locking") if getattr(self, k) is not None]
            if given:
                does = "does" if len(given) == 1 else "do"
                raise ValueError(f"{' and '.join(given)} {does} not belong to a {self.kind}")
        if self.kind == "cast" and self.alloy is not None:
            raise ValueError("alloy does not belong to a cast")
        if self.kind == "cast" and self.axial_stiffness is None:
            raise ValueError(
                "no stiffness of a cast is published; give axial_stiffness, for example '200 N/mm'"
            )
        return self

    @model_validator(mode="after")
    def _a_stiffness_has_something_to_act_on(self) -> Self:
        if self.locking == "sliding" and self.axial_stiffness is not None:
            raise ValueError("a sliding nail gives way along the shaft; leave axial_stiffness out")
        for key in STIFFNESSES:
            if self.locking == "press_fit" and getattr(self, key) is not None:
                raise ValueError(
                    f"a press-fit nail acts through the bone it is wedged in; leave {key} out"
                )
        return self
