"""What a published value is: a number, a bound, a range or words, as its source prints it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from trephine.catalogue.vocabulary import Access, Role

Number = Annotated[int | float, Field(allow_inf_nan=False)]
"""A number as typed; ``70`` and ``70.0`` are not the same, for one of them names a decimal."""

SIGNS = {"": "", "<": "<", "<=": "≤", ">": ">", ">=": "≥", "~": "about "}
LEADING = re.compile(
    r"(?P<months>\d+(?:\.\d+)?) (?:months|mo)\b|(?P<weeks>\d+(?:\.\d+)?) (?:weeks|wk)\b"
    r"|(?P<years>\d+(?:\.\d+)?) (?:years|y)\b|(?P<days>\d+(?:\.\d+)?) (?:days|d)\b"
)
DAYS = {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12.0, "years": 365.25}


class Frozen(BaseModel):
    """What cannot change and takes no unknown key."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Spread(Frozen):
    """How far values spread or how sure a value is, in the unit of the value.

    Parameters
    ----------
    kind
        ``sd`` takes ``value``; ``range``, ``quartiles``, ``interval of 95 %`` and ``interval``
        (whose level its source does not tell) take ``low`` and ``high``.
    value, low, high
        Numbers as printed.
    """

    kind: Literal["sd", "range", "quartiles", "interval of 95 %", "interval"]
    value: Number | None = None
    low: Number | None = None
    high: Number | None = None

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        wanted = {"value"} if self.kind == "sd" else {"low", "high"}
        given = {name for name in ("value", "low", "high") if getattr(self, name) is not None}
        if given != wanted:
            raise ValueError(f"a spread by {self.kind} takes {' and '.join(sorted(wanted))}")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("low must not be above high")
        return self

    def __str__(self) -> str:
        if self.kind == "sd":
            return f"sd {self.value}"
        return f"{self.kind} {self.low} to {self.high}"


class Printed(Frozen):
    """A value as its source prints it, and everything needed to judge it.

    Parameters
    ----------
    printed
        The number; absent where the source gives a range or words.
    sign
        What stands before the number: a bound such as ``<=``, or ``~`` for about.
    low, high
        A range that is the value itself, as of a review that gives no mean.
    words
        What the source says in place of a number.
    unit
        Unit as printed, ``%`` for a share of a hundred; a score has ``points``.
    scale
        Ends of the scale of a score.
    statistic
        What the number is of a group, where the source says it.
    spread
        One or more spreads.
    p
        The test of significance, as printed.
    source
        Where it was read: identifiers and addresses.
    where
        Row of the evidence table.
    access
        Whether it was seen in its source, in another's account, or is remembered.
    confidence
        How sure the reader was of the entry, 0 to 1.
    role
        ``calibrate`` may set a parameter; ``holdout`` only tests; ``context`` does neither.
    note
        What else belongs to it.
    """

    printed: Number | None = None
    sign: Literal["", "<", "<=", ">", ">=", "~"] = ""
    low: Number | None = None
    high: Number | None = None
    words: str = ""
    unit: str = ""
    scale: tuple[Number, Number] | None = None
    statistic: Literal["mean", "median"] | None = None
    spread: tuple[Spread, ...] = ()
    p: str = ""
    source: str = ""
    where: str
    access: Access
    confidence: Annotated[float, Field(gt=0, le=1)]
    role: Role
    note: str = ""

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        is_range = self.low is not None or self.high is not None
        if (self.printed is not None) + is_range + bool(self.words) != 1:
            raise ValueError("give one of a number, a range and words")
        if is_range and (self.low is None or self.high is None or self.low > self.high):
            raise ValueError("a range needs low and high, in this order")
        if self.sign and self.printed is None:
            raise ValueError("a sign needs a number")
        if self.printed is not None and not self.unit:
            raise ValueError("a number needs a unit")
        return self

    @property
    def what(self) -> str:
        """What the value is of, in one piece of text."""
        return ""

    @property
    def value(self) -> str:
        """What is printed, in one piece of text."""
        if self.words:
            return self.words
        number = (
            f"{self.low} to {self.high}"
            if self.printed is None
            else f"{SIGNS[self.sign]}{self.printed}"
        )
        scale = "" if self.scale is None else f" of {self.scale[0]} to {self.scale[1]}"
        number = f"{number} ({self.statistic})" if self.statistic == "median" else number
        return number if self.unit == "1" else f"{number} {self.unit}{scale}"

    @property
    def certainty(self) -> str:
        """Spread and test of significance, in one piece of text."""
        return "; ".join(part for part in (*map(str, self.spread), self.p) if part)


def rounding(number: float) -> float:
    """Return half a unit of the last decimal that a number was printed with."""
    exponent = Decimal(repr(number)).as_tuple().exponent
    return 0.5 * 10.0 ** min(int(exponent), 0)


def days(time: str) -> float | None:
    """Return a printed time in days, or nothing where it names no one number.

    ``"baseline"`` is 0; ``"11 mo (6-30)"`` its first number; ``"final"`` and ``"5-10 y"`` nothing.
    """
    if time == "baseline":
        return 0.0
    found = LEADING.match(time)
    if found is None:
        return None
    unit = str(found.lastgroup)
    return float(found[unit]) * DAYS[unit]
