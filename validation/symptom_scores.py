"""Owns what the check of symptoms hands to the scorecard, and its picture.

Every number comes from what ships: the fits without a study were made by ``make symptoms``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from condition_scores import ConditionScore, keep

from trephine.catalogue.load import catalogue
from trephine.catalogue.symptom_posterior import symptom_posterior
from trephine.catalogue.vocabulary import Product
from trephine.core.rng import Streams
from trephine.models.disc_nutrition import DiscParameters, least_open
from trephine.models.instruments import INSTRUMENTS
from trephine.models.reading import Reading
from trephine.models.symptom_group import Given, Luck, group_change
from trephine.models.symptoms import SymptomLaws
from trephine.report.forest import standalone
from trephine.report.palette import ACCENT, INK, MUTED
from trephine.report.svg import Scale, box, picture, rule, text
from trephine.study.symptom_left_out import Expected, coverage

PICTURE = Path(__file__).parents[1] / "docs/images/symptoms.svg"
MISS = "#b3261e"
WHY = {
    "Juni2015": "no other study tells the first weeks of a corticosteroid against saline",
    "McAlindon2017": "no other study gave a corticosteroid every 12 weeks for two years",
}
"""What is known of studies that lie outside."""
DRAWS = 60
"""Draws of the numbers of a disc."""
ENDPLATE = 40.0
"""Share of the endplate that the design takes from an abstract [%]."""


def keep_scores(table: Sequence[Expected]) -> Path:
    """Write the scores of joints, discs and tendons and return the file.

    Parameters
    ----------
    table
        Every published number beside what a fit without its study expected.
    """
    rows = [_left_out(one) for one in table]
    rows += [
        _no_difference("Shapiro2017", Product.SALINE, 182.0),
        _no_difference("MILES2023", Product.CORTICOSTEROID, 365.0),
        _endplate(),
    ]
    how = (
        f"Each study with numbers is foretold by one of four fits that never saw it: "
        f"{coverage(list(table)):.0%} of {len(table)} values lie within their interval of 90 %. "
        f"Structure by {DRAWS} draws of its numbers."
    )
    return keep("joints discs and tendons", rows, how)


def _points(value: float, unit: str) -> str:
    return f"{value:+.0f}{unit}".replace("-", "\u2212")


def _left_out(one: Expected) -> ConditionScore:
    unit = " %" if one.kind == "improvement" else " points"
    what = {"contrast": "difference from saline", "improvement": "improvement"}.get(
        one.kind, "change"
    )
    dealt = "" if one.randomised else ", series"
    return ConditionScore(
        study=one.study,
        endpoint=f"{what} of {one.score} under {one.product}{dealt}, {one.site}, "
        f"day {one.day:.0f}, points of 100",
        published=_points(one.published, unit),
        predicted=f"{_points(one.median, unit)} ({_points(one.low, '')} to "
        f"{_points(one.high, '')})",
        verdict="inside" if one.is_inside else "outside",
        role="not fitted",
        why="" if one.is_inside else WHY.get(one.study, ""),
    )


def _no_difference(study: str, other: Product, day: float) -> ConditionScore:
    """Return whether the model finds no difference in the knee where a trial found none."""
    found, laws = symptom_posterior(), Reading(catalogue()).fill(SymptomLaws)
    luck = Luck(*(np.zeros(found.count) for _ in range(3)))
    change = [
        group_change(
            found.draws,
            laws,
            Given(product),
            site="knee",
            domain="pain",
            baseline=55.0,
            severity=0.0,
            day=np.array([day]),
            luck=luck,
        )[:, 0]
        for product in (other, Product.CONCENTRATE)
    ]
    low, middle, high = np.quantile(change[0] - change[1], (0.05, 0.5, 0.95))
    return ConditionScore(
        study=study,
        endpoint=f"pain less under concentrate than under {other}, knee, day {day:.0f}",
        published="no difference",
        predicted=f"{_points(middle, ' points')} ({_points(low, '')} to {_points(high, '')})",
        verdict="holds" if low < 0.0 < high else "fails",
        role="may be fitted",
    )


def _endplate() -> ConditionScore:
    shares = [
        100.0
        * least_open(Reading(catalogue(), Streams(n).within("disc").named).fill(DiscParameters))
        for n in range(DRAWS)
    ]
    low, middle, high = np.quantile(shares, (0.05, 0.5, 0.95))
    inside = bool(low <= ENDPLATE <= high)
    return ConditionScore(
        study="design, Selard 2010",
        endpoint="share of the endplate below which cells of a lumbar disc die",
        published=f"about {ENDPLATE:.0f} %",
        predicted=f"{middle:.0f} % ({low:.0f} to {high:.0f})",
        verdict="inside" if inside else "outside",
        role="not fitted",
        why=""
        if inside
        else "the share hangs on height, thickness and reach of the endplate, which no abstract "
        "tells; see the table of the page on joints, discs and tendons",
    )


def draw(table: Sequence[Expected]) -> None:
    """Draw every change and difference on its interval, in points of 100."""
    rows = [one for one in table if one.kind != "improvement"]
    x = Scale(-100.0, 40.0, 400.0, 950.0)
    top, step = 46.0, 22.0
    foot = top + step * len(rows)
    parts = [
        box(8, 12, 26, 8, ACCENT, ' rx="2" opacity="0.35"'),
        f'<circle cx="21" cy="16" r="4" fill="{ACCENT}"/>',
        text(42, 20, "expected without the study, middle and 90 %", colour=INK),
        _diamond(340, 16, INK),
        text(354, 20, "published, inside", colour=INK),
        _diamond(490, 16, MISS),
        text(504, 20, "published, outside", colour=INK),
    ]
    for tick in (-100, -80, -60, -40, -20, 0, 20, 40):
        at = x(float(tick))
        parts += [
            rule(at, top - 4, at, foot + 4),
            text(at, foot + 18, f"{tick}".replace("-", "\u2212"), anchor="middle"),
        ]
    axis = "change or difference of the burden [points of 100]; less is better"
    parts.append(text(950, foot + 38, axis, anchor="end"))
    for number, one in enumerate(rows):
        middle = top + step * (number + 0.5)
        week = f"week {one.day / 7:.0f}"
        less = ", less saline" if one.kind == "contrast" else ""
        words = f"{one.study}: {one.product}, {INSTRUMENTS[one.score].name}, {week}{less}"
        start, end = x(one.low), x(one.high)
        parts += [
            text(8, middle + 4, words, colour=INK, size=11.5),
            box(start, middle - 4, end - start, 8, ACCENT, ' rx="2" opacity="0.35"'),
            f'<circle cx="{x(one.median):.1f}" cy="{middle:.1f}" r="3.5" fill="{ACCENT}"/>',
            _diamond(x(one.published), middle, INK if one.is_inside else MISS),
        ]
    parts.append(rule(x(0.0), top - 4, x(0.0), foot + 4, MUTED))
    label = "Published changes of pain and function on the intervals of fits without their study"
    PICTURE.write_text(standalone(picture(980, foot + 50, label, parts)) + "\n", encoding="utf-8")


def _diamond(x: float, y: float, colour: str) -> str:
    return (
        f'<path d="M{x:.1f} {y - 6:.1f}l4.5 6-4.5 6-4.5-6z" fill="#fff" fill-opacity="0.6" '
        f'stroke="{colour}" stroke-width="1.8"/>'
    )
