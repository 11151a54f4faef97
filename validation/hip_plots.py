"""Draws collapse of untreated hips over time by type, beside what was published."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from calibration_plots import _pyplot, _svg
from hip_fit import Array, Numbers, Row, chances, hips_by_type

from trephine.core.shares import jeffreys

COLOURS = {"A": "#6b7280", "B": "#1f78b4", "C1": "#b15928", "C2": "#8b1a4a"}
YEARS = np.arange(0.0, 5.01, 0.25)


def collapse_by_type(
    people: Mapping[str, Row], fit: list[Numbers], told: Mapping[str, tuple[float, float]]
) -> str:
    """Return the picture, a panel for each type.

    Bands of 90 %, and points as published with the interval of their hips.
    """
    figure, panels = _pyplot().subplots(
        1, len(COLOURS), figsize=(7.2, 2.9), sharex=True, sharey=True, layout="constrained"
    )
    hips = hips_by_type()
    for axes, (jic, colour) in zip(panels, COLOURS.items(), strict=True):
        name = f"untreated {jic}"
        drawn = [chances(fit, people[name], "collapse_day", float(year)) for year in YEARS]
        low, middle, high = np.quantile(np.array(drawn), [0.05, 0.5, 0.95], axis=1)
        axes.fill_between(YEARS, 100 * low, 100 * high, color=colour, alpha=0.2, lw=0)
        axes.plot(YEARS, 100 * middle, color=colour, lw=1.6)
        _points(axes, told[name], hips, colour)
        axes.set(xlim=(0, 5.3), ylim=(-2, 100), xticks=range(6))
        axes.set_title(f"type {jic}", loc="left", fontsize=10)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    panels[0].set_ylabel("collapsed [%]")
    figure.supxlabel("years; line and band: model, 90 %; points: published", fontsize=9)
    return _svg(figure)


def _points(axes: object, shares: tuple[float, float], hips: float, colour: str) -> None:
    for year, share in zip((2, 5), shares, strict=True):
        low, high = jeffreys(round(share * hips), round(hips), 0.9)
        span = 100 * np.array([[max(share - low, 0.0)], [max(high - share, 0.0)]])
        axes.errorbar(  # type: ignore[attr-defined]
            [year], [100 * share], yerr=span, fmt="o", color=colour, capsize=3, ms=5, lw=1
        )


__all__ = ["Array", "collapse_by_type"]
