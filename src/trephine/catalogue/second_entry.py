"""The second reader of published values: what to type unseen, and whether two readers agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType

from trephine.catalogue import cohorts, effects
from trephine.catalogue.cohorts import Count, Endpoint, Study, checked, files, read
from trephine.catalogue.effects import Effects, Harm
from trephine.catalogue.load import SECOND
from trephine.catalogue.printed import Frozen, Number, Printed

HEAD = """\
# Second entry of published values. For each, take away the '#' and type what the source prints,
# from the source itself and never from the first entry; leave out what it does not print.
# Save it as {name}.toml in the folder second/{folder} of the catalogue's data.
"""
KEYS = ("printed", "low", "high", "unit", "events", "total", "sd", "ends")


class Entry(Frozen):
    """What a second reader typed of one value; an absent key was not printed.

    ``low`` and ``high`` are a range that is the value itself; ``ends`` are those of the range,
    quartiles or interval that stands beside a value, as ``sd`` does.
    """

    printed: Number | None = None
    low: Number | None = None
    high: Number | None = None
    unit: str = ""
    events: tuple[Count, ...] = ()
    total: Count | None = None
    sd: Number | None = None
    ends: tuple[Number, ...] = ()


def worksheet(studies: Mapping[str, Study]) -> str:
    """Return a TOML text with a place for every number of the studies, and without any of them.

    It names where to read, whom and what, as far as somebody must know to find the number. Values
    that are words are left out: there is nothing to type.
    """
    name = next(iter(studies)) if len(studies) == 1 else "<study>"
    return HEAD.format(name=name, folder=cohorts.FOLDER) + "".join(_places(studies))


def worksheet_of_effects(found: Effects, table: str) -> str:
    """Return a TOML text with a place for every number of a table of effects, none of them shown.

    A table is one of ``risk_factors``, ``harms`` and ``least_differences``.
    """
    entries = {k: v for k, v in effects.values(found).items() if k.startswith(f"{table}.")}
    places = (
        _place(key, value, f"# value: {value.what}")
        for key, value in entries.items()
        if typed(value)
    )
    return HEAD.format(name=table, folder=effects.FOLDER) + "".join(places)


def _places(studies: Mapping[str, Study]) -> Iterator[str]:
    for key, study in studies.items():
        for arm, name, value in study.values():
            if not typed(value):
                continue
            what = value.what
            if isinstance(value, Endpoint) and value.time:
                what += f", at {value.time}"
            whom = f"# patients: {study.population}; {study.arms[arm].label}"
            yield _place(f"{key}.{arm}.{name}", value, f"{whom}\n# value: {what}")


def _place(key: str, value: Printed, asked: str) -> str:
    blanks = "".join(f"# {word} =\n" for word in KEYS)
    return f'\n["{key}"]\n# read in {value.source}\n{asked}\n{blanks}'


def typed(value: Printed) -> Entry | None:
    """Return what a second reader should find of a value, or nothing where it is words alone."""
    events: tuple[int, ...] = ()
    total = None
    if isinstance(value, Endpoint):
        events, total = value.events, value.total
    elif isinstance(value, Harm):
        events, total = () if value.events is None else (value.events,), value.total
    entry = Entry(
        printed=value.printed,
        low=value.low,
        high=value.high,
        unit=value.unit,
        events=events,
        total=total,
        sd=next((s.value for s in value.spread if s.kind == "sd"), None),
        ends=tuple(x for s in value.spread for x in (s.low, s.high) if x is not None),
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
    for folder in (cohorts.FOLDER, effects.FOLDER):
        for name, entry in files(SECOND, folder):
            place = f"{SECOND}/{folder}/{name}.toml"
            for key, value in read(entry, place).items():
                if value:
                    found[key] = checked(Entry, value, f"{place}: {key}")
    return MappingProxyType(found)


def first_entries() -> dict[str, Printed]:
    """Return every published value by its id as it was first entered, of cohorts and effects."""
    return {**cohorts.values(cohorts.cohorts()), **effects.values(effects.effects())}


def disagreements(first: Mapping[str, Printed], second: Mapping[str, Entry]) -> list[str]:
    """Return each value where the two readers do not agree, with both entries, in words."""
    found = []
    for key, entry in sorted(second.items()):
        mine = typed(first[key]) if key in first else None
        if mine is None:
            found.append(f"{key}: the second reader has {_said(entry)}, the first nothing")
        elif mine != entry:
            found.append(f"{key}: first {_said(mine)}, second {_said(entry)}")
    return found


def provisional(first: Mapping[str, Printed], second: Mapping[str, Entry]) -> frozenset[str]:
    """Return the ids of numbers that no second reader has confirmed."""
    return frozenset(
        key
        for key, value in first.items()
        if (mine := typed(value)) is not None and second.get(key) != mine
    )


def _said(entry: Entry) -> str:
    told = entry.model_dump(exclude_defaults=True)
    return ", ".join(f"{k} {v}" for k, v in told.items()) or "nothing"
