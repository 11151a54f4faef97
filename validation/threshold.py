"""Ask how far the closed formula of the threshold (U16) holds for a heap of cells in 3-D.

Asked by check 3 of the specification. In even tissue the least density that makes bone is that of
the formula within 5 %; a test holds it there. Here cells are put as a ball into a block of
well-perfused tissue without surfaces, an eighth of which is computed: signal and cells spread out
of the ball, so it must be denser the smaller it is. The least density of the ball and the least
number of cells are found by bisection, for balls small and large beside the depth of the signal
(1 mm).

Refuted if the even block is more than 5 % off the formula, if a larger ball needs a higher
density, or if the density of the largest is not within a factor of 2 of the formula.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

import jax.numpy as jnp
import numpy as np
from trial import Outcome

from page import Answer, Verdict, table
from trephine.catalogue.load import catalogue
from trephine.models.callus import CALLUS, CallusParameters, in_engine_units
from trephine.models.healing import advance
from trephine.models.migration import CHEMOTAXIS, HAPTOTAXIS, HOST_SUPPLY, RANDOM_MOTION
from trephine.models.model import Fast, Strain
from trephine.models.reading import Reading
from trephine.models.signal import dose_threshold
from trephine.models.tissue import Tissue
from trephine.numerics.faces import aperture

RADII = (1.5, 3.0, 4.5, 6.0)
"""Radii of the balls [mm]."""
HALVINGS = 7
DAYS = 120.0


@dataclass(frozen=True)
class Ball:
    """A ball of progenitors in the corner of a block of even tissue.

    Parameters
    ----------
    radius
        Of the ball, infinite for an even block [mm].
    voxel
        Edge of a voxel [mm].
    beyond
        Tissue around the ball, or the edge of an even block [mm].
    """

    radius: float
    voxel: float = 0.75
    beyond: float = 6.0
    without: tuple[str, ...] = field(default=())

    @property
    def written(self) -> str:
        """Everything that tells it from another."""
        return json.dumps(asdict(self), sort_keys=True)

    @property
    def cost(self) -> float:
        """How long it takes, in the units of a trial."""
        return 2.0

    @property
    def kind(self) -> str:
        """What is compiled for it."""
        return f"threshold {self.without} {self.radius}"

    def compute(self) -> Outcome:
        """Return the formula, and the least density and number of cells that make bone."""
        began = time.perf_counter()
        p = in_engine_units(Reading(catalogue()).fill(CallusParameters))
        oxygen = 39.0
        formula, _ = dose_threshold(p, oxygen**2 / (oxygen**2 + p["osteogenic_oxygen"] ** 2))
        share = self._share()
        volume = 8.0 * float(share.sum()) * self.voxel**3
        low, high = 0.5 * formula, 32.0 * formula
        for _ in range(HALVINGS):
            middle = math.sqrt(low * high)
            if self._makes_bone(middle * share, p):
                high = middle
            else:
                low = middle
        least = math.sqrt(low * high)
        return {
            "formula": formula,
            "least": least,
            "cells": 1e3 * least * volume,
            "bracket": high / low,
            "seconds": time.perf_counter() - began,
            "peak": float(np.max(share)),
        }

    def _share(self) -> Any:  # noqa: ANN401
        """Return the part of each voxel inside the ball, by a subgrid."""
        if math.isinf(self.radius):
            return np.ones((2, 2, 2))
        n, fine = round((self.radius + self.beyond) / self.voxel), 4
        at = (np.arange(n * fine) + 0.5) * self.voxel / fine
        square = at**2
        inside = square[:, None, None] + square[:, None] + square <= self.radius**2
        return inside.reshape(n, fine, n, fine, n, fine).mean(axis=(1, 3, 5))

    def _makes_bone(self, density: Any, p: dict[str, float]) -> bool:  # noqa: ANN401
        """Return whether a density of injected progenitors makes bone somewhere."""
        shape = density.shape
        ones, none = jnp.ones(shape), jnp.zeros(shape)
        faces = aperture(ones)
        closed = {"living_bone", "living_surface", "muscle", "muscle_surface", "dead_surface"}
        parts: dict[str, Any] = dict.fromkeys(closed, none)
        parts |= {"spacing": jnp.asarray(self.voxel), "open": ones, "wet": ones}
        parts |= {"apertures": faces, "wet_apertures": faces}
        state = dict.fromkeys(CALLUS.names, none)
        state |= {"progenitor_injected": jnp.asarray(density), "perfusion": ones}
        state |= {"fibrous": 0.5 * ones}
        marched = advance(
            CALLUS.without(*self.without, HOST_SUPPLY.name),
            state,
            Fast({"oxygen": 40.0 * ones, "signal": none}, jnp.asarray(0.0)),
            strain=Strain(0.02 * ones, none, none),
            tissue=Tissue(**parts),
            p=p,
            duration=jnp.asarray(DAYS),
            step=jnp.asarray(0.05),
            longest=jnp.asarray(1.0),
            tolerance=jnp.asarray(1e-5),
            relative=5e-3,
        )
        return bool(marched.state["woven"].max() > 0.05)


STILL = (RANDOM_MOTION.name, HAPTOTAXIS.name, CHEMOTAXIS.name)
TRIALS: dict[tuple[str, float], Ball] = {
    **{("cells move", radius): Ball(radius) for radius in (*RADII, math.inf)},
    **{("cells stay", radius): Ball(radius, without=STILL) for radius in RADII},
}


def answer(found: Mapping[tuple[str, float], Outcome]) -> Answer:
    """Return what was found."""
    even = found["cells move", math.inf]
    ratio = {key: outcome["least"] / outcome["formula"] for key, outcome in found.items()}
    moving = [ratio["cells move", radius] for radius in RADII]
    off = ratio["cells move", math.inf] - 1
    verdicts = (
        Verdict(
            f"even tissue: within 5 % of the formula, {even['formula'] * 1e6:,.0f} per mL",
            f"{100 * off:+.1f} %, known to {100 * (even['bracket'] - 1) / 2:.1f} %",
            abs(off) <= 0.05,
        ),
        Verdict(
            "a larger ball needs no higher density",
            ", ".join(f"{r:.1f}" for r in moving) + " times the formula",
            all(b <= a * 1.02 for a, b in pairwise(moving)),
        ),
        Verdict(
            f"a ball of {RADII[-1]:g} mm is within a factor of 2 of the formula",
            f"{moving[-1]:.2f}",
            moving[-1] <= 2.0,
        ),
    )
    rows = [
        (
            name,
            "even" if math.isinf(radius) else f"{radius:g}",
            f"{outcome['least'] * 1e6:,.0f}",
            f"{ratio[name, radius]:.2f}",
            "" if math.isinf(radius) else f"{outcome['cells']:,.0f}",
        )
        for (name, radius), outcome in found.items()
    ]
    head = ("", "radius [mm]", "least density [1/mL]", "by the formula", "least number of cells")
    text = (
        f"{table(head, rows)}\n\nCells that stay show what the spread of the signal alone costs; "
        "the rest is the cells' own motion. Each is known to 2 %."
    )
    return Answer("Threshold in 3-D", verdicts, text)
