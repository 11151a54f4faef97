"""What all documents share: frozen, unknown keys refused, problems told in plain words."""

from __future__ import annotations

import difflib
import re
import tomllib
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, StrictBool, ValidationError
from pydantic.fields import FieldInfo

from trephine.case.second_look import overlooked
from trephine.case.tags import members, tag_of, told
from trephine.core import digest
from trephine.core.errors import LEAST_PART, InputError, Problem, did_you_mean


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

A_TABLE = "write a table with keys, not a single value"
PLAIN_WORDS = {
    "bool_type": "write true or false",
    "dict_type": A_TABLE,
    "finite_number": "must be a finite number",
    "list_type": "write a list",
    "missing": "is missing",
    "model_attributes_type": A_TABLE,
    "model_type": A_TABLE,
    "string_type": "write text in quotes",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
}
"""What pydantic says in its own words, in ours."""
NUMBERS = {
    "float_parsing": "write a number",
    "float_type": "write a number",
    "int_from_float": "write a whole number",
    "int_parsing": "write a whole number",
    "int_type": "write a whole number",
}
"""The same of plain numbers; what they must be follows."""
BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
"""Names of a bound of a plain number, in words."""
QUOTED = re.compile(r"'([^']*)'")
"""The texts among what pydantic would accept."""
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
        named = path.with_name(f"{path.name}.toml")
        hint = f"did you mean {named}?" if named.is_file() else f"give {what} in TOML"
        raise InputError(f"{path}: there is no such file; {hint}") from None
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
        items = error.errors(include_url=False)
        problems = [problem for item in items for problem in _problems(kind, data, item)]
        more = (Problem(_dotted(place), text) for place, text in overlooked(kind, data))
        order = {name: number for number, name in enumerate(kind.model_fields)}
        problems = sorted(
            dict.fromkeys([*problems, *more]),
            key=lambda problem: order.get(problem.place.partition(".")[0], len(order)),
        )
        called = getattr(kind, "CALLED", kind.__name__.lower())
        said = f": no valid {called}" if called.endswith("s") else f" is not a valid {called}"
        raise InputError(f"{name}{said}", problems) from None


def _problems(kind: type[Document], data: object, item: Any) -> Iterator[Problem]:  # noqa: ANN401
    """Yield what pydantic found, in our words; a check may raise several texts in one error."""
    place = [part for part in item["loc"] if not _is_tag(part, data, item["loc"])]
    if item["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        place.append(item["ctx"]["discriminator"].strip("'"))
    match item["type"]:
        case "value_error":
            texts = item["ctx"]["error"].args
        case "list_type" if _holds_tables(kind, item["loc"]):
            texts = (f"write tables [[{_dotted(place)}]]",)
        case _:
            texts = (_said(kind, item),)
    for text in texts:
        yield Problem(_dotted(place), str(text))


def _dotted(place: Iterable[object]) -> str:
    return ".".join(str(part) for part in place)


def _said(kind: type[Document], item: Any) -> str:  # noqa: ANN401
    """Return what is wrong at one place and what would be accepted there."""
    given, context = item["input"], item.get("ctx", {})
    text = PLAIN_WORDS.get(item["type"], item["msg"])
    match item["type"]:
        case "extra_forbidden":
            text = _unknown_key(kind, item["loc"])
        case "union_tag_not_found":
            text = f"is missing; write one of {', '.join(_tags(kind, item['loc']))}"
        case "union_tag_invalid":
            text = _no_tag(str(context["tag"]), _tags(kind, item["loc"]))
        case "literal_error" | "enum":
            text = _not_accepted(given, context["expected"])
        case "list_type" if isinstance(given, str):
            text += f', for example ["{given}"]'
        case found if found in NUMBERS:
            bounds = " and ".join(_bounds(kind, item["loc"], {}))
            text = f"{NUMBERS[found]}, {bounds}" if bounds else NUMBERS[found]
        case _ if text == A_TABLE and isinstance(given, list):
            text = "write a table with keys, not a list"
        case _ if set(context) & set(BOUNDS):
            text = "must be " + " and ".join(_bounds(kind, item["loc"], context))
    return str(text)


def _holds_tables(kind: type[Document], location: tuple[Any, ...]) -> bool:
    """Return whether the list at a location is one of documents."""
    key = str(location[-1])
    return any(
        key in one.model_fields and members(one, key) != [] for one in _at(kind, list(location))
    )


def _unknown_key(kind: type[Document], location: tuple[Any, ...]) -> str:
    """Return what to do with a key that the document at a location does not have.

    A key of another document that might stand there is told to be one.
    """
    key, here = str(location[-1]), str(location[-2]) if len(location) > 1 else ""
    beside = [one for one in _at(kind, list(location[:-1])) if key in one.model_fields]
    homes = [str(tag_of(one)) for one in beside if str(tag_of(one)) in _tags(kind, location[:-2])]
    if homes:
        return f"does not belong to '{here}' but to {' or '.join(sorted(homes))}; leave it out"
    return f"unknown key; {did_you_mean(key, known_keys(kind, list(location)))}"


def _tags(kind: type[Document], location: tuple[Any, ...]) -> list[str]:
    """Return what may tell the document at a location; of a step, what this kind of case knows."""
    found = [tag_of(member) for member in _at(kind, [*location, ""])]
    options = [str(tag) for tag in found if tag is not None]
    if location[:2] == ("plan", "steps") and len(location) <= STEP_DEPTH:
        return [tag for tag in options if tag in getattr(kind, "STEPS", options)]
    return options


def _no_tag(given: str, options: list[str]) -> str:
    near = difflib.get_close_matches(given, options, n=1, cutoff=CLOSE)
    is_part = len(given) >= LEAST_PART and any(given.lower() in option for option in options)
    known = f"known: {', '.join(sorted(options))}"
    hint = did_you_mean(given, options) if near or is_part else known
    return f"'{given}' is unknown; {hint}"


def _not_accepted(given: object, expected: str) -> str:
    """Return what to write in place of a text that is none of a few."""
    options = QUOTED.findall(expected)
    by_fold = {option.casefold(): option for option in options}
    folded = given.casefold() if isinstance(given, str) else ""
    near = difflib.get_close_matches(folded, by_fold, n=1, cutoff=CLOSE)
    meant = f"did you mean '{by_fold[near[0]]}'? " if near and len(options) > 1 else ""
    return f"{given!r} is not accepted; {meant}write {expected}"


def _bounds(kind: type[Document], location: tuple[Any, ...], broken: dict[str, Any]) -> list[str]:
    """Return what a plain number must be: every bound of its field, or the broken one alone."""
    bounds = {name: broken[name] for name in BOUNDS if name in broken}
    for document in _at(kind, list(location)):
        field = document.model_fields.get(str(location[-1]))
        own = _bounds_of(field) if field is not None else {}
        if bounds.items() <= own.items():
            bounds = own
            break
    return [f"{BOUNDS[name]} {value:g}" for name, value in bounds.items()]


def _bounds_of(field: FieldInfo) -> dict[str, Any]:
    """Return the bounds of a plain number, also of one that may be left out."""
    pending: list[Any] = [field, field.annotation]
    parts = []
    while pending:
        item = pending.pop(0)
        parts += item.metadata if isinstance(item, FieldInfo) else []
        pending += typing.get_args(item)
    return {n: getattr(p, n) for n in BOUNDS for p in parts if getattr(p, n, None) is not None}


def _is_tag(part: object, data: object, location: tuple[object, ...]) -> bool:
    """Return whether a part of a location names a member of a union instead of a key."""
    here = data
    for step in location:
        if isinstance(here, dict):
            if step is part and step not in here and told(here) == step:
                return True
            here = here.get(step, here)
        elif isinstance(here, list) and isinstance(step, int) and step < len(here):
            here = here[step]
        if step is part:
            return False
    return False


def known_keys(kind: type[Document], location: list[object]) -> list[str]:
    """Return the keys accepted where a location in a document points to, its last part cut."""
    return sorted({key for found in _at(kind, location) for key in found.model_fields})


def _at(kind: type[Document], location: list[object]) -> list[type[BaseModel]]:
    """Return the document classes that may stand where a location points to, its last part cut."""
    found: list[type[BaseModel]] = [kind]
    for step in location[:-1]:
        inside = [m for f in found if str(step) in f.model_fields for m in members(f, str(step))]
        tagged = [f for f in found if tag_of(f) == step]
        found = inside or tagged or found
    return found
