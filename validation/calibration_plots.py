"""Owns the pictures of the calibration: the numbers before and after it, and their correlations."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from trephine.catalogue.load import catalogue
from trephine.study import unknowns
from trephine.study.calibrate import Fit
from trephine.study.identifiability import correlations, prior_deviates

INK, PALE, ACCENT = "#1d2429", "#b9bfc2", "#0b6e69"


def marginal_plot(fit: Fit) -> str:
    """Return the picture of every number before and after the fit, as SVG."""
    prior, rows = prior_deviates(fit.seed), fit.law.drawn(4000, np.random.default_rng(0))
    before, after = unknowns.values(prior), unknowns.values(fit.law.points[rows])
    plt = _pyplot()
    figure, panels = plt.subplots(5, 3, figsize=(9, 10), layout="constrained")
    for panel, name in zip(panels.flat, unknowns.IDENTIFIERS, strict=False):
        low, high = np.quantile(before[name], (0.001, 0.999))
        is_wide = low > 0 and high / low > 8.0
        edges = np.geomspace(low, high, 31) if is_wide else np.linspace(low, high, 31)
        for held, colour, fill in ((before[name], PALE, True), (after[name], ACCENT, False)):
            height, _ = np.histogram(held, edges)
            panel.stairs(height / held.size, edges, color=colour, fill=fill, lw=1.4)
        record = catalogue().record(name)
        panel.axvline(record.printed, color=INK, lw=0.8, ls=":")
        unit = "" if record.unit == "1" else f" [{record.unit}]"
        panel.set_title(name.removeprefix("callus.") + unit, fontsize=8, loc="left")
        panel.set(xscale="log" if is_wide else "linear", yticks=[], xlim=(low, high))
        panel.tick_params(labelsize=7)
        panel.spines[["top", "right", "left"]].set_visible(False)
    for panel in list(panels.flat)[len(unknowns.IDENTIFIERS) :]:
        panel.set_visible(False)
    return _svg(figure)


def correlation_plot(fit: Fit) -> str:
    """Return the picture of the correlations after the fit, as SVG."""
    plt = _pyplot()
    held = correlations(fit)
    names = [name.removeprefix("callus.") for name in unknowns.IDENTIFIERS]
    figure, panel = plt.subplots(figsize=(7.4, 6.6), layout="constrained")
    panel.pcolormesh(held[::-1], cmap="BrBG", vmin=-1.0, vmax=1.0, edgecolors="white", lw=0.6)
    for row, line in enumerate(held[::-1]):
        for column, value in enumerate(line):
            if abs(value) >= 0.15 and abs(value) < 1.0 - 1e-9:
                panel.text(
                    column + 0.5, row + 0.5, f"{value:.2f}".replace("0.", "."), fontsize=7,
                    ha="center", va="center", color="white" if abs(value) > 0.6 else INK,
                )  # fmt: skip
    ticks = np.arange(len(names)) + 0.5
    panel.set_xticks(ticks, names, rotation=60, ha="right", fontsize=8)
    panel.set_yticks(ticks, names[::-1], fontsize=8)
    panel.tick_params(length=0)
    return _svg(figure)


def _pyplot() -> Any:  # noqa: ANN401
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("svg")
    import matplotlib.pyplot as plt  # noqa: PLC0415

    mpl.rcParams |= {"svg.hashsalt": "calibration", "svg.fonttype": "none", "font.size": 9}
    return plt


def _svg(figure: Any) -> str:  # noqa: ANN401
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    _pyplot().close(figure)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"
