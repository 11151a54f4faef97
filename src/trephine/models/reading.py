"""Filling parameter classes from the catalogue: printed numbers, or samples of their spreads."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from trephine.catalogue.load import Catalogue
from trephine.catalogue.records import Record, Spread
from trephine.core.errors import CatalogueError
from trephine.core.units import Unit, factor


class Parameters(Protocol):
    """A frozen dataclass of floats, each annotated with its unit.

    ``SECTION`` names the section of the catalogue; a field ``name`` is filled from the record
    ``SECTION.name``. A field annotated ``Annotated[Mapping[str, float], Unit(...)]`` is filled
    from all records ``SECTION.name.*``, one whose type is a parameter class is filled from that
    class's section, and one annotated ``Mapping[str, C]`` with a parameter
    class ``C`` from the groups of section ``C.SECTION``.
    """

    SECTION: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Any]]


P = TypeVar("P", bound=Parameters)

MOST_ROUNDS = 200
"""Times that samples beyond a bound are drawn again before a spread is held to lie beyond it."""


@dataclass
class Reading:
    """Take numbers from the catalogue, printed or sampled, and note which were taken.

    Parameters
    ----------
    facts
        The catalogue.
    luck
        The luck of a record by its id; None for the numbers as printed. A record that keeps its
        own luck keeps its samples when another joins the catalogue.
    count
        How many samples of each number; None for one, as a plain float. With a count a number
        that has a spread is an array ``(sample,)``, any other stays a float.
    given
        Numbers in place of those of the catalogue, by record id, in the record's unit.
    used
        Numbers taken, by record id.
    """

    facts: Catalogue
    luck: Callable[[str], np.random.Generator] | None = None
    count: int | None = None
    given: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    used: dict[str, Any] = dataclasses.field(default_factory=dict)

    def number(self, identifier: str, unit: Unit) -> Any:  # noqa: ANN401
        """Return a record's number in SI, sampled once from its spread where luck is given.

        Raises
        ------
        CatalogueError
            If the record is unknown, of another kind, or beyond the bounds of the unit.
        """
        if identifier in self.used:
            return self.used[identifier]
        record = self.facts.record(identifier)
        try:
            scale = factor(record.unit, unit.si)
            if identifier in self.given:
                value = self.given[identifier] * scale
            else:
                rng = None if self.luck is None else self.luck(identifier)
                value = sampled(record, rng, self.count, unit) * scale
            for end in (np.min(value), np.max(value)):
                unit.check(float(end))
        except ValueError as error:
            raise CatalogueError(f"{identifier}: {error}") from None
        self.used[identifier] = value
        return value

    def fill(self, kind: type[P], section: str | None = None) -> P:
        """Return a parameter class filled from its section."""
        section = section or kind.SECTION
        hints = _hints(kind)
        values: dict[str, Any] = {}
        for field in dataclasses.fields(typing.cast("Any", kind)):
            values[field.name] = self._field(hints[field.name], f"{section}.{field.name}")
        return kind(**values)

    def _field(self, hint: Any, identifier: str) -> Any:  # noqa: ANN401
        if dataclasses.is_dataclass(hint):
            return self.fill(typing.cast("type[Any]", hint))
        unit = next((m for m in getattr(hint, "__metadata__", ()) if isinstance(m, Unit)), None)
        bare = typing.get_args(hint)[0] if hasattr(hint, "__metadata__") else hint
        if typing.get_origin(bare) is not Mapping:
            if unit is None:
                raise CatalogueError(f"{identifier}: the parameter has no unit")
            return self.number(identifier, unit)
        inner = typing.get_args(bare)[1]
        if unit is not None:
            names = self._names(identifier)
            return MappingProxyType({n: self.number(f"{identifier}.{n}", unit) for n in names})
        names = self._names(inner.SECTION)
        return MappingProxyType({n: self.fill(inner, f"{inner.SECTION}.{n}") for n in names})

    def _names(self, prefix: str) -> list[str]:
        names = sorted({key.split(".")[0] for key in self.facts.section(prefix)})
        if not names:
            raise CatalogueError(f"the catalogue has nothing under '{prefix}'")
        return names


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(kind, include_extras=True)


def sampled(
    record: Record,
    rng: np.random.Generator | None,
    count: int | None = None,
    unit: Unit | None = None,
) -> float | NDArray[np.float64]:
    """Return the printed number, or with luck samples of its spread, in the record's unit.

    A normal or lognormal law has no ends, a parameter may have some. A sample beyond them is
    drawn again, so the law is cut there and keeps its shape within; nothing is moved onto a
    bound. A law that states its own ends is taken at its word.

    Parameters
    ----------
    record
        The number and its spread.
    rng
        Luck; None for the printed number.
    count
        How many samples, (sample,); None for one, as a float.
    unit
        The parameter's unit with its bounds; None for no bounds.

    Raises
    ------
    CatalogueError
        If next to nothing of the law lies within the bounds.
    """
    spread = record.spread
    if rng is None or spread is None:
        return record.printed
    found = _law(record.printed, spread, rng, 1 if count is None else count)
    if spread.sd is not None and unit is not None:
        scale = factor(record.unit, unit.si)
        for _ in range(MOST_ROUNDS):
            (wrong,) = np.nonzero(_beyond(found * scale, unit))
            if not wrong.size:
                break
            found[wrong] = _law(record.printed, spread, rng, wrong.size)
        else:
            raise CatalogueError("next to nothing of the spread lies within the bounds")
    return float(found[0]) if count is None else found


def _law(
    printed: float, spread: Spread, rng: np.random.Generator, count: int
) -> NDArray[np.float64]:
    """Return samples of a law around the printed number, (sample,)."""
    if spread.sd is not None:
        deviates = rng.normal(0.0, spread.sd, count)
        return printed + deviates if spread.law == "normal" else printed * np.exp(deviates)
    if spread.low is None or spread.high is None:  # refused when the record was read
        raise CatalogueError("a spread without bounds")
    if spread.law == "uniform":
        return rng.uniform(spread.low, spread.high, count)
    return _around(printed, spread.low, spread.high, rng.uniform(-1.0, 1.0, count))


def _around(
    printed: float, low: float, high: float, chance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return samples from a middle outwards, ever fewer towards the ends of a range, (sample,).

    Half of them lie on each side, so that the middle is the median however lopsided the range;
    a middle at an end has all of them on the other side.

    Parameters
    ----------
    printed
        The middle, moved onto the range where it lies beyond.
    low, high
        Ends of the range.
    chance
        Evenly from -1 to 1, (sample,).
    """
    middle = min(max(printed, low), high)
    if middle in {low, high}:
        chance = np.abs(chance) * (1.0 if middle == low else -1.0)
    way = 1.0 - np.sqrt(1.0 - np.abs(chance))
    return middle + np.where(chance > 0.0, (high - middle) * way, (low - middle) * way)


def quantile(record: Record, below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values of a record's spread below which given shares of it lie, (sample,).

    In the record's unit, by the laws that :func:`sampled` draws from. Only a positive median and a
    lognormal law, or a law that states its own ends, is known here: what has no ends and may be
    cut by a bound of its parameter is refused.

    Parameters
    ----------
    record
        The number and its spread.
    below
        Shares, between 0 and 1 [-].

    Raises
    ------
    CatalogueError
        If the record has no spread, or a normal one.
    """
    spread, printed = record.spread, record.printed
    if spread is not None and spread.law == "lognormal" and spread.sd is not None:
        return np.asarray(printed * np.exp(spread.sd * ndtri(below)))
    if spread is None or spread.low is None or spread.high is None:
        raise CatalogueError("quantiles are known of lognormal, uniform and range spreads alone")
    if spread.law == "uniform":
        return np.asarray(spread.low + below * (spread.high - spread.low))
    one_sided = not spread.low < printed < spread.high
    falls = one_sided and printed >= spread.high
    chance = (1.0 - below if falls else below) if one_sided else 2.0 * below - 1.0
    return _around(printed, spread.low, spread.high, np.asarray(chance))


def _beyond(values: NDArray[np.float64], unit: Unit) -> NDArray[np.bool_]:
    """Return which values in SI a unit's bounds refuse, (sample,)."""
    wrong = ~np.isfinite(values)
    if unit.ge is not None:
        wrong |= values < unit.ge
    if unit.gt is not None:
        wrong |= values <= unit.gt
    if unit.le is not None:
        wrong |= values > unit.le
    return wrong
