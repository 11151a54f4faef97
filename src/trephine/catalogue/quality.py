"""Where published numbers contradict each other: the list of all checks, and what they find."""

from __future__ import annotations

from collections.abc import Mapping

from trephine.catalogue import agreement, consistency
from trephine.catalogue.cohorts import Study
from trephine.catalogue.contradiction import Contradiction
from trephine.catalogue.effects import Effects
from trephine.catalogue.records import Source


def contradictions(
    studies: Mapping[str, Study], effects: Effects, sources: Mapping[str, Source]
) -> list[Contradiction]:
    """Return every contradiction that the checks find, in a fixed order.

    Parameters
    ----------
    studies, effects
        The published record.
    sources
        Sources of the catalogue's parameters by key.
    """
    found = [
        *consistency.counts(studies, effects),
        *consistency.whole_patients(studies),
        *consistency.sizes(studies),
        *consistency.spreads(studies, effects),
        *consistency.courses(studies),
        *consistency.doses(studies),
        *consistency.differences(studies),
        *consistency.complements(studies),
        *agreement.quoted_twice(studies, effects),
        *agreement.two_names(studies, sources),
        *agreement.same_patients(studies),
        *agreement.disagreements(studies, effects),
    ]
    return sorted(found, key=lambda c: (c.check, c.first, c.second))
