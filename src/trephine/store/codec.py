"""Products to plain data and named arrays, and back, by the annotations of their classes."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, TypeVar, Union

import numpy as np

from trephine.core.errors import StoreError

Arrays = Mapping[str, np.ndarray[Any, Any]]
T = TypeVar("T")

ARRAY = "array"
"""Key of the one-entry table that stands for an array in plain data."""


def encode(value: object, place: str, arrays: dict[str, np.ndarray[Any, Any]]) -> Any:  # noqa: ANN401
    """Return plain data that JSON can hold; arrays go into ``arrays`` under their place.

    Parameters
    ----------
    value
        A dataclass, array, mapping, sequence, enumeration, number, text or None.
    place
        Where the value sits, its names joined by points; names its arrays.
    arrays
        Filled with each array under its place.

    Raises
    ------
    StoreError
        If a number is not finite or a value is of a class that cannot be written.
    """
    if isinstance(value, np.ndarray):
        arrays[place] = value
        return {ARRAY: place}
    if dataclasses.is_dataclass(value):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: encode(item, f"{place}.{key}", arrays) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [encode(item, f"{place}.{n}", arrays) for n, item in enumerate(value)]
    return _scalar(value, place)


def _scalar(value: object, place: str) -> bool | float | str | None:
    if isinstance(value, Enum):
        return value.name
    plain = value.item() if isinstance(value, np.generic) else value
    if plain is None or isinstance(plain, bool | int | str):
        return plain
    if not isinstance(plain, float):
        raise StoreError(f"{place} is a {type(plain).__name__}, which cannot be written")
    if not math.isfinite(plain):
        raise StoreError(f"{place} is {plain}, which no product may hold")
    return plain


def decode(kind: type[T], document: object, arrays: Arrays) -> T:
    """Return the value of a class that :func:`encode` turned into plain data.

    Parameters
    ----------
    kind
        The class, or any annotation made of classes that :func:`encode` takes.
    document
        What :func:`encode` returned.
    arrays
        The arrays by place.

    Raises
    ------
    StoreError
        If the data does not fit the class or an array is missing.
    """
    try:
        return typing.cast("T", _decode(kind, document, arrays))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        name = getattr(kind, "__name__", str(kind))
        raise StoreError(f"{name} cannot be rebuilt ({type(error).__name__}: {error})") from error


def _decode(hint: Any, document: Any, arrays: Arrays) -> Any:  # noqa: ANN401
    kind, inner = typing.get_origin(hint) or hint, typing.get_args(hint)
    if kind in _RULES:
        return _RULES[kind](inner, document, arrays)
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind, include_extras=True)
        # What joined a class later has a default, and an older run does not hold it.
        names = [f.name for f in dataclasses.fields(kind) if f.name in document or _needed(f)]
        values = {name: _decode(hints[name], document[name], arrays) for name in names}
        return typing.cast("Any", kind)(**values)
    if issubclass(kind, Enum):
        return kind[document]
    if kind is float and isinstance(document, int):
        return float(document)
    if isinstance(document, kind):
        return document
    raise TypeError(f"{document!r} is not a {kind.__name__}")


def _needed(field: dataclasses.Field[Any]) -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


def _decode_option(options: tuple[Any, ...], document: Any, arrays: Arrays) -> Any:  # noqa: ANN401
    if document is None and type(None) in options:
        return None
    present = [option for option in options if option is not type(None)]
    if len(present) != 1:
        raise TypeError(f"a choice between {present} cannot be told apart on disk")
    return _decode(present[0], document, arrays)


def _decode_tuple(
    inner: tuple[Any, ...],
    document: Any,  # noqa: ANN401
    arrays: Arrays,
) -> tuple[Any, ...]:
    if len(inner) == 2 and inner[1] is Ellipsis:
        return tuple(_decode(inner[0], item, arrays) for item in document)
    return tuple(_decode(hint, item, arrays) for hint, item in zip(inner, document, strict=True))


def _decode_mapping(inner: tuple[Any, ...], document: Any, arrays: Arrays) -> dict[str, Any]:  # noqa: ANN401
    return {key: _decode(inner[1], item, arrays) for key, item in document.items()}


_RULES: dict[Any, Callable[[tuple[Any, ...], Any, Arrays], Any]] = {
    np.ndarray: lambda _, document, arrays: arrays[document[ARRAY]],
    typing.Annotated: lambda inner, document, arrays: _decode(inner[0], document, arrays),
    Union: _decode_option,
    types.UnionType: _decode_option,
    tuple: _decode_tuple,
    Mapping: _decode_mapping,
    dict: _decode_mapping,
}
"""How to rebuild a value, by the origin of its annotation."""
