"""A case file: the patient, the site and the plan in one TOML document."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import Field

from trephine.case.document import Document, table, validate
from trephine.case.patient import Patient
from trephine.case.plan import Plan
from trephine.case.site import Site
from trephine.core import digest


class Case(Document):
    """Facts and decisions of one course of treatment.

    Parameters
    ----------
    format
        Version of the case file's layout.
    name
        What a person calls it; never a patient's name.
    """

    format: Literal[1] = 1
    name: Annotated[str, Field(min_length=1, max_length=120)]
    about: str = ""
    patient: Patient
    site: Site
    plan: Plan = Field(default_factory=Plan)

    @property
    def digest(self) -> str:
        """Content name of the case; where its scan files lie is not content, what they hold is."""
        data = self.as_written()
        scan = data["site"].get("scan")
        if scan is not None:
            scan["density"] = scan["labels"] = ""
        return digest.of_document(data)

    def with_plan(self, **changes: Any) -> Case:  # noqa: ANN401
        """Return the same case with parts of its plan replaced, checked again.

        Examples
        --------
        ``case.with_plan(steps=[])`` is the same patient left alone.
        """
        return self.changed({"plan": {**self.plan.as_written(), **changes}})

    def changed(self, changes: dict[str, Any]) -> Case:
        """Return the same case with nested values replaced, checked again.

        ``case.changed({"site": {"gap": {"width": "2 mm"}}})`` has a narrower gap.
        """
        return validate(Case, _merged(self.as_written(), changes), self.name)


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for key, value in new.items():
        if isinstance(value, Document):
            merged[key] = value.as_written()
        elif isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _merged(merged[key], value)
        elif isinstance(value, list):
            merged[key] = [v.as_written() if isinstance(v, Document) else v for v in value]
        else:
            merged[key] = value
    return merged


def read(path: str | Path) -> Case:
    """Return the case that a TOML file describes.

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
    case = validate(Case, table(path, "a case file"), path.name)
    scan = case.site.scan
    if scan is None:
        return case
    placed = {
        "density": str((path.parent / scan.density).resolve()),
        "labels": str((path.parent / scan.labels).resolve()),
    }
    return case.changed({"site": {"scan": placed}})


def write(case: Case, path: str | Path) -> None:
    """Write a case as a TOML file that :func:`read` takes back."""
    Path(path).write_text(tomli_w.dumps(case.as_written()), encoding="utf-8")
