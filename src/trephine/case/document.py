"""What all documents share: frozen, unknown keys refused, problems told in plain words."""

from __future__ import annotations

import difflib
import tomllib
import typing
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, StrictBool, ValidationError

from trephine.core import digest
from trephine.core.errors import InputError, Problem, did_you_mean


class Document(BaseModel):
    """A frozen document a person writes; a number in it carries its unit."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    def as_written(self) -> dict[str, Any]:
        """Return the document as plain data with units, defaults included."""
        return self.model_dump(mode="json", exclude_none=True)

    @property
    def digest(self) -> str:
        """Content name of the document, defaults included."""
        return digest.of_document(self.as_written())


D = TypeVar("D", bound=Document)

Flag = StrictBool
"""Yes or no, written ``true`` or ``false`` and no other way."""

TAGS = ("kind", "law", "method", "tissue")
"""Keys that tell which of several documents a table is."""
PLAIN_WORDS = {
    "bool_type": "write true or false",
    "dict_type": "write a table with keys, not a single value",
    "list_type": "write a list",
    "missing": "is missing",
    "model_attributes_type": "write a table with keys, not a single value",
    "model_type": "write a table with keys, not a single value",
    "string_type": "write text in quotes",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
}
"""What pydantic says in its own words, in ours."""
BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
"""Names of a bound of a plain number, in words."""
CLOSE = 0.84
"""How alike two kinds must be for one to be a slip of the other."""
STEP_DEPTH = 3
"""Parts of the location of a step itself: the plan, its steps, the number."""


def table(path: Path, what: str) -> dict[str, Any]:
    """Return the plain data of a TOML file.

    Parameters
    ----------
    path
        The file.
    what
        What it should be, for a message: ``"a case file"``.

    Raises
    ------
    InputError
        If the file cannot be read or is not TOML.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; give {what} in TOML") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder; give {what} in TOML") from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8"
        ) from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also an endless number or nest of brackets
        raise InputError(f"{path} is not valid TOML: {error}") from None


def validate(kind: type[D], data: object, name: str) -> D:
    """Return a document of a kind from plain data.

    Parameters
    ----------
    kind
        The document class.
    data
        Plain data, as read from a file.
    name
        What to call the input in a message, for example the file's name.

    Raises
    ------
    InputError
        With every problem, its place and what would be accepted.
    """
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        problems = [_problem(kind, data, item) for item in error.errors(include_url=False)]
        called = getattr(kind, "CALLED", kind.__name__.lower())
        said = f": no valid {called}" if called.endswith("s") else f" is not a valid {called}"
        raise InputError(f"{name}{said}", problems) from None


def _problem(kind: type[Document], data: object, item: Any) -> Problem:  # noqa: ANN401
    place = [part for part in item["loc"] if not _is_tag(part, data, item["loc"])]
    text, context = item["msg"], item.get("ctx", {})
    if item["type"] == "extra_forbidden":
        text = "unknown key; " + did_you_mean(str(place[-1]), known_keys(kind, list(item["loc"])))
    elif item["type"] in PLAIN_WORDS:
        text = PLAIN_WORDS[item["type"]]
        if item["type"] == "list_type" and isinstance(item["input"], str):
            text += f', for example ["{item["input"]}"]'
    elif item["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        found = [_tag(member) for member in _at(kind, [*item["loc"], ""])]
        options = [str(tag) for tag in found if tag is not None]
        if item["loc"][:2] == ("plan", "steps") and len(item["loc"]) <= STEP_DEPTH:
            options = [tag for tag in options if tag in getattr(kind, "STEPS", options)]
        given = str(context.get("tag", ""))
        place.append(context["discriminator"].strip("'"))
        near = difflib.get_close_matches(given, options, n=1, cutoff=CLOSE)
        hint = did_you_mean(given, options) if near else f"known: {', '.join(sorted(options))}"
        text = f"'{given}' is unknown; {hint}"
        if item["type"] == "union_tag_not_found":
            text = f"is missing; write one of {', '.join(options)}"
    elif item["type"] in {"literal_error", "enum"}:
        text = f"{item['input']!r} is not accepted; write {context['expected']}"
    elif set(context) & set(BOUNDS):
        text = _range(kind, item["loc"], context)
    elif item["type"] == "value_error":
        text = str(context["error"])
    return Problem(".".join(str(part) for part in place), text)


def _range(kind: type[Document], location: tuple[Any, ...], broken: dict[str, Any]) -> str:
    """Return what a plain number must be: every bound of its field, or the broken one alone."""
    bounds = {name: broken[name] for name in BOUNDS if name in broken}
    fields = [m.model_fields.get(str(location[-1])) for m in _at(kind, list(location))]
    for field in fields:
        parts = field.metadata if field is not None else []
        own = {n: getattr(p, n) for n in BOUNDS for p in parts if getattr(p, n, None) is not None}
        if bounds.items() <= own.items():
            bounds = own
            break
    return "must be " + " and ".join(f"{BOUNDS[n]} {value:g}" for n, value in bounds.items())


def _is_tag(part: object, data: object, location: tuple[object, ...]) -> bool:
    """Return whether a part of a location names a member of a union instead of a key."""
    here = data
    for step in location:
        if isinstance(here, dict):
            if step is part and step not in here and _told(here) == step:
                return True
            here = here.get(step, here)
        elif isinstance(here, list) and isinstance(step, int) and step < len(here):
            here = here[step]
        if step is part:
            return False
    return False


def _told(table: dict[str, Any]) -> object:
    """Return the tag of a table; what does not say its tissue is marrow."""
    return next((table[name] for name in TAGS if name in table), "marrow")


def known_keys(kind: type[Document], location: list[object]) -> list[str]:
    """Return the keys accepted where a location in a document points to, its last part cut."""
    return sorted({key for found in _at(kind, location) for key in found.model_fields})


def _at(kind: type[Document], location: list[object]) -> list[type[Document]]:
    """Return the document classes that may stand where a location points to, its last part cut."""
    found: list[type[Document]] = [kind]
    for step in location[:-1]:
        members = [m for f in found if str(step) in f.model_fields for m in _members(f, str(step))]
        tagged = [f for f in found if _tag(f) == step]
        found = members or tagged or found
    return found


def _tag(kind: type[Document]) -> object:
    for name in TAGS:
        field = kind.model_fields.get(name)
        if field is not None and typing.get_origin(field.annotation) is Literal:
            return typing.get_args(field.annotation)[0]
    return None


def _members(kind: type[Document], field: str) -> list[type[Document]]:
    pending: list[Any] = [kind.model_fields[field].annotation]
    found: list[type[Document]] = []
    while pending:
        item = pending.pop()
        if isinstance(item, type) and issubclass(item, Document):
            found.append(item)
        else:
            pending.extend(typing.get_args(item))
    return found
