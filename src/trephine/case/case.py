"""A case file: the patient, the site and the plan in one TOML document."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self

from trephine.case.course_case import CourseCase, write
from trephine.case.document import table, validate
from trephine.case.kinds import homes_of, nearest, part, steps, told_apart
from trephine.case.site import Site
from trephine.core import digest
from trephine.core.errors import InputError, Problem

__all__ = ["Case", "need_shaft", "of_any_kind", "read", "write"]


class Case(CourseCase):
    """Facts and decisions of one course of treatment."""

    STEPS: ClassVar[tuple[str, ...]] = (
        *CourseCase.STEPS, "exchange_nail", "revision_plating", "autograft",
    )  # fmt: skip

    site: Site

    @property
    def digest(self) -> str:
        """Content name of the case; where its scan files lie is not content, what they hold is."""
        data = self.as_written()
        scan = data["site"].get("scan")
        if scan is not None:
            scan["density"] = scan["labels"] = ""
        return digest.of_document(data)

    def beside(self, folder: Path) -> Self:
        """Return the case with the files of its scan looked for in a folder."""
        scan = self.site.scan
        if scan is None:
            return self
        placed = {
            "density": str((folder / scan.density).resolve()),
            "labels": str((folder / scan.labels).resolve()),
        }
        return self.changed({"site": {"scan": placed}})


def read(path: str | Path) -> CourseCase:
    """Return the case that a TOML file describes, in the class of its kind of site.

    Parameters
    ----------
    path
        The case file; files it names are looked for beside it.

    Raises
    ------
    InputError
        If the file cannot be read, is not TOML, or is not a valid case; every problem at once.
    """
    path = Path(path)
    return of_any_kind(table(path, "a case file"), path.name).beside(path.parent)


def of_any_kind(data: object, name: str) -> CourseCase:
    """Return the case that plain data describe, in the class that ``site.kind`` names.

    Parameters
    ----------
    data
        Plain data, as read from a file.
    name
        What to call the input in a message.

    Raises
    ------
    InputError
        With every problem, its place and what would be accepted; where the site holds what only
        other kinds of site have, names those.
    """
    try:
        kind = told_apart(data, name)
    except InputError as error:
        raise InputError(error.headline, [*error.problems, *_besides(data, name)]) from None
    document: type[CourseCase] = part(kind.document)
    try:
        return validate(document, data, name)
    except InputError as error:
        problems = [_placed_elsewhere(problem, kind.names) for problem in error.problems]
        raise InputError(error.headline, problems) from None


def _besides(data: object, name: str) -> tuple[Problem, ...]:
    """Return what else is wrong with a case of no known kind of site.

    Its site is read as of the kind that may be meant, and not at all where none is near.
    """
    if not isinstance(data, dict):
        return ()
    meant = nearest(data)
    try:
        if meant:
            of_any_kind({**data, "site": {**data["site"], "kind": meant}}, name)
        else:
            validate(_of_no_kind(), {**data, "site": {"kind": ""}}, name)
    except InputError as error:
        return error.problems
    return ()


def _of_no_kind() -> type[CourseCase]:
    """Return a class of case whose plan may hold any step."""
    return type("CaseOfNoKind", (CourseCase,), {"STEPS": steps(), "__module__": __name__})


def _placed_elsewhere(problem: Problem, names: tuple[str, ...]) -> Problem:
    """Return a problem, in other words where another kind of site has the unknown key."""
    above, _, key = problem.place.rpartition(".")
    if above != "site" or not problem.message.startswith("unknown key"):
        return problem
    others = [name for name in homes_of(key) if name not in names]
    if not others:
        return problem
    called = " or ".join(f"'{name}'" for name in names)
    return Problem(
        problem.place,
        f"a site of kind {called} has no {key}, which belongs to {' or '.join(others)}; leave it "
        "out",
    )


def need_shaft(case: CourseCase, what: str) -> Case:
    """Return a case whose site is a shaft.

    Parameters
    ----------
    case
        A case of any kind.
    what
        What needs a shaft, for the message: ``"trephine dose"``.

    Raises
    ------
    InputError
        If its site is of another kind.
    """
    if isinstance(case, Case):
        return case
    raise InputError(
        f"{case.name}: {what} works on a site of kind 'shaft' alone, and this is one of kind "
        f"'{case.site.kind}'"
    )
