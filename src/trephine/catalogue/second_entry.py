"""The second reader of published values: what to type unseen, and whether two readers agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType

from trephine.catalogue.cohorts import (
    FOLDER,
    Count,
    Dose,
    Endpoint,
    Study,
    checked,
    files,
    read,
    values,
)
from trephine.catalogue.load import SECOND
from trephine.catalogue.printed import Frozen, Number

HEAD = """\
# Second entry of published values. For each, take away the '#' and type what the source prints,
# from the source itself and never from the first entry; leave out what it does not print.
# Save it as {name}.toml in the folder second/{folder} of the catalogue's data.
"""
KEYS = ("printed", "low", "high", "unit", "events", "total")


class Entry(Frozen):
    """What a second reader typed of one value; an absent key was not printed."""

    printed: Number | None = None
    low: Number | None = None
    high: Number | None = None
    unit: str = ""
    events: tuple[Count, ...] = ()
    total: Count | None = None


def worksheet(studies: Mapping[str, Study]) -> str:
    """Return a TOML text with a place for every number of the studies, and without any of them.

    It names where to read, whom and what, as far as somebody must know to find the number. Values
    that are words are left out: there is nothing to type.
    """
    name = next(iter(studies)) if len(studies) == 1 else "<study>"
    return HEAD.format(name=name, folder=FOLDER) + "".join(_places(studies))


def _places(studies: Mapping[str, Study]) -> Iterator[str]:
    for key, study in studies.items():
        for arm, name, value in study.values():
            if not typed(value):
                continue
            what = value.what
            if isinstance(value, Endpoint) and value.time:
                what += f", at {value.time}"
            yield f'\n["{key}.{arm}.{name}"]\n'
            yield f"# read in {value.source}\n"
            yield f"# patients: {study.population}; {study.arms[arm].label}\n# value: {what}\n"
            yield "".join(f"# {word} =\n" for word in KEYS)


def typed(value: Dose | Endpoint) -> Entry | None:
    """Return what a second reader should find of a value, or nothing where it is words alone."""
    entry = Entry(
        printed=value.printed,
        low=value.low,
        high=value.high,
        unit=value.unit,
        events=value.events if isinstance(value, Endpoint) else (),
        total=value.total if isinstance(value, Endpoint) else None,
    )
    has_number = entry.printed is not None or entry.low is not None or entry.events
    return entry if has_number else None


@cache
def second_entries() -> Mapping[str, Entry]:
    """Return what the second reader typed, by id; places left empty are not there.

    Raises
    ------
    CatalogueError
        If a file is malformed; says the place.
    """
    found = {}
    for name, entry in files(SECOND, FOLDER):
        place = f"{SECOND}/{FOLDER}/{name}.toml"
        for key, value in read(entry, place).items():
            if value:
                found[key] = checked(Entry, value, f"{place}: {key}")
    return MappingProxyType(found)


def disagreements(studies: Mapping[str, Study], second: Mapping[str, Entry]) -> list[str]:
    """Return each value where the two readers do not agree, with both entries, in words."""
    first = values(studies)
    found = []
    for key, entry in sorted(second.items()):
        mine = typed(first[key]) if key in first else None
        if mine is None:
            found.append(f"{key}: the second reader has {_said(entry)}, the first nothing")
        elif mine != entry:
            found.append(f"{key}: first {_said(mine)}, second {_said(entry)}")
    return found


def provisional(studies: Mapping[str, Study], second: Mapping[str, Entry]) -> frozenset[str]:
    """Return the ids of numbers that no second reader has confirmed."""
    return frozenset(
        key
        for key, value in values(studies).items()
        if (mine := typed(value)) is not None and second.get(key) != mine
    )


def _said(entry: Entry) -> str:
    told = entry.model_dump(exclude_defaults=True)
    return ", ".join(f"{k} {v}" for k, v in told.items()) or "nothing"
