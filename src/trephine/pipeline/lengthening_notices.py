"""Owns what a reader of a lengthening must be told of it."""

from __future__ import annotations

from collections.abc import Sequence

from trephine.case.distraction import Distraction
from trephine.case.regenerate import RegenerateCase
from trephine.case.regenerate_run import Consolidation
from trephine.case.run import Treatment
from trephine.catalogue.cohorts import cohorts, endpoints
from trephine.core.types import Budget

DAY = 86400.0
ALWAYS = (
    (
        "The law of the distraction force comes from one public program; no measured force stands "
        "behind it here."
    ),
    (
        "What the steps of the distraction do to the cells is not known in numbers: the tissue is "
        "stretched and diluted, and its strain counts only as far as walking causes it."
    ),
    (
        "A regenerate that consolidates in this model does so sooner than those of published "
        "series; a healing index from it is too low."
    ),
)
"""What every report of a lengthening says."""
SERIES = "Siriraj_DO"
"""The one series that compares rhythms."""


def notices(
    case: RegenerateCase,
    treatments: Sequence[Treatment],
    seen: Consolidation,
    budgets: Sequence[Budget],
) -> tuple[str, ...]:
    """Return what a reader of the report must be told.

    Parameters
    ----------
    case
        What was asked.
    treatments
        What was injected.
    seen
        What the visits showed of the regenerate.
    budgets
        What came into each field of the course and what left it.
    """
    said = [*of_budgets(budgets), *ALWAYS, *of_pace(case.distraction)]
    moving = seen.length < seen.length[-1] - 1e-9
    if (seen.soft[moving][1:] <= 0.0).any():
        said.append(
            "The regenerate had mineral from end to end while it was still drawn apart. A bone "
            "that consolidates early resists the fixator; the model goes on stretching it."
        )
    if case.distraction.docks:
        said.append("What the segment crosses before it docks is left out; the ends meet fresh.")
    made = [p for t in treatments for p in (t.concentrate, t.graft)]
    said.extend(dict.fromkeys(notice for product in made for notice in product.notices))
    return tuple(said)


def of_budgets(budgets: Sequence[Budget]) -> list[str]:
    """Return what must be told of budgets that do not close to the tolerance of every report."""
    open_ones = sorted((b for b in budgets if not b.closes()), key=lambda b: -b.imbalance)
    if not open_ones:
        return []
    worst = open_ones[0]
    said = (
        f"{len(open_ones)} of {len(budgets)} budgets of this run do not close: of "
        f"{worst.quantity}, what came in and what went out differ by "
        f"{worst.imbalance * 100:.2g} %. Do not use its numbers; compute it again in another "
        "folder."
    )
    return [said]


def of_pace(step: Distraction) -> list[str]:
    """Return what must be told of rate and rhythm beyond those that the numbers come from.

    Nothing in the model makes a distraction fail, so what it says of a pace that may fail is
    better than the truth.
    """
    said = []
    if step.is_faster_than_known:
        said.append(
            f"The bone ends are drawn apart by {step.rate * 1e3 * DAY:.3g} mm a day, faster than "
            "the 1 mm a day (0.33 mm each 8 hours) that the law of force was written for. The "
            "model knows nothing that makes a faster distraction fail, so faster looks better "
            "here than it is."
        )
    if step.is_coarser_than_known:
        rhythm = "one step" if step.rhythm == 1 else f"{step.rhythm} steps"
        of = endpoints(cohorts("calibrate"))
        four, two = (
            of[f"{SERIES}.{arm}_distraction.healing_index"].printed for arm in ("qid", "bid")
        )
        said.append(
            f"The distraction takes {rhythm} a day, fewer than the three that the law of force "
            "was written for. In the model the rhythm changes the force alone, so few long steps "
            "look as good here as many short ones. A published series healed in "
            f"{two} days for each centimetre with two steps a day and in {four} with four "
            f"(medians, {SERIES})."
        )
    return said
