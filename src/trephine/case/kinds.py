"""The kinds of site that the program knows, and where the parts of each lie."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, get_args

from trephine.core.errors import InputError, Problem

if TYPE_CHECKING:
    from trephine.case.course_case import CourseCase

CLOSE = 0.6
"""How alike two names must be for one to be a slip of the other."""


@dataclass(frozen=True)
class Kind:
    """One kind of site. Parts are named by text, so that none is loaded before it is needed.

    Parameters
    ----------
    names
        What ``site.kind`` may say; most kinds have one name.
    document, product
        Class of the case file and of the finished run, as ``module:Class``.
    course
        Module of :mod:`trephine.pipeline` that has ``run`` and ``rehearse``.
    report
        Module that writes the report page: ``write(run, folder)``; of all kinds but the shaft
        also ``facts(run)`` and ``visits(run)`` for the terminal.
    """

    names: tuple[str, ...]
    document: str
    product: str
    course: str
    report: str


KINDS = (
    Kind(
        names=("shaft",),
        document="trephine.case.case:Case",
        product="trephine.case.run:Run",
        course="trephine.pipeline.shaft",
        report="trephine.report.page",
    ),
    Kind(
        names=("femoral_head",),
        document="trephine.case.hip:HipCase",
        product="trephine.case.hip_run:HipRun",
        course="trephine.pipeline.hip",
        report="trephine.report.hip",
    ),
    Kind(
        names=("regenerate",),
        document="trephine.case.regenerate:RegenerateCase",
        product="trephine.case.regenerate_run:RegenerateRun",
        course="trephine.pipeline.regenerate",
        report="trephine.report.regenerate",
    ),
    Kind(
        names=("joint", "disc", "tendon", "bursa"),
        document="trephine.case.symptom:SymptomCase",
        product="trephine.case.symptom_run:SymptomRun",
        course="trephine.pipeline.symptom",
        report="trephine.report.symptom",
    ),
)


def known() -> list[str]:
    """Return what ``site.kind`` may say, in the order of the kinds."""
    return [name for kind in KINDS for name in kind.names]


def kind_named(name: str) -> Kind:
    """Return the kind of site with a name.

    Raises
    ------
    InputError
        If there is none; names those there are.
    """
    for kind in KINDS:
        if name in kind.names:
            return kind
    raise InputError(f"there is no kind of site '{name}'; known: {', '.join(known())}")


def kind_of(case: CourseCase) -> Kind:
    """Return the kind of a case's site."""
    return kind_named(case.site.kind)


def part(place: str) -> Any:  # noqa: ANN401
    """Return a part of a kind: a module, or a class given as ``module:Class``."""
    module, _, inside = place.partition(":")
    found = import_module(module)
    return getattr(found, inside) if inside else found


def told_apart(data: object, name: str) -> Kind:
    """Return the kind of site that plain data describe.

    Raises
    ------
    InputError
        If ``site.kind`` is missing or no kind has this name; names those there are.
    """
    site = data.get("site") if isinstance(data, dict) else None
    given = site.get("kind") if isinstance(site, dict) else None
    if given in known():
        return kind_named(str(given))
    accepted = ", ".join(known())
    place = "site.kind"
    if site is None:
        place, text = "site", f"is missing; write [site] with a kind, one of {accepted}"
    elif not isinstance(site, dict):
        place, text = "site", f"write a table with keys, its kind one of {accepted}"
    elif given is None:
        text = f"is missing; write one of {accepted}"
    else:
        meant = f"'{near}'" if (near := nearest(data)) else _as_a_place(str(given))
        hint = f"did you mean {meant}? " if meant else ""
        text = f"'{given}' is unknown; {hint}known: {accepted}"
    raise InputError(f"{name} is not a valid case", [Problem(place, text)])


def _as_a_place(given: str) -> str:
    """Return how a joint, a tendon or a bone is written that stands in place of a kind of site."""
    for kind, places in part("trephine.case.symptom:PLACES").items():
        if given in places:
            return f"kind = '{kind}' with at = '{given}'"
    bones = get_args(part("trephine.case.site:Site").model_fields["bone"].annotation)
    return f"kind = 'shaft' with bone = '{given}'" if given in bones else ""


def nearest(data: object) -> str:
    """Return the kind of site that a case with an unknown one may mean; empty where none is."""
    site = data.get("site") if isinstance(data, dict) else None
    given = site.get("kind") if isinstance(site, dict) else None
    near = difflib.get_close_matches(str(given), known(), n=1, cutoff=CLOSE)
    return near[0] if near else ""


def steps() -> tuple[str, ...]:
    """Return the kinds of steps that any kind of site knows."""
    return tuple(dict.fromkeys(step for kind in KINDS for step in part(kind.document).STEPS))


def homes_of(key: str) -> list[str]:
    """Return the names of the kinds whose site has a key."""
    return [
        name
        for kind in KINDS
        for name in kind.names
        if key in part(kind.document).model_fields["site"].annotation.model_fields
    ]
