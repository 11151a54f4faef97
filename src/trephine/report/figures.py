"""Owns the overview of a run as one figure, for papers and notebooks."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from trephine.case.run import Run
from trephine.core.errors import InputError
from trephine.report import film, graphs, story, tables
from trephine.report.frames import Frames, composition, filling, in_the_gap
from trephine.report.legend import events
from trephine.report.palette import ACCENT, INK, LOOSE, MUTED, NEW_BONE, RULE, TISSUES
from trephine.report.svg import decades
from trephine.report.words import rounded

STYLE: Any = {
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.titlesize": 9.5,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 6.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "svg.fonttype": "path",
    "svg.hashsalt": "trephine",
    "text.color": INK,
}
FILMS = 6
FORMATS = (".png", ".svg", ".pdf")


def course(run: Run, path: str | Path | None = None) -> Figure:
    """Return one figure of a run: films, tissue, cells, stiffness, movement, callus, score.

    The same run gives the same bytes of a PNG or SVG.

    Parameters
    ----------
    run
        A finished run.
    path
        Where to save it as PNG, SVG or PDF, by its ending; not saved where None.

    Raises
    ------
    InputError
        If the ending of the path is none of these, or its folder does not exist.
    """
    target = None if path is None else _checked(Path(path))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(11, 8.2), layout=ConstrainedLayoutEngine(rect=(0, 0.02, 1, 0.98)))
        FigureCanvasAgg(figure)
        outcome = "\n".join(textwrap.wrap(story.outcome(run), 140))
        figure.suptitle(f"{run.case.name}\n{outcome}", fontsize=10, x=0.01, ha="left")
        (upper,), (lower,) = figure.subfigures(2, 1, squeeze=False, height_ratios=(1, 2.5))
        frames = Frames.of(run)
        _films(upper.subplots(1, FILMS), run, frames)
        drawn: tuple[Callable[[Axes, Run], None], ...] = (
            _tissue,
            _cells,
            _stiffness,
            _movement,
            _callus,
            _score,
        )
        for draw, axes in zip(drawn, lower.subplots(2, 3, sharex=True).flat, strict=True):
            draw(axes, run)
            axes.set_xlim(0, float(run.course.day[-1]) / 7.0)
            axes.margins(x=0)
            for week, _ in events(run):
                axes.axvline(week, color=INK, linewidth=0.8, linestyle=":")
        for axes in lower.axes[3:]:
            axes.set_xlabel("weeks from day 0")
        figure.text(
            0.995,
            0.002,
            f"Research tool, not a medical device. Run {tables.run_digest(run)}, trephine "
            f"{run.provenance.version}, catalogue {run.provenance.catalogue_digest}. "
            "Dotted: injections.",
            ha="right",
            va="bottom",
            fontsize=6.5,
            color=MUTED,
        )
        if target is not None:
            undated = {".png": {"Software": None}, ".svg": {"Date": None}}
            undated[".pdf"] = {"CreationDate": None}
            figure.savefig(target, dpi=150, metadata=undated[target.suffix.lower()])
    return figure


def _checked(path: Path) -> Path:
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"{path}: a figure is saved as {', '.join(FORMATS)}; change the ending")
    if not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.parent}")
    return path


def _films(places: Iterable[Axes], run: Run, frames: Frames) -> None:
    greys = film.films(run, frames)["ap"]
    chosen = np.linspace(0, len(frames) - 1, FILMS).round().astype(int)
    for axes, index in zip(places, chosen, strict=True):
        axes.imshow(greys[index], cmap="gray", vmin=0, vmax=255, interpolation="bicubic")
        axes.set_title(f"week {rounded(float(frames.week[index]))}", fontweight="normal")
        axes.set_axis_off()


def _legend_below(axes: Axes) -> None:
    axes.legend(
        loc="upper left", bbox_to_anchor=(-0.1, -0.02), ncols=2, handlelength=1.3, columnspacing=0.8
    )


def _tissue(axes: Axes, run: Run) -> None:
    weeks = run.course.day / 7.0
    parts = composition(filling(run))
    shades = [shade for shade in (*TISSUES, LOOSE) if parts[shade.key].any()]
    axes.stackplot(
        weeks,
        [100 * parts[shade.key] for shade in shades],
        colors=[shade.colour for shade in shades],
        labels=[shade.label for shade in shades],
        edgecolor="white",
        linewidth=0.4,
    )
    axes.set(title="What fills the gap", ylabel="% of the gap", ylim=(0, 100))
    _legend_below(axes)


def _cells(axes: Axes, run: Run) -> None:
    weeks = run.course.day / 7.0
    series = {s: in_the_gap(run, s.key) * 1e6 for s in graphs.cell_shades(run)}
    for number, (shade, values) in enumerate(series.items()):
        shown = np.where(values > 0, values, np.nan)
        style = ("-", "--", "-", "--", ":")[number % 5]
        axes.plot(weeks, shown, style, color=shade.colour, label=shade.label)
    axes.set_yscale("log")
    axes.set(title="Cells in the gap", ylabel="cells per mL")
    axes.set_ylim(*decades(list(series.values()), 1e6))
    if series:
        _legend_below(axes)


def _stiffness(axes: Axes, run: Run) -> None:
    weeks, implant = run.course.day / 7.0, run.course.fixation_stiffness * 1e-3
    axes.semilogy(weeks, run.course.stiffness * 1e-3, color=ACCENT, label="tissue")
    axes.axhline(implant, color=MUTED, linestyle="--", label="implant")
    axes.set(title="Stiffness along the shaft", ylabel="N/mm")
    _legend_below(axes)


def _movement(axes: Axes, run: Run) -> None:
    axes.plot(run.course.day / 7.0, run.course.movement * 1e3, color=ACCENT)
    axes.set(title="Movement between the bone ends", ylabel="mm")
    axes.set_ylim(bottom=0)


def _callus(axes: Axes, run: Run) -> None:
    volume = run.follow_up.callus_volume * 1e6
    axes.fill_between(run.follow_up.week, volume, color=NEW_BONE, alpha=0.3)
    axes.plot(run.follow_up.week, volume, color=NEW_BONE)
    axes.set(title="Mineralised new bone", ylabel="mL")
    axes.set_ylim(bottom=0)


def _score(axes: Axes, run: Run) -> None:
    seen = run.follow_up
    axes.step(seen.week, seen.mrust, where="post", color=ACCENT)
    axes.set(title="Radiographic union", ylabel="mRUST, 4 to 16", ylim=(3.7, 16.3))
    axes.set_yticks([4, 7, 10, 13, 16])
    if seen.union_week is not None:
        axes.plot([seen.union_week], [4.0], marker="^", color=INK, clip_on=False)
        axes.annotate("union", (seen.union_week, 4.0), (4, 3), textcoords="offset points")
