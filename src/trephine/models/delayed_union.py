"""Owns when the union of a fracture is called delayed: by a score on film, at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from trephine.case.followup import FollowUp
from trephine.catalogue.load import catalogue
from trephine.core.types import Series
from trephine.core.units import Duration, Positive
from trephine.models.reading import Reading

WEEK = 7 * 86400.0
BRIDGED = 3
"""Highest score of a cortex in RUST, which does not tell bridged from remodelled."""


@dataclass(frozen=True)
class DelayedUnionParameters:
    """The definition.

    Parameters
    ----------
    delayed_union_score
        RUST under which union is delayed [-].
    delayed_union_time
        When it is read, from the fracture on [s].
    """

    SECTION: ClassVar[str] = "yardsticks"

    delayed_union_score: Positive
    delayed_union_time: Duration


def definition() -> DelayedUnionParameters:
    """Return the definition that the catalogue holds."""
    return Reading(catalogue()).fill(DelayedUnionParameters)


def rust(seen: FollowUp) -> Series:
    r"""Return the radiographic union score of each visit, 4 to 12, (time,) [-].

    .. math:: R = \sum_{c=1}^{4} \min(s_c, 3)

    of the scores :math:`s_c` of the cortices, of which remodelled ones count as bridged.
    """
    return np.asarray(np.minimum(seen.cortex_score, BRIDGED).sum(axis=1))


def delayed_score(seen: FollowUp, p: DelayedUnionParameters) -> float | None:
    """Return RUST at the time of the definition where it calls union delayed, else None.

    Only a fracture that unites later is delayed; and a course that ends before has no such time.

    Parameters
    ----------
    seen
        Visits, from the day of the fracture.
    p
        Score and time.
    """
    time = p.delayed_union_time / WEEK
    before = seen.week <= time + 1e-9
    if seen.union_week is None or seen.union_week <= time:
        return None
    score = float(rust(seen)[before][-1])
    return score if score < p.delayed_union_score else None
