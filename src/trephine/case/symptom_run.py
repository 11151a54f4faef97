"""A finished run of a painful joint, disc or tendon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trephine.case.settings import Settings
from trephine.case.symptom import SymptomCase
from trephine.case.symptom_course import ScoreCourse, SymptomCourse
from trephine.core.provenance import Provenance


@dataclass(frozen=True)
class SymptomRun:
    """Everything that came out of a case of pain, the posterior and a seed.

    Parameters
    ----------
    case, settings
        What was asked.
    course
        Pain and function over time.
    cells, progenitors
        Nucleated cells and progenitors of each injection of the plan (injection,) [cells].
    posterior
        Content name of the posterior.
    provenance
        Program, machine and digests.
    used
        Number in SI by id of the catalogue record it came from.
    provisional
        Ids of used records that no second reader has confirmed.
    notices
        What a reader of the report must be told, in sentences.
    """

    case: SymptomCase
    settings: Settings
    course: SymptomCourse
    cells: tuple[float, ...]
    progenitors: tuple[float, ...]
    posterior: str
    provenance: Provenance
    used: Mapping[str, float]
    provisional: tuple[str, ...]
    notices: tuple[str, ...]

    def __repr__(self) -> str:
        """Return the outcome in a line."""
        return (
            f"<SymptomRun '{self.case.name}': {self.course.ending.name}, "
            f"seed {self.provenance.seed}>"
        )

    def summary(self) -> dict[str, Any]:
        """Return the outcome in plain data: ending, last scores, responders, differences."""
        course = self.course
        own = course.own
        return {
            "name": self.case.name,
            "ending": course.ending.name,
            "sentence": course.ending.value,
            "site": self.case.site.place,
            "day": float(course.day[-1]),
            "scores": {}
            if own is None
            else {
                score.name: {
                    "before": score.baseline,
                    "median": float(score.group.median[-1]),
                    "person_low": float(score.person.low[-1]),
                    "person_high": float(score.person.high[-1]),
                    "group_low": float(score.group.low[-1]),
                    "group_high": float(score.group.high[-1]),
                    **_responders(score),
                }
                for score in own.scores
            },
            "is_compared": None if own is None else own.is_compared,
            "onset_day": None if own is None else own.onset_day,
            "onset_interval": None if own is None else own.onset_interval,
            "until_day": None if own is None else own.until_day,
            "flare": None if own is None else own.flare,
            "flare_over_day": None if own is None else own.flare_over_day,
            "cartilage_loss_mm": course.cartilage_loss_mm,
            "structure": self._structure(),
            "against": {one.name: one.sentence for one in course.against},
            "told": list(course.sentences),
            "seed": self.provenance.seed,
            "version": self.provenance.version,
            "catalogue_digest": self.provenance.catalogue_digest,
            "posterior_digest": self.posterior,
        }

    def _structure(self) -> dict[str, Any]:
        """Return what is told of structure in plain data; empty where nothing is."""
        course, told = self.course, dict[str, Any]()
        if course.feed is not None:
            told["disc_room"] = course.feed.room
            told["disc_injected"] = course.feed.injected
        if course.defect is not None:
            told["defect_month"] = float(course.defect.month[-1])
            for key, fill in (("fill", course.defect.fill), ("without", course.defect.without)):
                told[f"defect_{key}"] = [float(fill.low[-1]), float(fill.high[-1])]
        if course.tendon is not None:
            told["tendon_whole"] = {
                one.name: [
                    float(band[-1]) for band in (one.intact.median, one.intact.low, one.intact.high)
                ]
                for one in course.tendon.groups
            }
        return told


def _responders(score: ScoreCourse) -> dict[str, Any]:
    """Return the share who gain what matters with its interval, or why it is not told."""
    share = score.responders
    if share is None:
        return {"responders": None, "responders_untold": score.untold}
    return {
        "responders": float(share.median[-1]),
        "responders_low": float(share.low[-1]),
        "responders_high": float(share.high[-1]),
    }
