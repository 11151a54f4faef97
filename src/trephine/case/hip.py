"""The case file of an osteonecrotic hip: head, lesion, stage and plan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from trephine.case.course_case import CourseCase, CourseSite
from trephine.case.document import Document, Flag
from trephine.core import digest
from trephine.core.units import Unit, Volume, written

Radius = Annotated[float, Unit("m", "mm", ge=0.012, le=0.035)]
NecroticAngle = Annotated[float, Unit("rad", "deg", gt=0, le=2.7926)]
"""Up to 160 degrees; a lesion of more is the whole of the head."""
HalfAngle = Annotated[float, Unit("rad", "deg", gt=0, le=1.3963)]
Lean = Annotated[float, Unit("rad", "deg", ge=-1.5708, le=1.5708)]
Depth = Annotated[float, Unit("m", "mm", gt=0, le=0.035)]
Flattening = Annotated[float, Unit("m", "mm", gt=0, le=0.01)]
Place = Annotated[list[float], Field(min_length=3, max_length=3)]

LATER = ("IV", "V", "VI")
"""Stages for which there is nothing to compute."""


class PolarCap(Document):
    """A lesion painted as a cap of the head, seen from the centre.

    Parameters
    ----------
    half_angle
        Half of the angle that it takes up [rad].
    medial
        How far its middle leans from the hip force's direction towards the body's middle [rad].
    anterior
        How far its middle leans from the direction of the hip force to the front [rad].
    depth
        How deep it reaches below the joint surface [m]; to the centre unless given.
    """

    half_angle: HalfAngle
    medial: Lean = written("0 deg")
    anterior: Lean = written("0 deg")
    depth: Depth | None = None


class Lesion(Document):
    """How much of the head is dead; exactly one of the four ways to say it.

    Parameters
    ----------
    jic
        Type of the Japanese Investigation Committee: how far the lesion reaches outwards below
        the bearing surface. A: at most its inner third, B: two thirds, C1: more, but within the
        socket, C2: beyond its edge.
    necrotic_angle
        Angle of the lesion in the mid-coronal section [rad].
    volume
        Volume of the dead bone [m^3].
    painted
        A cap of the head.
    """

    jic: Literal["A", "B", "C1", "C2"] | None = None
    necrotic_angle: NecroticAngle | None = None
    volume: Volume | None = None
    painted: PolarCap | None = None

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        given = [n for n in type(self).model_fields if getattr(self, n) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of jic, necrotic_angle, volume and painted")
        return self


class HeadScan(Document):
    """A femoral head on a CT.

    Parameters
    ----------
    ct
        NIfTI file, folder or zip of DICOM slices with Hounsfield units.
    centre
        Centre of the head as voxel index along the patient's left, back and head, as the scan is
        read: three numbers [-].
    upside_down
        Whether the scan runs the other way along the body than its header says.
    """

    ct: str
    centre: Place
    upside_down: Flag = False


class FemoralHead(CourseSite):
    """A femoral head with osteonecrosis.

    Parameters
    ----------
    stage
        ARCO stage at day 0: I (seen by MRI alone), II (seen in a radiograph, not broken), III
        (subchondral fracture).
    radius
        Radius of the head [m]; that of the catalogue unless given.
    flattening
        How much the head is flattened at day 0 [m]; stage III alone.
    scan
        A CT of the head; idealised without one.
    """

    kind: Literal["femoral_head"]
    side: Literal["left", "right"]
    diagnosis: Literal["osteonecrosis"] = "osteonecrosis"
    stage: Literal["I", "II", "III"]
    lesion: Lesion
    radius: Radius | None = None
    flattening: Flattening | None = None
    scan: HeadScan | None = None

    @field_validator("stage", mode="before")
    @classmethod
    def _has_evidence(cls, stage: object) -> object:
        if stage in LATER:
            raise ValueError(
                f"there is no evidence for marrow cells in stage {stage}, in which the joint "
                "itself is worn, and no model; write I, II or III"
            )
        return stage

    @model_validator(mode="after")
    def _fits_the_stage(self) -> Self:
        if self.flattening is not None and self.stage != "III":
            raise ValueError("flattening belongs to stage III; leave it out, or change stage")
        return self

    @model_validator(mode="after")
    def _a_scanned_head_has_a_radius(self) -> Self:
        if self.scan is not None and self.radius is None:
            raise ValueError("a head on a scan needs its radius, for example '24 mm'")
        return self


class HipCase(CourseCase):
    """Facts and decisions of one course of an osteonecrotic hip.

    In the plan, ``loading`` gives the peak force on the hip in a step of walking, in body
    weights; before the first such step the patient walks as usual.
    """

    STEPS: ClassVar[tuple[str, ...]] = ("core_decompression", "injection", "loading")

    site: FemoralHead

    @property
    def digest(self) -> str:
        """Content name of the case; where its scan lies is not content."""
        data = self.as_written()
        if "scan" in data["site"]:
            data["site"]["scan"]["ct"] = ""
        return digest.of_document(data)

    def beside(self, folder: Path) -> Self:
        """Return the case with its scan looked for in a folder."""
        scan = self.site.scan
        if scan is None:
            return self
        placed: dict[str, Any] = {"ct": str((folder / scan.ct).resolve())}
        return self.changed({"site": {"scan": placed}})
