"""A cheap made-up engine for tests of the emulator: what it would say of designed courses."""

from __future__ import annotations

import numpy as np

from trephine.study import designed, inputs
from trephine.study.courses import CALLUS, Runs

ENGINE = {"model": "stand-in", "stages": {"heal": 1}, "numbers": "a"}


def stand_in(values: inputs.Values) -> Runs:
    """Return what a made-up engine says: a threshold of the density, and a week by the gap."""
    injected = values[inputs.CARRIER] != "no injection"
    volume = np.where(injected, values[inputs.VOLUME], 1.0)
    density = np.log10(np.maximum(np.where(injected, values[inputs.CELLS], 0.0), 1.0) / volume)
    grows = (density > 9.0) & injected
    week = np.ceil(4.0 + 2000.0 * values[inputs.GAP] + 4.0 * np.maximum(11.0 - density, 0.0))
    union = np.where(grows & (week <= designed.WEEKS), week, np.inf)
    volumes = [np.where(grows, 1e-6 * (w + 500.0 * values[inputs.OUTER]), 0.0) for w in CALLUS]
    scores = [np.where(grows, 4.0 + 0.4 * w, 4.0) for w in CALLUS]
    return Runs(values, union, np.array(volumes), np.array(scores))


def made(part: designed.Part, count: int) -> Runs:
    return stand_in(designed.points(part, count))
