"""Where the tip of the needle draws, and what earlier draws left there (H5)."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from trephine.models.aspiration_parameters import AspirationParameters, Values

MEASURED = "posterior_iliac_crest"
"""The bone whose depth was measured in women and in men."""


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
