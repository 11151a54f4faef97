"""What a record is: a number as printed, and everything needed to judge it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from trephine.core.units import factor


class Spread(BaseModel):
    """How uncertain or how variable a number is, in the unit of its record.

    Parameters
    ----------
    law
        ``normal`` and ``lognormal`` take ``sd`` (of the value, or of its logarithm);
        ``uniform`` takes ``low`` and ``high``; ``range`` says the same two without a law and is
        sampled from the printed value outwards: half on each side, fewer towards the ends, so
        that the printed value is the median.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    law: Literal["normal", "lognormal", "uniform", "range"]
    sd: Annotated[float, Field(gt=0)] | None = None
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _has_what_its_law_needs(self) -> Self:
        wanted = {"sd"} if self.law in {"normal", "lognormal"} else {"low", "high"}
        given = {name for name in ("sd", "low", "high") if getattr(self, name) is not None}
        if given != wanted:
            raise ValueError(f"a {self.law} spread needs {' and '.join(sorted(wanted))}, no other")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError("low must be less than high")
        return self


class Source(BaseModel):
    """Where numbers come from.

    Parameters
    ----------
    title
        What it is, in a few words.
    where
        DOI, address, or a file of the project.
    year
        Year of publication, where there is one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    where: str
    year: int | None = None


class Record(BaseModel):
    """A number as printed.

    Parameters
    ----------
    about
        What it is, in words.
    printed
        The number as its source prints it; never converted beforehand.
    unit
        Its unit; ``"1"`` for a plain number.
    kind
        ``measured``, ``derived`` from measured ones, ``calibrated`` by a fit, or ``assumed``.
    source
        Key of the source in ``sources.toml``.
    where
        Place in the source: table, abstract, row of an evidence table.
    access
        Whether a person of the project saw the number in the source (``seen``), in somebody
        else's account (``seen_secondary``), recalled it (``recalled``), computed it (``derived``),
        or chose it (``chosen``).
    role
        ``calibrate`` may set a parameter; ``holdout`` may only test; ``context`` does neither;
        ``prior`` states a belief; ``definition`` fixes a convention.
    spread
        Its uncertainty or its variation, where known.
    doubts
        What speaks against it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    about: Annotated[str, Field(min_length=3)]
    printed: float
    unit: str
    kind: Literal["measured", "derived", "calibrated", "assumed"]
    source: str
    where: str = ""
    access: Literal["seen", "seen_secondary", "recalled", "derived", "chosen"]
    role: Literal["calibrate", "holdout", "context", "prior", "definition"]
    spread: Spread | None = None
    doubts: str = ""

    def si(self, unit: str) -> float:
        """Return the printed number in an SI unit such as ``"m^3"``.

        Raises
        ------
        ValueError
            If the record's unit is of another kind.
        """
        return self.printed * factor(self.unit, unit)
