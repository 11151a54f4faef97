"""What the injected cells of a plan change: the plan beside itself without them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from trephine.case.course_case import CourseCase
from trephine.case.plan import Step
from trephine.study.named_plans import CELLS, KEPT, OBSERVED, WITHOUT
from trephine.study.plans_compared import compared

Plain = dict[str, Any]


@dataclass(frozen=True)
class Added:
    """What the injections of one plan change.

    Parameters
    ----------
    plan
        The plan that injects cells.
    without
        The plan of the comparison that differs from it by these injections alone, if there is one.
    name
        The plan by name that would be that one, where none is here; empty where none has a name.
    rows
        Both plans as :func:`trephine.study.plans_compared.compared` tells them, the one without
        cells first; none where only one is here.
    """

    plan: str
    without: str | None
    name: str = ""
    rows: tuple[Plain, ...] = ()


def added(cases: Mapping[str, CourseCase], told: Mapping[str, list[Plain]]) -> tuple[Added, ...]:
    """Return what the cells of each plan change where something may happen once or never.

    At a painful site nothing does, and a plan stands beside saline there, not beside itself.

    Parameters
    ----------
    cases
        The same patient under each plan, the plan of the case first.
    told
        Outcome of every draw by plan, as :func:`trephine.study.plans_compared.draws` returns.
    """
    if any(one["event"] is None for each in told.values() for one in each):
        return ()
    found = []
    for plan, case in cases.items():
        rest = _steps(step for step in case.plan.steps if step.kind != CELLS)
        if len(rest) == len(case.plan.steps):
            continue
        without = next((n for n, c in cases.items() if _steps(c.plan.steps) == rest), None)
        if without is None:
            found.append(Added(plan, None, _named(next(iter(cases.values())), rest)))
        else:
            rows = compared({without: told[without], plan: told[plan]})
            found.append(Added(plan, without, rows=tuple(rows)))
    return tuple(found)


def _named(case: CourseCase, rest: list[str]) -> str:
    """Return the plan by name that has these steps alone."""
    if rest == _steps(step for step in case.plan.steps if step.kind != CELLS):
        return WITHOUT
    return OBSERVED if rest == _steps(s for s in case.plan.steps if s.kind in KEPT) else ""


def _steps(steps: Iterable[Step]) -> list[str]:
    """Return steps as text that two plans share where they do the same, whatever the order."""
    return sorted(json.dumps(step.as_written(), sort_keys=True) for step in steps)
