"""Parameters: every number a model uses, filled from the catalogue by name, and its spread."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, Self, TypeVar

import numpy as np

from trephine.catalogue.load import Catalogue, catalogue
from trephine.catalogue.records import Record
from trephine.core import digest
from trephine.core.errors import CatalogueError
from trephine.core.units import Unit, factor
from trephine.models.aspiration import AspirationParameters
from trephine.models.callus import in_engine_units
from trephine.models.healing import HealParameters
from trephine.models.injection import InjectionParameters
from trephine.models.scores import FollowParameters
from trephine.models.separation import ProcessParameters
from trephine.models.signal import has_threshold


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

MOST_DRAWS = 1000
"""Samples of the spreads after which a draw gives up."""


@dataclass
class Reading:
    """Take numbers from the catalogue, printed or sampled, and note which were taken."""

    facts: Catalogue
    rng: np.random.Generator | None = None
    used: dict[str, float] = dataclasses.field(default_factory=dict)

    def number(self, identifier: str, unit: Unit) -> float:
        """Return a record's number in SI, sampled once from its spread where luck is given."""
        if identifier in self.used:
            return self.used[identifier]
        record = self.facts.record(identifier)
        try:
            scale = factor(record.unit, unit.si)
            value = sampled(record, self.rng) * scale
            unit.check(value)
        except ValueError as error:
            raise CatalogueError(f"{identifier}: {error}") from None
        self.used[identifier] = value
        return value

    def fill(self, kind: type[P], section: str | None = None) -> P:
        """Return a parameter class filled from its section."""
        section = section or kind.SECTION
        hints = typing.get_type_hints(kind, include_extras=True)
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


def sampled(record: Record, rng: np.random.Generator | None) -> float:
    """Return the printed number, or with luck a sample of its spread, in the record's unit."""
    spread = record.spread
    if rng is None or spread is None:
        return record.printed
    if spread.sd is not None:
        deviate = float(rng.normal(0.0, spread.sd))
        if spread.law == "normal":
            return record.printed + deviate
        return record.printed * float(np.exp(deviate))
    if spread.low is None or spread.high is None:  # refused when the record was read
        raise CatalogueError("a spread without bounds")
    if spread.law == "uniform":
        return float(rng.uniform(spread.low, spread.high))
    return float(
        rng.triangular(spread.low, min(max(record.printed, spread.low), spread.high), spread.high)
    )


@dataclass(frozen=True)
class Beliefs:
    """Every parameter of a run, with the records they came from.

    Parameters
    ----------
    harvest, process, deliver, heal, follow
        One frozen parameter class a stage.
    used
        Number in SI by record id.
    catalogue_digest
        Content name of the catalogue they came from.
    provisional
        Ids of used records that no second reader has confirmed.
    """

    harvest: AspirationParameters
    process: ProcessParameters
    deliver: InjectionParameters
    heal: HealParameters
    follow: FollowParameters
    used: Mapping[str, float]
    catalogue_digest: str
    provisional: tuple[str, ...]

    @classmethod
    def printed(cls, facts: Catalogue | None = None) -> Self:
        """Return the parameters as their sources print them."""
        return cls._read(Reading(facts or catalogue()))

    @classmethod
    def draw(cls, rng: np.random.Generator, facts: Catalogue | None = None) -> Self:
        """Return parameters sampled from every stated spread, jointly possible ones only.

        The spreads of single numbers know nothing of each other. A sample in which the untreated
        non-union would heal by itself, or no dose could help, contradicts what the site is, and
        is drawn again.

        Raises
        ------
        CatalogueError
            If the spreads leave next to nothing possible.
        """
        for _ in range(MOST_DRAWS):
            sampled_beliefs = cls._read(Reading(facts or catalogue(), rng))
            if has_threshold(in_engine_units(sampled_beliefs.heal.callus)):
                return sampled_beliefs
        raise CatalogueError(f"no possible parameters in {MOST_DRAWS} samples of the spreads")

    @classmethod
    def _read(cls, reading: Reading) -> Self:
        return cls(
            harvest=reading.fill(AspirationParameters),
            process=reading.fill(ProcessParameters),
            deliver=reading.fill(InjectionParameters),
            heal=reading.fill(HealParameters),
            follow=reading.fill(FollowParameters),
            used=MappingProxyType(dict(reading.used)),
            catalogue_digest=reading.facts.digest,
            provisional=tuple(sorted(set(reading.used) & reading.facts.provisional)),
        )

    @property
    def digest(self) -> str:
        """Content name of the numbers used."""
        return digest.of_document(dict(self.used))
