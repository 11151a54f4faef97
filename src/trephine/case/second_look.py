"""A second look at a refused document, so that one wrong value hides no other problem.

A check of a whole document runs only when every part of it can be read: a gap without its unit
would hide that the nail is too wide. Here every check runs that needs none of the wrong values.
"""

from __future__ import annotations

import contextlib
import difflib
import typing
from collections.abc import Callable, Iterator
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from trephine.case.tags import members, tag_of, told

Place = tuple[str | int, ...]
Found = list[tuple[Place, str]]


class _UnreadableError(Exception):
    """Raise where not even a part of a value can be read."""


def overlooked(kind: type[BaseModel], data: object) -> Found:
    """Return what the checks of a refused document find, each with its place.

    What was found at first is among it. A check that asks for a value that is wrong, or for one
    that is missing, is left for the next time.

    Parameters
    ----------
    kind
        The class of the document.
    data
        Plain data, as read from a file.
    """
    found: Found = []
    if isinstance(data, dict):
        _look(kind, data, (), found)
    return found


def _look(kind: type[BaseModel], data: dict[str, Any], place: Place, found: Found) -> BaseModel:
    """Return a document that holds whatever can be read, and note what its checks find."""
    data = _prepared(kind, data)
    values: dict[str, Any] = {}
    in_part = []
    for name, field in kind.model_fields.items():
        if name not in data and field.is_required():
            continue
        given = data[name] if name in data else field.get_default(call_default_factory=True)
        try:
            values[name] = _reader(kind, name).validate_python(given)
        except ValidationError:
            try:
                values[name] = _pieces(kind, name, given, (*place, name), found)
            except _UnreadableError:
                continue
            in_part.append(name)
    for name in _meant(kind, data):
        values.pop(name, None)
    made = kind.model_construct()
    made.__dict__.clear()  # of defaults: what is wrong must be missing
    made.__dict__.update(values)
    for name in in_part:
        for check in _field_checks(kind, name):
            _note(check, values[name], (*place, name), found)
    for check in _checks(kind, "after"):
        _note(check, made, place, found)
    return made


def _prepared(kind: type[BaseModel], data: dict[str, Any]) -> dict[str, Any]:
    """Return the data as the checks before reading leave them; what they find is told already."""
    for check in _checks(kind, "before"):
        with contextlib.suppress(ValueError):
            data = check(data)
    return data


def _meant(kind: type[BaseModel], data: dict[str, Any]) -> list[str]:
    """Return the keys that a misspelt one may mean: their values are not known."""
    left = [name for name in kind.model_fields if name not in data]
    slips = (key for key in data if key not in kind.model_fields)
    return [near for slip in slips for near in difflib.get_close_matches(slip, left, n=1)]


def _pieces(kind: type[BaseModel], name: str, given: object, place: Place, found: Found) -> object:
    """Return a document of a field, or a list of some, as far as it can be read."""
    options = members(kind, name)
    if not options or not given or typing.get_origin(kind.model_fields[name].annotation) is dict:
        raise _UnreadableError
    if isinstance(given, list):
        return [_piece(options, item, (*place, number), found) for number, item in enumerate(given)]
    return _piece(options, given, place, found)


def _piece(options: list[type[BaseModel]], given: object, place: Place, found: Found) -> BaseModel:
    if isinstance(given, BaseModel):
        return given
    if not isinstance(given, dict):
        raise _UnreadableError
    fit = options if len(options) == 1 else [one for one in options if tag_of(one) == told(given)]
    if len(fit) != 1:
        raise _UnreadableError
    try:
        return fit[0].model_validate(given)
    except ValidationError:
        return _look(fit[0], given, place, found)


def _note(check: Callable[[Any], object], value: object, place: Place, found: Found) -> None:
    """Run a check, and note what it finds; one that asks for what is missing finds nothing."""
    try:
        check(value)
    except AttributeError:
        return
    except ValueError as error:
        found.extend((place, str(text)) for text in error.args)


@cache
def _reader(kind: type[BaseModel], name: str) -> TypeAdapter[Any]:
    field = kind.model_fields[name]
    hint: Any = Annotated[field.annotation, field]
    return TypeAdapter(hint)


def _checks(kind: type[BaseModel], mode: str) -> Iterator[Callable[[Any], Any]]:
    """Yield the checks of a whole document that run before or after its fields are read."""
    for check in kind.__pydantic_decorators__.model_validators.values():
        if check.info.mode == mode:
            yield check.func


def _field_checks(kind: type[BaseModel], name: str) -> Iterator[Callable[[Any], Any]]:
    """Yield the checks of one field that run after it is read."""
    for check in kind.__pydantic_decorators__.field_validators.values():
        if check.info.mode == "after" and name in check.info.fields:
            yield check.func
