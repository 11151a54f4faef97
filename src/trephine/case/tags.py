"""Which of several documents a table of a file is: the keys that tell, and the classes."""

from __future__ import annotations

import typing
from typing import Any, Literal

from pydantic import BaseModel

TAGS = ("kind", "law", "method", "tissue")
"""Keys that tell which of several documents a table is."""


def told(table: dict[str, Any]) -> object:
    """Return the tag of a table; what does not say its tissue is marrow."""
    return next((table[name] for name in TAGS if name in table), "marrow")


def tag_of(kind: type[BaseModel]) -> object:
    """Return what the tag of a table must be for this class; none where it has no tag."""
    for name in TAGS:
        field = kind.model_fields.get(name)
        if field is not None and typing.get_origin(field.annotation) is Literal:
            return typing.get_args(field.annotation)[0]
    return None


def members(kind: type[BaseModel], field: str) -> list[type[BaseModel]]:
    """Return the classes of documents that a field of a document may hold."""
    pending: list[Any] = [kind.model_fields[field].annotation]
    found: list[type[BaseModel]] = []
    while pending:
        item = pending.pop()
        if isinstance(item, type) and issubclass(item, BaseModel):
            found.append(item)
        else:
            pending.extend(typing.get_args(item))
    return found
