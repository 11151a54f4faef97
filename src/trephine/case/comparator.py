"""Comparators of an injection of marrow: other injections, exercise, operations."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from trephine.case.document import Document
from trephine.core.units import Duration, Unit

Between = Annotated[float, Unit("s", "wk", gt=0)]
Times = Annotated[int, Field(ge=1, le=24, strict=True)]


class _Repeated(Document):
    """What is given once, or several times at one interval.

    Parameters
    ----------
    day
        Day of the first [s].
    times
        How often.
    every
        Time from one to the next [s].
    """

    day: Duration
    times: Times = 1
    every: Between | None = None

    @model_validator(mode="after")
    def _repeats_have_an_interval(self) -> Self:
        if (self.times > 1) != (self.every is not None):
            raise ValueError(
                "times and every belong together, for example times = 3, every = '12 wk'"
            )
        return self

    @property
    def days(self) -> list[float]:
        """The day of each [s]."""
        return [self.day + number * (self.every or 0.0) for number in range(self.times)]


class SalineInjection(_Repeated):
    """Salt water, or whatever else a blinded trial injects in place of a treatment."""

    kind: Literal["saline_injection"]


class CorticosteroidInjection(_Repeated):
    """A corticosteroid into the joint or beside the tendon, at the usual dose."""

    kind: Literal["corticosteroid_injection"]


class HyaluronicAcidInjection(_Repeated):
    """Hyaluronic acid into the joint."""

    kind: Literal["hyaluronic_acid_injection"]


class PlateletInjection(_Repeated):
    """Platelet-rich plasma."""

    kind: Literal["platelet_injection"]


class CordCellInjection(_Repeated):
    """Cells grown from the tissue of a donated umbilical cord."""

    kind: Literal["cord_cell_injection"]


class Exercise(Document):
    """Exercise at home or guided, from a day on; nothing is injected.

    Parameters
    ----------
    day
        First day [s].
    """

    kind: Literal["exercise"]
    day: Duration


class Operation(Document):
    """An operation on a joint, disc or tendon.

    Parameters
    ----------
    day
        Day of the operation [s].
    what
        Which; each kind of site knows its own.
    """

    kind: Literal["operation"]
    day: Duration
    what: Literal[
        "arthroscopy",
        "microfracture",
        "joint_replacement",
        "fusion",
        "discectomy",
        "tendon_repair",
    ]


Needled = (
    SalineInjection
    | CorticosteroidInjection
    | HyaluronicAcidInjection
    | PlateletInjection
    | CordCellInjection
)
"""Comparators that are injected."""

Comparator = Needled | Exercise | Operation
