"""Reading the catalogue: data files into records, with digest and how far each was read twice."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError

from trephine.catalogue.records import Record, Source
from trephine.core import digest
from trephine.core.errors import CatalogueError, did_you_mean

T = TypeVar("T", Record, Source)

SECOND = "second"
"""Folder of the numbers as a second reader typed them, without sight of the first entry."""


@dataclass(frozen=True)
class Catalogue:
    """Every record by id, ``section.name`` or ``section.group.name``.

    Parameters
    ----------
    records
        Records by id.
    sources
        Sources by key.
    second
        Number and unit by id, as the second reader typed them.
    """

    records: Mapping[str, Record]
    sources: Mapping[str, Source]
    second: Mapping[str, tuple[float, str]]

    def record(self, identifier: str) -> Record:
        """Return a record, or raise CatalogueError naming the nearest known id."""
        if identifier not in self.records:
            hint = did_you_mean(identifier, self.records)
            raise CatalogueError(f"the catalogue has no record '{identifier}'; {hint}")
        return self.records[identifier]

    def section(self, name: str) -> dict[str, Record]:
        """Return the records of a section by the rest of their id."""
        prefix = f"{name}."
        return {k.removeprefix(prefix): r for k, r in self.records.items() if k.startswith(prefix)}

    def calibration(self) -> dict[str, Record]:
        """Return the records that may set a parameter by a fit, and no others."""
        return {key: r for key, r in self.records.items() if r.role == "calibrate"}

    @cached_property
    def chosen(self) -> frozenset[str]:
        """Ids of choices that no source prints: assumptions, with nothing to read twice."""
        return frozenset(
            key
            for key, record in self.records.items()
            if record.access == "chosen" and key not in self.second
        )

    @cached_property
    def provisional(self) -> frozenset[str]:
        """Ids of records, other than choices, that no second reader has confirmed."""
        return frozenset(
            key
            for key, record in self.records.items()
            if key not in self.chosen and self.second.get(key) != (record.printed, record.unit)
        )

    @cached_property
    def digest(self) -> str:
        """Content name of all records."""
        return digest.of_document({k: r.model_dump(mode="json") for k, r in self.records.items()})


@cache
def catalogue() -> Catalogue:
    """Return the catalogue that ships with the program.

    Raises
    ------
    CatalogueError
        If a data file is malformed or a record names an unknown source.
    """
    folder = resources.files("trephine.catalogue") / "data"
    records: dict[str, Record] = {}
    sources: dict[str, Source] = {}
    second: dict[str, tuple[float, str]] = {}
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if not entry.name.endswith(".toml"):
            continue
        data = tomllib.loads(entry.read_text(encoding="utf-8"))
        name = entry.name.removesuffix(".toml")
        if name == "sources":
            sources = {
                key: _checked(Source, value, f"sources.{key}") for key, value in data.items()
            }
        else:
            records.update(
                {key: _checked(Record, value, key) for key, value in _leaves(data, name, "printed")}
            )
    for entry in (folder / SECOND).iterdir():
        if entry.name.endswith(".toml"):
            data = tomllib.loads(entry.read_text(encoding="utf-8"))
            for key, value in _leaves(data, entry.name.removesuffix(".toml"), "printed"):
                second[key] = (float(value["printed"]), str(value["unit"]))
    for key, record in records.items():
        if record.source not in sources:
            hint = did_you_mean(record.source, sources)
            raise CatalogueError(f"{key} names the unknown source '{record.source}'; {hint}")
    return Catalogue(MappingProxyType(records), MappingProxyType(sources), MappingProxyType(second))


def _leaves(data: Mapping[str, Any], path: str, mark: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the tables that hold ``mark``, each with its dotted id."""
    found: list[tuple[str, dict[str, Any]]] = []
    for key, value in data.items():
        if not isinstance(value, dict):
            raise CatalogueError(f"{path}.{key}: a record is a table, not {value!r}")
        here = f"{path}.{key}"
        found.extend([(here, value)] if mark in value else _leaves(value, here, mark))
    return found


def _checked(kind: type[T], data: object, name: str) -> T:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        what = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise CatalogueError(f"{name}: {what}") from None
