"""Units at the door: text with a unit becomes a plain SI float; nothing else imports pint."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

if TYPE_CHECKING:
    from pint import UnitRegistry

KINDS = {
    "m": ("length", "4 mm"),
    "m^2": ("area", "5 cm^2"),
    "m^3": ("volume", "4 mL"),
    "m^3/s": ("flow", "10 mL/min"),
    "m^2/s": ("diffusivity", "0.3 mm^2/d"),
    "s": ("duration", "2 wk"),
    "1/s": ("rate", "0.5 1/d"),
    "kg": ("mass", "70 kg"),
    "kg/m^3": ("mass density", "1.06 g/cm^3"),
    "1/m^3": ("number density", "1000 1/mL"),
    "rad": ("angle", "10 deg"),
    "N": ("force", "700 N"),
    "N/m": ("stiffness", "2000 N/mm"),
    "N*m": ("moment", "10 N*m"),
    "N*m/rad": ("rotational stiffness", "0.5 N*m/deg"),
    "Pa": ("pressure", "40 mmHg"),
    "Pa*s": ("viscosity", "4 mPa*s"),
    "1/m": ("attenuation", "0.2 1/cm"),
    "m/s": ("speed", "0.3 mm/d"),
    "m^3/kg": ("volume by mass", "5 mL/kg"),
    "m^2/kg": ("area by mass", "0.2 cm^2/g"),
    "kg/m^2": ("mass by area", "25 kg/m^2"),
    "kg/s": ("mass by time", "10 g/d"),
    "1": ("plain number", "0.4"),
}

# A number, then a unit made of names: "4 mL", "1000 1/mL", "0.3 mm^2/d". Nothing is computed for a
# person: pint alone would read "4,5 mL" as 45 mL and work out "9**9**9 mm".
NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?"
# As laboratories print them: "6.2 x10^9/L", "6.2 10^9/L", "24 million/mL".
DIGITS = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"
TIMES = (
    rf"(?: | ?[x\u00d7\u00b7*] ?)10(?:(?:\^|\*\*|[eE])[+-]?\d{{1,2}}|[{DIGITS}]{{1,2}})"
    r"| ?(?:thousand|million)(?![A-Za-z])"
)
NAME = r"[A-Za-z\u00b5\u03bc\u00b0%_]{1,30}(?:(?:\^|\*\*)-?\d|[\u00b2\u00b3])?"
QUANTITY = re.compile(
    rf"(?P<number>{NUMBER})(?P<times>{TIMES})? ?"
    rf"(?P<unit>(?:(?:1? ?/ ?)?{NAME}(?: ?[*/ ] ?{NAME})*)?)",
    re.ASCII,
)
COMMA = re.compile(r"(?P<whole>[+-]?\d{1,12}),(?P<part>\d{1,12})(?P<rest>[^,]*)", re.ASCII)
"""A number with one comma: of decimals or of thousands, which nobody can know."""
COUNTS = {
    **dict.fromkeys(("K/\u00b5L", "K/\u03bcL", "K/uL"), "1e3/uL"),
    **dict.fromkeys(("M/\u00b5L", "M/\u03bcL", "M/uL"), "1e6/uL"),
    **dict.fromkeys(("G/L", "G/l", "Gpt/L", "Gpt/l", "Giga/L", "Giga/l"), "1e9/L"),
    **dict.fromkeys(("T/L", "T/l", "Tpt/L", "Tpt/l", "Tera/L", "Tera/l"), "1e12/L"),
}
"""How laboratories print counts of cells by volume; elsewhere G is gauss, T tesla and K kelvin."""

LEAST_PERCENT = 10.0
"""From where on a share above one is taken for one in per cent."""


@cache
def registry() -> UnitRegistry[Any]:
    """Return the one unit registry, exact in decimals, with cells and colonies as plain numbers."""
    import pint  # noqa: PLC0415  (over a second to import; wanted only where text is parsed)

    units: UnitRegistry[Any] = pint.UnitRegistry(cache_folder=None, non_int_type=Decimal)
    units.define("cell = 1 = _ = cells")
    units.define("CFU = 1")
    units.define("@alias week = wk = weeks")
    units.define("@alias month = mo = months")
    return units


def factor(unit: str, si: str) -> float:
    """Return the factor that takes a value in ``unit`` to the SI unit ``si``.

    An angle is a kind of its own: degrees are no plain number.

    Raises
    ------
    ValueError
        If the two units do not measure the same thing or one is unknown.
    """
    return float(_factor(unit, si))


@cache
def _factor(unit: str, si: str) -> Decimal:
    kind, example = kind_of(si)
    if si == "1/m^3":
        unit = COUNTS.get(unit.replace(" ", ""), unit)
    try:
        given, wanted = _one(unit), _one(si)
        value: Decimal = given.to(wanted.units).magnitude / wanted.magnitude
        alike = _turns(given) == _turns(wanted)
    # Whatever pint raises on a text (its own errors, tokenize's, arithmetic's), it is no unit.
    except Exception as e:
        raise ValueError(f"'{unit}' is not {kind}; write for example '{example}'") from e
    if not alike:
        raise ValueError(f"'{unit}' is not {kind}; write for example '{example}'")
    return value


def _one(unit: str) -> Any:  # noqa: ANN401
    return registry().Quantity("1" if unit in {"", "1", "-"} else f"1 {unit}")


def _turns(quantity: Any) -> object:  # noqa: ANN401
    """Return the power of the angle in a quantity, which pint holds to be no dimension."""
    return dict(quantity.to_root_units().unit_items()).get("radian", 0)


def kind_of(si: str, shown: str = "") -> tuple[str, str]:
    """Return what an SI unit measures, with its article, and an example in the unit shown."""
    kind, example = KINDS.get(si, (f"quantity in {si}", f"1 {si}"))
    if si != "1" and shown and example.split(maxsplit=1)[1] != shown:
        example = f"10 {shown}"
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}", example


def to_si(text: str, si: str, shown: str = "") -> float:
    """Return the value of a text such as ``"4 mL"`` in the SI unit ``si``.

    Parameters
    ----------
    text
        A number and its unit.
    si
        The unit of the answer, for example ``"m^3"``; ``"1"`` for a plain number.
    shown
        The unit of the example in a message, where it matters.

    Raises
    ------
    ValueError
        In words for a person, when the unit is missing, unknown or of another kind.
    """
    kind, example = kind_of(si, shown)
    read = QUANTITY.fullmatch(" ".join(text.split()))
    if read is None:
        told = _comma(text) or f"write for example '{example}'"
        raise ValueError(f"'{text}' is not {kind}; {told}")
    if not read["unit"] and si != "1":
        raise ValueError(f"write the unit, for example '{example}'")
    try:
        number = Decimal(read["number"]) * _power(read["times"] or "")
        return float(number * _factor(read["unit"], si))
    except ValueError as e:
        raise ValueError(f"'{text}' is not {kind}; write for example '{example}'") from e


def _power(times: str) -> Decimal:
    """Return the power of ten that follows a number."""
    words = {"": 1, "thousand": 1_000, "million": 1_000_000}
    if times.strip() in words:
        return Decimal(words[times.strip()])
    exponent = (
        times.partition("10")[2].translate(str.maketrans(DIGITS, "0123456789")).lstrip("^*eE")
    )
    return Decimal(1).scaleb(int(exponent))


def _comma(text: str) -> str:
    """Return what to write for a number with a comma; empty where there is none."""
    read = COMMA.fullmatch(" ".join(text.split()))
    if read is None:
        return ""
    point = f"'{read['whole']}.{read['part']}{read['rest']}'"
    if len(read["part"]) == 3:  # one thousand and a half, or fifteen hundred
        return f"write for example {point} or '{read['whole']}{read['part']}{read['rest']}'"
    return f"write a decimal point, for example {point}"


def in_unit(value: float, si: str, unit: str) -> float:
    """Return an SI value expressed in another unit of the same kind."""
    return float(Decimal(value) / _factor(unit, si))


@cache
def base_factor(unit: str) -> float:
    """Return the factor that takes a value in any known unit to SI base units."""
    return float(_one(unit).to_base_units().magnitude)


@dataclass(frozen=True)
class Unit:
    """The unit of a float: SI inside, parsed from text at the door, shown in ``shown``.

    As an annotation on a pydantic field it refuses a bare number (unless the field is a plain
    number), refuses another dimension, and checks the bounds, which are in SI.

    Parameters
    ----------
    si
        Unit of the stored float.
    shown
        Unit used when the value is written back for a person.
    ge, gt, le
        Bounds in SI: at least, more than, at most.
    """

    si: str
    shown: str
    ge: float | None = None
    gt: float | None = None
    le: float | None = None

    def read(self, given: object) -> float:
        """Return the SI float of what a document holds, or raise ValueError in plain words."""
        kind, example = kind_of(self.si, self.shown)
        if isinstance(given, bool) or not isinstance(given, (str, int, float)):
            raise ValueError(f"write {kind}, for example '{self._within(example)}'")  # noqa: TRY004
        if isinstance(given, str):
            value = to_si(given, self.si, self.shown)
        elif self.si == "1":
            try:
                value = float(given)
            except OverflowError:  # a whole number of hundreds of digits
                value = math.inf
        else:
            raise ValueError(f"write the unit, for example '{self._within(example)}'")
        if not math.isfinite(value):
            raise ValueError("must be a finite number")
        self.check(value)
        return value

    def _within(self, example: str) -> str:
        """Return an example that the bounds allow: itself, or else the bound that it breaks."""
        value = to_si(example, self.si)
        if self.ge is not None and value < self.ge:
            return self.about(self.ge)
        return self.about(self.le) if self.le is not None and value > self.le else example

    def check(self, value: float) -> None:
        """Raise ValueError in plain words when an SI value is out of bounds."""
        if self.ge is not None and value < self.ge:
            raise ValueError(f"must be at least {self.about(self.ge)}")
        if self.gt is not None and value <= self.gt:
            raise ValueError(f"must be more than {self.about(self.gt)}")
        if self.le is not None and value > self.le:
            hint = (
                f"; for {value:g} in a hundred write '{value:g} %'"
                if self._like_percent(value)
                else ""
            )
            raise ValueError(f"must be at most {self.about(self.le)}{hint}")

    def _like_percent(self, value: float) -> bool:
        """Return whether a share may have been written in per cent without its sign."""
        return self.si == "1" and self.le == 1.0 and LEAST_PERCENT <= value <= 100.0

    def about(self, bound: float) -> str:
        """Return a bound for a person, in five digits."""
        number = f"{in_unit(bound, self.si, self.shown):.5g}"
        return number if self.is_plain else f"{number} {self.shown}"

    def write(self, value: float) -> str:
        """Return an SI value as text that :meth:`read` takes back, the same to the last bit."""
        scale = Decimal(1) if self.is_plain else _factor(self.shown, self.si)
        exact = Decimal(value) / scale
        texts = (f"{float(exact):.12g}", repr(float(exact)), str(exact))
        number = next(text for text in texts if float(Decimal(text) * scale) == value)
        return number if self.is_plain else f"{number} {self.shown}"

    @property
    def is_plain(self) -> bool:
        """Whether the value is a plain number, written without a unit."""
        return self.si == "1" and self.shown == "1"

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Tell pydantic how to read and write the field."""
        del source, handler
        return core_schema.no_info_plain_validator_function(
            self.read,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda value: value if value is None or self.is_plain else self.write(value)
            ),
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe the field in the JSON Schema of the document."""
        del schema, handler
        kind, example = kind_of(self.si, self.shown)
        if self.si == "1":
            return {"type": ["number", "string"], "description": kind, "examples": [0.4, "40 %"]}
        return {"type": "string", "description": f"{kind} with its unit", "examples": [example]}


def written(text: str) -> Any:  # noqa: ANN401
    """Return a default as a person would write it; the document reads it like any other value."""
    return text


Length = Annotated[float, Unit("m", "mm", gt=0)]
Offset = Annotated[float, Unit("m", "mm")]
Area = Annotated[float, Unit("m^2", "mm^2", ge=0)]
Volume = Annotated[float, Unit("m^3", "mL", gt=0)]
VolumeOrNone = Annotated[float, Unit("m^3", "mL", ge=0)]
Flow = Annotated[float, Unit("m^3/s", "mL/min", gt=0)]
Diffusivity = Annotated[float, Unit("m^2/s", "mm^2/d", ge=0)]
Duration = Annotated[float, Unit("s", "d", ge=0)]
Rate = Annotated[float, Unit("1/s", "1/d", ge=0)]
Mass = Annotated[float, Unit("kg", "kg", gt=0)]
MassDensity = Annotated[float, Unit("kg/m^3", "g/cm^3", gt=0)]
NumberDensity = Annotated[float, Unit("1/m^3", "1/mL", ge=0)]
Angle = Annotated[float, Unit("rad", "deg")]
Force = Annotated[float, Unit("N", "N", ge=0)]
Stiffness = Annotated[float, Unit("N/m", "N/mm", ge=0)]
RotationalStiffness = Annotated[float, Unit("N*m/rad", "N*m/deg", ge=0)]
Pressure = Annotated[float, Unit("Pa", "kPa", ge=0)]
Modulus = Annotated[float, Unit("Pa", "MPa", ge=0)]
Viscosity = Annotated[float, Unit("Pa*s", "mPa*s", gt=0)]
Attenuation = Annotated[float, Unit("1/m", "1/cm", ge=0)]
Number = Annotated[float, Unit("1", "1")]
Positive = Annotated[float, Unit("1", "1", gt=0)]
Fraction = Annotated[float, Unit("1", "1", ge=0, le=1)]
