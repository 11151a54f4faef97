"""What the case files of all kinds of site share: the patient, the plan and how they change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import tomli_w
from pydantic import Field, field_validator

from trephine.case.document import Document, validate
from trephine.case.patient import Patient
from trephine.case.plan import Plan


class CourseSite(Document):
    """Where the patient is treated; each kind of site is a document of its own."""

    kind: str


class CourseCase(Document):
    """Facts and decisions of one course of treatment, whatever the kind of site.

    A kind of site derives a class from this one, narrows ``site`` to its own document and names
    the steps of a plan that it knows.

    Parameters
    ----------
    format
        Version of the case file's layout.
    name
        What a person calls it; never a patient's name.
    """

    CALLED: ClassVar[str] = "case"
    STEPS: ClassVar[tuple[str, ...]] = ("injection", "loading", "medication")
    """Kinds of steps that this kind of site knows."""

    format: Literal[1] = 1
    name: Annotated[str, Field(min_length=1, max_length=120)]
    about: str = ""
    patient: Patient
    site: CourseSite
    plan: Plan = Field(default_factory=Plan)

    @field_validator("plan")
    @classmethod
    def _the_steps_are_known(cls, plan: Plan) -> Plan:
        known = ", ".join(cls.STEPS)
        wrong = [
            f"steps.{number} is of kind '{step.kind}', which this kind of site does not know; "
            f"known: {known}"
            for number, step in enumerate(plan.steps)
            if step.kind not in cls.STEPS
        ]
        if wrong:
            raise ValueError(*wrong)
        return plan

    def with_plan(self, **changes: Any) -> Self:  # noqa: ANN401
        """Return the same case with parts of its plan replaced, checked again.

        Examples
        --------
        ``case.with_plan(steps=[])`` is the same patient left alone.
        """
        return self.changed({"plan": {**self.plan.as_written(), **changes}})

    def changed(self, changes: dict[str, Any]) -> Self:
        """Return the same case with nested values replaced, checked again.

        ``case.changed({"site": {"gap": {"width": "2 mm"}}})`` has a narrower gap.
        """
        return validate(type(self), _merged(self.as_written(), changes), self.name)

    def beside(self, folder: Path) -> Self:
        """Return the case with the files that it names looked for in a folder; most name none."""
        del folder
        return self


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


def write(case: CourseCase, path: str | Path) -> None:
    """Write a case as a TOML file that :func:`trephine.case.case.read` takes back."""
    Path(path).write_text(tomli_w.dumps(case.as_written()), encoding="utf-8")
