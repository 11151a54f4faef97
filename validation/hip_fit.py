"""Owns the fit of four numbers of necrotic heads, and the chances that it leaves.

The people of `hip_people` have own values of the four; a population with other values is a
weighting of them. Only published values of role calibrate are seen: collapse of untreated hips by
type (Kuroda 2019) and the two arms of Gangji 2004.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tomli_w
from hip_people import FILL_SPREAD, FILLING, RESTING, people
from numpy.typing import NDArray
from scipy import special, stats

from trephine.catalogue.cohorts import cohorts
from trephine.catalogue.posterior import of
from trephine.intake.head import printed
from trephine.models.necrosis_draws import PLACE
from trephine.store.files import replacing

Array = NDArray[np.float64]
TYPES = {"A": "jic_a", "B": "jic_b", "C1": "jic_c1", "C2": "jic_c2"}
ARMS = {"cells": "cells", "drilled": "cd_alone"}
DAMAGE_WIDTH, GAIN_WIDTH = 0.5, 3.0
"""Spread of the weights around a rate of damage, in its logarithm, and around a gain."""
TRIED = 2048
"""Values of the four numbers that are tried, even over their bounds."""
KEPT = 400
"""Draws of them that are kept, by how likely they make what was published."""
LEAST_PEOPLE = 4.0
"""Fewest people, by their weights, that stand for a population."""
BOUNDS = ((2.0, 20.0), (0.12, 1.2), (0.4, 2.5), (0.0, 15.0))
"""Of the numbers in their order; the first three even in the logarithm."""


RECORDS = (
    "necrosis.damage_rate",
    "necrosis.filling",
    "necrosis.resting",
    "necrosis.graft_gain",
)
"""Records of the four numbers, in their units."""
DRAWS = Path(__file__).parents[1] / "src/trephine/catalogue" / Path(*PLACE)


class Numbers(NamedTuple):
    """The four numbers that are fitted.

    Parameters
    ----------
    damage
        Rate of damage under the stress that crushes at once [1/d].
    filling
        Rate of filling over that of the public program, of the person in the middle [-].
    resting
        Mean rest of the front [year].
    gain
        Most by which a graft raises the speed of front and filling [-].
    """

    damage: float
    filling: float
    resting: float
    gain: float


class Share(NamedTuple):
    """How many of the people something befalls, and how many people the weights are worth."""

    share: float
    people: float


@dataclass(frozen=True)
class Row:
    """People in one row, and which of the four numbers act in it.

    Parameters
    ----------
    columns
        Of `hip_people.COLUMNS`, (person,).
    rests, has_graft
        Whether the front rests before it moves, and whether a graft acts.
    """

    columns: Mapping[str, Array]
    rests: bool
    has_graft: bool

    def weights(self, k: Numbers) -> Array:
        r"""Return the weights that make a population with four numbers of these people, (person,).

        .. math:: w \propto \frac{N(\ln x; \ln f, s)}{N(\ln x; \ln f_0, s_0)}
                  \frac{e^{-r/R}}{e^{-r/R_0}}\,
                  N(\ln k_d; \ln k, h)\, N(b; b_1, h_b)

        the quotient of laws for filling and rest, in which people differ anyway; a kernel for
        rate of damage and gain, in which they do not. They sum to one.
        """
        own = self.columns
        fill = np.log(own["filling"])
        width = printed().fill_variation
        log_weight = stats.norm.logpdf(fill, np.log(k.filling), width)
        log_weight -= stats.norm.logpdf(fill, np.log(FILLING), FILL_SPREAD)
        log_weight -= 0.5 * (np.log(own["damage"] / k.damage) / DAMAGE_WIDTH) ** 2
        if self.rests:
            log_weight += own["resting"] * (1.0 / RESTING - 1.0 / k.resting)
        if self.has_graft:
            log_weight -= 0.5 * ((own["gain"] - k.gain) / GAIN_WIDTH) ** 2
        return np.asarray(special.softmax(log_weight))

    def share(self, k: Numbers, column: str, years: float) -> Share:
        """Return the share of a population whose day of something lies within some years."""
        weight = self.weights(k)
        befallen = self.columns[column] <= years * 365.25
        return Share(float(weight @ befallen), float(1.0 / (weight @ weight)))


def rows() -> dict[str, Row]:
    """Return the people of each row."""
    return {
        name: Row(columns, rests=name not in ARMS, has_graft=name.endswith("cells"))
        for name, columns in people().items()
    }


def published() -> dict[str, tuple[float, float]]:
    """Return what may be fitted: share at 2 and 5 years by type; events and hips of each arm."""
    known = cohorts("calibrate")
    kuroda, gangji = known["Kuroda2019"].arms, known["Gangji2004"].arms
    found = {}
    for jic, key in TYPES.items():
        told = kuroda[key].endpoints
        found[f"untreated {jic}"] = (
            told["collapse_2_y"].printed / 100.0,
            told["collapse_5_y"].printed / 100.0,
        )
    for row, key in ARMS.items():
        counted = gangji[key].endpoints["collapse_24_months"]
        found[row] = (float(counted.events[0]), float(counted.total or 0))
    return found


def hips_by_type() -> float:
    """Return how many untreated hips of each type count: a quarter of all, their split unknown."""
    return cohorts()["Kuroda2019"].sizes["hips"] / len(TYPES)


def likelihood(
    k: Numbers, row: Mapping[str, Row], told: Mapping[str, tuple[float, float]]
) -> float:
    r"""Return the logarithm of how likely four numbers make what was published.

    Of an untreated type the hips that collapsed by 2 years, by 5 and not at all are a draw from
    the shares of the population, which are themselves known from some people alone: a
    multinomial with a Dirichlet law of weight :math:`n p + 1/2`. An arm likewise.
    """
    total, hips = 0.0, hips_by_type()
    for name, values in told.items():
        if name in ARMS:
            broken = row[name].share(k, "fracture_day", 2.0)
            shares = np.array([broken.share, 1.0 - broken.share])
            counts = np.array([values[0], values[1] - values[0]])
        else:
            broken = row[name].share(k, "collapse_day", 2.0)
            later = row[name].share(k, "collapse_day", 5.0).share
            shares = np.array([broken.share, later - broken.share, 1.0 - later])
            counts = hips * np.array([values[0], values[1] - values[0], 1.0 - values[1]])
        if broken.people < LEAST_PEOPLE and name != "untreated A":
            return -np.inf
        known = broken.people * np.maximum(shares, 0.0) + 0.5
        total += float(
            special.gammaln(known.sum())
            - special.gammaln(known.sum() + counts.sum())
            + (special.gammaln(known + counts) - special.gammaln(known)).sum()
        )
    return total


def tried() -> list[Numbers]:
    """Return values of the four numbers, even over their bounds."""
    even = stats.qmc.Sobol(len(BOUNDS), scramble=True, rng=np.random.default_rng(1)).random(TRIED)
    low, high = np.array(BOUNDS).T
    in_log = low[:3] * (high[:3] / low[:3]) ** even[:, :3]
    gain = low[3] + (high[3] - low[3]) * even[:, 3]
    return [Numbers(*map(float, one), float(b)) for one, b in zip(in_log, gain, strict=True)]


def draws(row: Mapping[str, Row]) -> list[Numbers]:
    """Return draws of the four numbers, as likely as each makes what was published."""
    candidates, told = tried(), published()
    weight = special.softmax([likelihood(k, row, told) for k in candidates])
    edges = (np.arange(KEPT) + 0.5) / KEPT
    chosen = np.searchsorted(np.cumsum(weight), edges)
    return [candidates[min(int(n), TRIED - 1)] for n in chosen]


def fitted_to() -> tuple[str, ...]:
    """Return the ids of the published values that the fit sees."""
    shares = ("collapse_2_y", "collapse_5_y")
    return (
        *(f"Kuroda2019.{key}.{share}" for key in TYPES.values() for share in shares),
        *(f"Gangji2004.{key}.collapse_24_months" for key in ARMS.values()),
    )


def keep(fit: list[Numbers]) -> None:
    """Write the draws where a comparison of plans reads them, four figures each."""
    drawn = np.array(fit).T
    columns = {
        record: [float(f"{value:.4g}") for value in column]
        for record, column in zip(RECORDS, drawn, strict=True)
    }
    told = {
        "about": "Draws of the numbers of necrotic heads that validation/hips.py --fit fitted "
        "together; each as likely as the others.",
        "fitted_to": list(fitted_to()),
        "published": of(fitted_to(), cohorts("calibrate")),
        "draws": columns,
    }
    with replacing(DRAWS) as part:
        part.write_text(tomli_w.dumps(told, multiline_strings=False), encoding="utf-8")


def middle(fit: list[Numbers]) -> Numbers:
    """Return the middle of the draws, number by number."""
    return Numbers(*(float(v) for v in np.median(np.array(fit), axis=0)))


def chances(fit: list[Numbers], row: Row, column: str, years: float, *, seed: int = 0) -> Array:
    """Return chances of something under the draws of a fit, (draw,) [-].

    Each holds the doubt left by the number of people too.
    """
    rng = np.random.default_rng(seed)
    found = []
    for k in fit:
        share, count = row.share(k, column, years)
        found.append(rng.beta(count * share + 0.5, count * (1.0 - share) + 0.5))
    return np.array(found)


def interval(values: Array) -> tuple[float, float]:
    """Return the 90 % interval of draws."""
    low, high = np.quantile(values, [0.05, 0.95])
    return float(low), float(high)


def in_a_trial(chance: Array, hips: int) -> tuple[int, int]:
    """Return the 90 % interval of how many of some hips it befalls, chance and luck unknown."""
    law: Callable[[int], float] = lambda n: float(stats.binom.cdf(n, hips, chance).mean())  # noqa: E731
    counts = np.arange(hips + 1)
    cumulated = np.array([law(int(n)) for n in counts])
    low = int(counts[cumulated >= 0.05][0])
    high = int(counts[cumulated >= 0.95][0])
    return low, high
