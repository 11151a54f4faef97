"""What the finished runs of all kinds of site share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from trephine.case.course_case import CourseCase
from trephine.case.settings import Settings
from trephine.core.provenance import Provenance


class CourseRun(Protocol):
    """A frozen dataclass that a kind of site makes of a case, settings, numbers and a seed.

    Everything but ``case``, ``settings`` and ``provenance`` is kept as its annotation says, so
    a field is a number, text, array, enumeration, or a tuple, mapping or dataclass of such.

    Attributes
    ----------
    case, settings
        What was asked.
    provenance
        Program, machine and digests.
    used
        Number in SI by id of the catalogue record it came from.
    provisional
        Ids of used records that no second reader has confirmed.
    notices
        What a reader of the report must be told, in sentences.
    """

    @property
    def case(self) -> CourseCase: ...  # noqa: D102  (told above)
    @property
    def settings(self) -> Settings: ...  # noqa: D102  (told above)
    @property
    def provenance(self) -> Provenance: ...  # noqa: D102  (told above)
    @property
    def used(self) -> Mapping[str, float]: ...  # noqa: D102  (told above)
    @property
    def provisional(self) -> tuple[str, ...]: ...  # noqa: D102  (told above)
    @property
    def notices(self) -> tuple[str, ...]: ...  # noqa: D102  (told above)

    def summary(self) -> dict[str, Any]:
        """Return the outcome in plain data: ``name``, ``ending``, ``sentence`` and numbers."""
        ...
