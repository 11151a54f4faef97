"""The site: where the bone is broken, how it is held, and what still lives there."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from trephine.case.course_case import CourseSite
from trephine.case.document import Document, Flag
from trephine.case.fixation import Fixation
from trephine.core.units import Fraction, Length, Unit, written

Tilt = Annotated[float, Unit("rad", "deg", ge=-1.0472, le=1.0472)]


GapWidth = Annotated[float, Unit("m", "mm", gt=0, le=0.15)]


class Shaft(Document):
    """An idealised shaft: an elliptic tube along z.

    Parameters
    ----------
    outer_diameter
        Mean periosteal diameter [m].
    canal_diameter
        Mean endosteal diameter [m].
    ovality
        Ratio of the larger (front to back) to the smaller outer diameter, at least 1 [-].
    roughness
        Amplitude of a smooth perturbation of both surfaces, as a fraction of the radius [-].
    """

    outer_diameter: Length
    canal_diameter: Length
    ovality: Annotated[float, Unit("1", "1", ge=1, le=1.5)] = 1.0
    roughness: Annotated[float, Unit("1", "1", ge=0, le=0.1)] = 0.0

    @model_validator(mode="after")
    def _the_canal_fits(self) -> Self:
        if self.canal_diameter >= self.outer_diameter:
            raise ValueError("canal_diameter must be less than outer_diameter")
        return self


class Scan(Document):
    """A site cut from a CT by ``trephine intake``, kept beside the case file.

    Parameters
    ----------
    density
        NIfTI file of Hounsfield units on a grid along the shaft.
    labels
        NIfTI file on the same grid: 0 outside, 1 bone, 2 medullary canal, 3 metal.
    contents
        Digest of both files, so that a changed file is noticed.
    source
        What the images were cut from, in words, with anything virtual said.
    """

    density: str
    labels: str
    contents: str
    source: str


class Gap(Document):
    """The defect between the bone ends.

    Parameters
    ----------
    width
        Distance between the bone ends along the shaft [m].
    tilt
        Angle of the fracture plane from transverse, about the x axis [rad].
    virtual
        Whether the gap was placed by the program in an intact shaft.
    """

    width: GapWidth
    tilt: Tilt = written("0 deg")
    virtual: Flag = False


class Biology(Document):
    """What lives at the site on day 0; the defaults describe an atrophic non-union.

    Those of a fresh fracture are :data:`OF_A_FRACTURE`.

    Parameters
    ----------
    perfusion
        Perfusion of the tissue in the gap at day 0, 1 as in living bone [-].
    fibrous
        Volume fraction of fibrous tissue in the gap at day 0 [-].
    living_ends
        Fraction of the bone ends that bleeds when freshened; sclerotic and necrotic ends do
        not [-].
    periosteum
        Fraction of the periosteum beside the gap that is in place and alive; less where it was
        stripped [-].
    marrow
        Fraction of marrow and endosteum beside the gap that is alive; less where the canal was
        reamed or plugged [-].
    debris
        Debris of fresh trauma or surgery at day 0, as a share of that of a severe
        fracture [-].
    clot
        Volume fraction of the gap that is the clot of a fresh fracture, blood and marrow, at
        day 0 [-]. It brings the progenitors of the marrow as far as that lives, and the living
        surfaces beside it are roused.
    """

    perfusion: Fraction = 0.1
    fibrous: Fraction = 0.5
    living_ends: Fraction = 1.0
    periosteum: Fraction = 1.0
    marrow: Fraction = 1.0
    debris: Fraction = 0.0
    clot: Fraction = 0.0

    @model_validator(mode="after")
    def _the_gap_holds_both(self) -> Self:
        if self.fibrous + self.clot > 1.0 + 1e-9:
            raise ValueError("fibrous and clot share the gap; together they are at most 1")
        return self


OF_A_FRACTURE: dict[str, float] = {"perfusion": 0.0, "fibrous": 0.0, "debris": 0.25, "clot": 1.0}
"""Biology of a fresh fracture where a case does not say otherwise: the gap is full of clot without
vessels, and the debris is that of the published fracture. The catalogue's section ``injury.site``
says why."""


class Site(CourseSite):
    """A long-bone shaft with a defect.

    Exactly one of ``shaft`` (idealised) and ``scan`` (from a CT) says what the bone looks like.
    The diagnosis says nothing but which biology goes without saying: a delayed union or a
    non-union is what a fracture comes to, not what it is called.
    """

    kind: Literal["shaft"]
    bone: Literal["femur", "tibia", "humerus"]
    side: Literal["left", "right"]
    diagnosis: Literal["atrophic non-union", "fracture"]
    gap: Gap
    fixation: Fixation
    biology: Biology = Field(default_factory=Biology)
    shaft: Shaft | None = None
    scan: Scan | None = None

    @model_validator(mode="before")
    @classmethod
    def _usual_of_a_fracture(cls, given: Any) -> Any:  # noqa: ANN401  (whatever the file holds)
        """Write down the biology that goes without saying in a fresh fracture."""
        if not isinstance(given, dict) or given.get("diagnosis") != "fracture":
            return given
        biology = given.get("biology", {})
        if not isinstance(biology, dict):
            return given
        return {**given, "biology": {**OF_A_FRACTURE, **biology}}

    @model_validator(mode="after")
    def _one_anatomy(self) -> Self:
        if (self.shaft is None) == (self.scan is None):
            raise ValueError("give exactly one of [site.shaft] and [site.scan]")
        return self

    @model_validator(mode="after")
    def _the_nail_fits(self) -> Self:
        nail = self.fixation.nail_diameter
        if self.shaft is not None and nail is not None and nail > self.shaft.canal_diameter:
            raise ValueError(
                f"the nail ({nail * 1e3:.3g} mm) is wider than the canal "
                f"({self.shaft.canal_diameter * 1e3:.3g} mm); give a thinner nail_diameter"
            )
        return self
