"""The plots of the emulator: told beside the engine, the worth of a chance, what drives union."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from emulator_page import BINS
from trephine.study.courses import CALLUS, MILLILITRE
from trephine.study.emulate import Emulator
from trephine.study.sensitivity import Driver

INK, PALE, GOOD, BAD = "#1f2430", "#9aa3b2", "#2a6f97", "#c1432e"
SHOWN = 16
"""Inputs that the bars show."""
NORMAL = 1.645
"""Deviate that bounds the middle 90 %."""


def _plotting() -> Any:  # noqa: ANN401
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("svg")
    import matplotlib.pyplot as plt  # noqa: PLC0415

    mpl.rcParams |= {"svg.hashsalt": "emulator", "svg.fonttype": "none", "font.size": 9}
    return plt


def _drawn(figure: Any) -> str:  # noqa: ANN401
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def plot(emulator: Emulator) -> str:
    """Return the plot of what was told beside what the engine did, as SVG."""
    plt = _plotting()
    fresh = emulator.fresh
    said, known = emulator.predict(fresh.values), emulator.answers(fresh.values)
    united = np.isfinite(fresh.union)
    like = np.arange(len(fresh)) >= emulator.about["counts"]["fresh"]
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(10.2, 3.6), layout="constrained")
    both = united & (said.union_chance >= 0.5)
    half = np.exp(NORMAL * known.spread)
    week = np.exp(known.middle)
    bars = np.array([week - week / half, week * half - week])
    _beside(left, fresh.union - 0.5, week, bars, both, like, "week of union")
    last, told = fresh.callus[-1] / MILLILITRE, said.callus[-1] / MILLILITRE
    everybody = np.ones(len(fresh), bool)
    _beside(middle, last, told, None, everybody, like, f"callus at week {CALLUS[-1]} [mL]")
    left.legend(frameon=False, loc="upper left")
    right.plot([0, 1], [0, 1], c=PALE, lw=0.8)
    for low, high in pairwise(BINS):
        here = (said.union_chance >= low) & ((said.union_chance < high) | (high == 1.0))
        count = int(here.sum())
        if not count:
            continue
        share = united[here].mean()
        centre = (share * count + NORMAL**2 / 2) / (count + NORMAL**2)
        wide = NORMAL * np.sqrt(centre * (1 - centre) / (count + NORMAL**2))
        place = said.union_chance[here].mean()
        right.plot([place, place], [max(centre - wide, 0), min(centre + wide, 1)], c=GOOD, lw=1.2)
        right.plot(place, share, "o", ms=5, c=GOOD)
        right.annotate(f" {count}", (place, share), color=INK, fontsize=8, va="top")
    right.set(
        xlabel="chance of union told",
        ylabel="share that united",
        xlim=(-0.05, 1.1),
        ylim=(-0.05, 1.05),
    )
    for panel in (left, middle, right):
        panel.spines[["top", "right"]].set_visible(False)
    text = _drawn(figure)
    plt.close(figure)
    return text


def _beside(
    panel: Any,  # noqa: ANN401
    truth: Any,  # noqa: ANN401
    told: Any,  # noqa: ANN401
    bars: Any,  # noqa: ANN401
    shown: Any,  # noqa: ANN401
    like: Any,  # noqa: ANN401
    what: str,
) -> None:
    most = float(max(truth[shown].max(), told[shown].max())) * 1.08
    panel.plot([0, most], [0, most], c=PALE, lw=0.8)
    for mine, colour, word in ((~like, GOOD, "whole range"), (like, BAD, "like patients")):
        here = shown & mine
        if bars is not None:
            reach = bars[:, here]
            panel.errorbar(
                truth[here], told[here], reach, fmt="none", ecolor=colour, lw=0.6, alpha=0.5
            )
        panel.plot(truth[here], told[here], "o", ms=3, c=colour, alpha=0.8, label=word)
    panel.set(xlabel=f"{what}, engine", ylabel="emulator", xlim=(0, most), ylim=(0, most))


def bars(driven: Sequence[Driver]) -> str:
    """Return the bars of what union depends on, as SVG."""
    plt = _plotting()
    shown = driven[:SHOWN][::-1]
    figure, panel = plt.subplots(figsize=(7.2, 0.26 * len(shown) + 0.9), layout="constrained")
    place = np.arange(len(shown))
    total = np.array([one.total for one in shown])
    ends = np.array([one.total_interval for one in shown]).T
    off = np.maximum(np.abs(ends - total), 0.0)
    panel.barh(place, total, color=PALE, label="with all others")
    panel.barh(place, [one.first for one in shown], color=GOOD, height=0.45, label="alone")
    panel.errorbar(total, place, xerr=off, fmt="none", ecolor=INK, lw=0.9)
    panel.set_yticks(place, [one.name.removeprefix("callus.").replace("_", " ") for one in shown])
    panel.set(xlabel="share of the variance of the chance of union", xlim=(0, None))
    panel.legend(frameon=False, loc="lower right")
    panel.spines[["top", "right"]].set_visible(False)
    text = _drawn(figure)
    plt.close(figure)
    return text
