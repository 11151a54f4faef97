"""``--set place=value``: change a case on the command line, checked like the file."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trephine.core.errors import InputError, Problem

if TYPE_CHECKING:
    from trephine.case.course_case import CourseCase


def changed(case: CourseCase, settings: Sequence[str], name: str) -> CourseCase:
    """Return a case with values replaced at places such as ``site.gap.width``.

    Parameters
    ----------
    case
        The case as its file says it.
    settings
        Texts ``place=value``. A value is what the file would hold, a text without its quotes; an
        empty value takes the key away; a number in a place counts the entries of a list from 0.
    name
        What to call the case in a message.

    Raises
    ------
    InputError
        If a text has no place or no value, or the case is no longer valid; every problem at once.
    """
    if not settings:
        return case
    from trephine.case.case import of_any_kind

    document: dict[str, Any] = case.as_written()
    problems: list[Problem] = []
    for setting in settings:
        place, equals, value = setting.partition("=")
        if not equals or not place.strip():
            problems.append(Problem(f"--set {setting}", "write place=value, for example "
                                    "site.gap.width='2 mm'"))  # fmt: skip
            continue
        try:
            _put(document, place.strip().split("."), value.strip())
        except LookupError as error:
            problems.append(Problem(f"--set {place.strip()}", str(error.args[0])))
    if problems:
        raise InputError(f"{name} cannot be changed as asked", problems)
    return of_any_kind(document, f"{name} as changed by --set")


def _put(document: Any, place: list[str], text: str) -> None:  # noqa: ANN401
    """Put the value of a text into nested tables and lists, or take the key away."""
    here = document
    for step in place[:-1]:
        here = here.setdefault(step, {}) if isinstance(here, dict) else _entry(here, step)
    last = place[-1]
    if isinstance(here, dict):
        if text:
            here[last] = _value(text)
        else:
            here.pop(last, None)
    elif not text:
        _entry(here, last)
        del here[int(last)]
    else:
        _entry(here, last)
        here[int(last)] = _value(text)


def _entry(here: object, step: str) -> Any:  # noqa: ANN401
    if not isinstance(here, list):
        raise LookupError(f"there is nothing below '{here}' that '{step}' could name")  # noqa: TRY004
    if not step.isdecimal() or int(step) >= len(here):
        known = f"0 to {len(here) - 1}" if here else "none, the list is empty"
        raise LookupError(f"'{step}' is not an entry of the list; known: {known}")
    return here[int(step)]


def _value(text: str) -> Any:  # noqa: ANN401
    """Return the value a TOML file would hold; what is not TOML is taken as a text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
