"""Places: what a text such as ``site.gap.width`` points to in a case."""

from __future__ import annotations

import typing
from typing import Any

from pydantic.fields import FieldInfo

from trephine.case.case import Case
from trephine.case.document import Document
from trephine.core.errors import did_you_mean
from trephine.core.units import Unit


def value_at(case: Case, place: str) -> Any:  # noqa: ANN401  (whatever a case holds)
    """Return what a case holds at a place, quantities in SI.

    Raises
    ------
    LookupError
        In words for a person, if a case knows no such place.
    """
    return _walked(case, place)[0]


def unit_at(case: Case, place: str) -> Unit | None:
    """Return the unit of the quantity at a place, or None where something else stands.

    Raises
    ------
    LookupError
        In words for a person, if a case knows no such place.
    """
    value, field = _walked(case, place)
    return None if isinstance(value, (list, Document)) else _unit(field)


def is_flag_at(case: Case, place: str) -> bool:
    """Return whether yes or no stands at a place."""
    return _walked(case, place)[1].annotation is bool


def places(here: object, start: str = "") -> list[str]:
    """Return every place of a document, tables and lists themselves included."""
    found: list[str] = []
    below: list[tuple[str, object]] = []
    if isinstance(here, Document):
        below = [(name, getattr(here, name)) for name in type(here).model_fields]
    elif isinstance(here, list):
        below = [(str(number), entry) for number, entry in enumerate(here)]
    for name, value in below:
        place = f"{start}{name}"
        found += [place, *places(value, f"{place}.")]
    return found


def put(document: dict[str, Any], place: str, value: object) -> None:
    """Put a value at a place of a case as it is written.

    Raises
    ------
    LookupError
        In words for a person, if there is nothing that holds the place.
    """
    *way, last = place.split(".")
    here: Any = document
    for step in way:
        here = _entry(here, step)
    if isinstance(here, dict):
        here[last] = value
    else:
        _entry(here, last)
        here[int(last)] = value


def _entry(here: Any, step: str) -> Any:  # noqa: ANN401
    if isinstance(here, dict) and step in here:
        return here[step]
    if isinstance(here, list) and step.isdecimal() and int(step) < len(here):
        return here[int(step)]
    raise LookupError(f"there is nothing at this place that could vary: no '{step}'")


def _walked(case: Case, place: str) -> tuple[Any, FieldInfo]:
    """Return the value at a place and the field that says what it may be."""
    here: Any = case
    field: FieldInfo | None = None
    for step in place.split("."):
        if isinstance(here, Document) and step in type(here).model_fields:
            field = type(here).model_fields[step]
            here = getattr(here, step)
        elif isinstance(here, list) and step.isdecimal() and int(step) < len(here):
            here = here[int(step)]
        else:
            raise LookupError(f"the case has no such place; {did_you_mean(place, places(case))}")
    if field is None:  # a text always has a first step
        raise LookupError("the case has no such place")
    return here, field


def _unit(field: FieldInfo) -> Unit | None:
    pending: list[Any] = [field.annotation]
    marks: list[Any] = list(field.metadata)
    while pending:
        item = pending.pop()
        marks += getattr(item, "__metadata__", ())
        pending.extend(typing.get_args(item))
    return next((mark for mark in marks if isinstance(mark, Unit)), None)
