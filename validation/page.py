"""Owns the page of healing checks: a section for each question, and what was met and missed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from keep import Outcome, outcomes

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "healing-checks.md"
STIFF = 1e4
"""Stiffness of the tissue between the bone ends whose day tells courses apart [N/mm]."""


@dataclass(frozen=True)
class Verdict:
    """One expectation and what became of it.

    Parameters
    ----------
    asked, found
        In words.
    met
        Whether it came out; None where there is nothing to score.
    """

    asked: str
    found: str
    met: bool | None

    @property
    def row(self) -> tuple[str, str, str]:
        """Return it as a row of a table."""
        word = {True: "met", False: "**missed**", None: "context"}[self.met]
        return self.asked, self.found, word


@dataclass(frozen=True)
class Answer:
    """What a question found.

    Parameters
    ----------
    title
        Of its section.
    verdicts
        Its expectations.
    text
        Tables and words, in Markdown.
    """

    title: str
    verdicts: tuple[Verdict, ...]
    text: str


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def union(outcome: Outcome) -> float:
    """Return the week of union, infinite without one."""
    return math.inf if outcome["union"] is None else float(outcome["union"])


def union_words(outcome: Outcome) -> str:
    """Return the week of union in words."""
    return "none" if outcome["union"] is None else f"{outcome['union']:.0f}"


def stiff_day(outcome: Outcome, level: float = STIFF) -> float:
    """Return the day from which the tissue stays stiffer than a level, infinite without one.

    Between visits the logarithm of the stiffness is straight. Finer than the week of union, which
    is a visit.
    """
    k, days = np.asarray(outcome["stiffness"]), 7.0 * np.asarray(outcome["week"])
    below = np.flatnonzero(k < level)
    if below.size == 0:
        return 0.0
    last = int(below[-1])
    if last == k.size - 1:
        return math.inf
    pair = slice(last, last + 2)
    return float(np.interp(math.log(level), np.log(k[pair]), days[pair]))


def day_words(outcome: Outcome, level: float = STIFF) -> str:
    """Return the day of :func:`stiff_day` in words."""
    day = stiff_day(outcome, level)
    return "never" if math.isinf(day) else f"{day:.0f}"


def usual(outcome: Outcome) -> tuple[str, ...]:
    """Return the cells of a row under :data:`USUAL`."""
    bone = in_the_gap(outcome, "woven") + in_the_gap(outcome, "lamellar")
    return (
        union_words(outcome),
        day_words(outcome),
        f"{outcome['callus'][-1]:.1f}",
        f"{bone:.2f}",
        f"{in_the_gap(outcome, 'cartilage'):.2f}",
        f"{in_the_gap(outcome, 'fibrous'):.2f}",
    )


def in_the_gap(outcome: Outcome, tissue: str) -> float:
    """Return the part of the gap that a tissue fills at the end; none if the model lacks it."""
    found = outcome["gap"].get(tissue, [0.0])
    return float(found[-1])


USUAL = (
    "union [wk]",
    "day of 10 kN/mm",
    "callus [mL]",
    "bone in gap",
    "cartilage in gap",
    "fibrous in gap",
)


def commits(found: Mapping[Any, Outcome]) -> str:
    """Return where the courses of a question were computed, in words."""
    return ", ".join(sorted({outcome["commit"] for outcome in found.values()}))


def answered(question: ModuleType) -> tuple[Answer, str]:
    """Return what a question finds, and its section of the page."""
    found = outcomes(question.TRIALS)
    answer: Answer = question.answer(found)
    scored = table(("expected", "found", ""), [v.row for v in answer.verdicts])
    asked = (question.__doc__ or "").strip().partition("\n")[2].strip()
    seconds = sum(outcome["seconds"] for outcome in found.values())
    section = (
        f"## {answer.title}\n\n{asked}\n\n{scored}\n\n{answer.text}\n\n"
        f"{len(found)} computations, {seconds / 60:.0f} minutes of one core, at commit "
        f"{commits(found)}.\n"
    )
    return answer, section


def publish(name: str, section: str) -> None:
    """Put a section between its marks on the page."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    page = PAGE.read_text(encoding="utf-8")
    before, mark, rest = page.partition(begin)
    _, closing, after = rest.partition(end)
    if not (mark and closing):
        raise SystemExit(f"{PAGE} has no place for the section {name}")
    PAGE.write_text(f"{before}{begin}\n{section}{end}{after}", encoding="utf-8")


def summary(answers: Iterable[Answer]) -> str:
    """Return every expectation and what became of it, as one table."""
    scored = [(a, v) for a in answers for v in a.verdicts if v.met is not None]
    met = sum(v.met is True for _, v in scored)
    rows = [(_link(a.title), *v.row) for a, v in scored]
    head = ("question", "expected", "found", "")
    return f"{met} of {len(scored)} expectations are met.\n\n{table(head, rows)}\n"


def _link(title: str) -> str:
    return f"[{title}](#{title.lower().replace(' ', '-')})"
