"""Numerics as a document: voxel, tolerances, step control; presets by name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trephine.case.document import Document
from trephine.core.errors import InputError
from trephine.core.units import Length, Unit, written

Tolerance = Annotated[float, Unit("1", "1", gt=0, le=0.1)]
Change = Annotated[float, Unit("1", "1", gt=0, le=1)]
Step = Annotated[float, Unit("s", "d", gt=0)]
Sides = Annotated[int, Field(ge=2, le=32, multiple_of=2, strict=True)]
ModelName = Literal[
    "callus", "lacroix-prendergast", "claes-heigele", "bailon-plaza-2001", "trejo-2019", "ulm"
]
"""Names of the healing models, in the order of :data:`trephine.models.library.MODELS`."""


class Settings(Document):
    """How finely and how exactly a course is computed.

    Parameters
    ----------
    voxel
        Edge of a voxel [m].
    margin_axial
        Length of bone kept on each side of the gap [m].
    margin_radial
        Soft tissue kept around the bone [m].
    longest_step
        Upper bound on the time step of the biology [s].
    step_tolerance
        Allowed error of a step, relative to the scale of each field [-].
    elliptic_tolerance
        Residual at which oxygen and signal count as solved [-].
    mechanics_tolerance
        Residual at which the displacement counts as solved [-].
    stiffness_change
        Change of the natural logarithm of the moduli, in the mean of the gap, that asks for a
        new mechanics solve [-].
    mechanics_interval
        Longest time between two mechanics solves [s].
    examination
        Time between two examinations of the tissue in all six ways: axial, shear, bending and
        torsion [s]. The first and the last visit are always examined.
    rates
        Precision in which the rates of the biology are computed; the state and every budget
        are held in double precision.
    device
        Where arrays live: the processor, or an accelerator that CUDA drives.
    model
        The healing model; ``trephine models`` tells what each knows and leaves out.
    sides
        Number of voxels of which the sides of the grid around an idealised shaft, and of the
        part that heals, are made multiples by taking in more of what lies around. Sites of
        nearly the same size then share compiled programs. As large as they need be unless given.
    """

    voxel: Length
    margin_axial: Length = written("20 mm")
    margin_radial: Length = written("8 mm")
    longest_step: Step = written("1 d")
    step_tolerance: Tolerance = 5e-3
    elliptic_tolerance: Tolerance = 1e-5
    mechanics_tolerance: Tolerance = 5e-4
    stiffness_change: Change = 0.3
    mechanics_interval: Step = written("7 d")
    examination: Step = written("91 d")
    rates: Literal["single", "double"] = "single"
    device: Literal["cpu", "cuda"] = "cpu"
    model: ModelName = "callus"
    sides: Sides | None = None

    @classmethod
    def preset(cls, quality: Literal["draft", "standard", "fine"]) -> Settings:
        """Return a preset: draft 1.5 mm, standard 1 mm, fine 0.5 mm voxels.

        Raises
        ------
        InputError
            If there is no such preset.
        """
        if quality not in PRESETS:
            raise InputError(f"there is no preset '{quality}'; write one of {', '.join(PRESETS)}")
        return cls.model_validate({"voxel": PRESETS[quality]})


PRESETS = {"draft": "1.5 mm", "standard": "1 mm", "fine": "0.5 mm"}
