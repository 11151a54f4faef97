"""A cheap made-up engine for tests of the emulator: what it would say of designed courses."""

from __future__ import annotations

import numpy as np

from trephine.study import designed, designed_points, inputs
from trephine.study.coordinates import NAMES
from trephine.study.courses import CALLUS, Runs
from trephine.study.emulate import Emulator
from trephine.study.gaussian_process import Smoothness
from trephine.study.input_range import Values
from trephine.study.teaching import Learned

ENGINE = {"model": "stand-in", "stages": {"heal": 1}, "numbers": "a"}


def stand_in(values: Values) -> Runs:
    """Return what a made-up engine says: a threshold of the density, and a week by the gap."""
    injected = values[inputs.CARRIER] != "no injection"
    volume = np.where(injected, values[inputs.VOLUME], 1.0)
    density = np.log10(np.maximum(np.where(injected, values[inputs.CELLS], 0.0), 1.0) / volume)
    grows = (density > 9.5) & injected
    week = np.ceil(4.0 + 2000.0 * values[inputs.GAP] + 4.0 * np.maximum(11.0 - density, 0.0))
    union = np.where(grows & (week <= designed.WEEKS), week, np.inf)
    volumes = [np.where(grows, 1e-6 * (w + 500.0 * values[inputs.OUTER]), 0.0) for w in CALLUS]
    scores = [np.where(grows, 4.0 + 0.4 * w, 4.0) for w in CALLUS]
    return Runs(values, union, np.array(volumes), np.array(scores))


def points(part: str, count: int) -> Values:
    """Return designed courses, to learn from or fresh ones."""
    law = designed_points.designed if part == "train" else designed_points.independent
    return law(count)


def made(part: str, count: int) -> Runs:
    return stand_in(points(part, count))


def quick(train: int = 96, fresh: int = 40) -> Emulator:
    """Return an emulator of the made-up engine whose smoothness is given instead of sought."""
    plain = Smoothness(np.full(len(NAMES), 5.0), height=2.0, slope=0.5, noise=0.2)
    learned = Learned(plain, plain, plain)
    return Emulator(learned, made("train", train), made("fresh", fresh), {"engine": ENGINE})
