"""Where the tip of the needle draws, and what earlier draws left there (H5)."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from trephine.case.harvesting import Harvest
from trephine.models.aspiration_parameters import AspirationParameters, FanParameters, Values

MEASURED = "posterior_iliac_crest"
"""The bone whose depth was measured in women and in men."""


def punctures_needed(tracks: int, fan: FanParameters) -> int:
    r"""Return the fewest punctures through which all tracks can be driven.

    .. math:: n_p = \lceil n_t / n_1 \rceil
    """
    return math.ceil(tracks / int(fan.tracks))


def punctures(plan: Harvest, fan: FanParameters) -> int:
    """Return the punctures of a harvest: those it tells, or as many as its tracks need."""
    return punctures_needed(plan.tracks, fan) if plan.punctures is None else plan.punctures


def spacing_in_fan(plan: Harvest, spacing: Values, fan: FanParameters) -> Values:
    r"""Return how far apart the tips of neighbouring tracks of a puncture lie [m].

    .. math:: s = \min\!\left(s_0, \frac{w}{n - 1}\right), \qquad n = \lceil n_t / n_p \rceil

    Tracks crowd where the fan is too narrow for them.

    Parameters
    ----------
    plan
        Its tracks :math:`n_t` and punctures :math:`n_p`.
    spacing
        Distance :math:`s_0` of positions that have room [m].
    fan
        Breadth :math:`w` [m].
    """
    most = math.ceil(plan.tracks / punctures(plan, fan))
    if most == 1:
        return spacing
    narrow: Values = np.minimum(spacing, fan.breadth / (most - 1))
    return narrow


def drained_before(
    volumes: NDArray[np.floating[Any]],
    spacing: Values,
    length: Values,
    *,
    track: int = 1,
    step: float = 0.0,
    punctures: int = 1,
) -> NDArray[np.float64]:
    r"""Return what earlier draws already took from the depot at each position (H5).

    .. math:: v_{0,j} = \sum_{i<j} V_i\, e^{-d_{ij}/\lambda}, \qquad
        d_{ij}^2 = s^2 (a_i - a_j)^2 + h^2 (b_i - b_j)^2

    The tip draws :math:`b = 0, 1, \ldots` steps deep along a track and is then redirected to the
    next track :math:`a`; the tracks of a puncture lie in a row. Tracks are dealt out evenly to
    the punctures, in order, and draws through different punctures share no depot. Far apart every
    draw starts fresh; at one place all draws are one long draw.

    Parameters
    ----------
    volumes
        Draws in the order they are made, (draw,) [m^3].
    spacing
        Distance :math:`s` between neighbouring tracks [m].
    length
        Distance :math:`\lambda` over which the memory falls by a factor e [m].
    track
        Draws along one track.
    step
        Way :math:`h` of the tip between neighbouring draws of a track [m].
    punctures
        Punctures, no more than there are tracks.

    Returns
    -------
    NDArray
        (draw,), or (draw, sample) where a distance is (sample,) [m^3].
    """
    volumes = np.asarray(volumes, dtype=np.float64)
    number = np.arange(volumes.size)
    across, deep = number // track, number % track
    tracks = int(across[-1]) + 1
    puncture = across * punctures // tracks
    shape = np.broadcast_shapes(np.shape(spacing), np.shape(length))
    # Two draws are some tracks and some steps apart; there are no more such pairs than draws.
    row = np.multiply.outer(np.arange(tracks), np.broadcast_to(spacing, shape))[:, np.newaxis]
    column = (np.arange(track) * step).reshape(1, track, *(1 for _ in shape))
    kept = np.exp(-np.hypot(row, column) / length)
    before = np.zeros((volumes.size, *shape))
    for j in range(1, volumes.size):
        same = number[:j][puncture[:j] == puncture[j]]
        memory = kept[across[j] - across[same], np.abs(deep[j] - deep[same])]
        before[j] = np.einsum("i,i...->...", volumes[same], memory)
    return before


def depth(bone: str, sex: Literal["female", "male"] | None, p: AspirationParameters) -> Values:
    r"""Return how deep the bone lies before the needle.

    .. math:: \ell = \ell_\mathrm{bone}\, \ell_\mathrm{crest,sex} / \ell_\mathrm{crest}

    Women and men differ at every bone as at the posterior crest.

    Parameters
    ----------
    bone
        A bone of the catalogue.
    sex
        Of the patient; None for the mean of both.
    p
        Depths [m].
    """
    if sex is None:
        return p.sites[bone].depth
    own = p.crest_depth_female if sex == "female" else p.crest_depth_male
    return p.sites[bone].depth * own / p.sites[MEASURED].depth
