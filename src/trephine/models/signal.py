"""The osteogenic signal, always in balance between secretion, diffusion and clearance (U7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from trephine.models.migration import PROGENITORS
from trephine.models.term import Numbers
from trephine.models.tissue import Tissue
from trephine.numerics.elliptic import Solved, balance
from trephine.numerics.stepping import State


def osteogenic_signal(
    s: State, tissue: Tissue, p: Numbers, guess: jax.Array, tolerance: float | jax.Array
) -> Solved:
    r"""Return the signal in units of its half-value, (x, y, z) [-].

    .. math:: 0 = \nabla\cdot(D_g\nabla g) - d_g g + s_m m + s_b b + s_{dbm} s_{dbm}

    Parameters
    ----------
    s
        Cells [1e6/mL] and demineralised bone [-], (x, y, z).
    tissue
        Geometry.
    p
        Parameters in engine units.
    guess
        Where to start [-].
    tolerance
        Share of the secretion left unaccounted for at which the solve ends [-].
    """
    progenitors = sum(s[n] for n in PROGENITORS)
    secreted = (
        p["progenitor_signal"] * progenitors
        + p["osteoblast_signal"] * s["osteoblast"]
        + p["scaffold_signal"] * s["demineralised_bone"]
    )
    spread = p["signal_diffusivity"]
    x, y, z = tissue.apertures
    return balance(
        absorption=p["signal_clearance"] * tissue.open,
        source=tissue.open * secreted,
        conductance=(spread * x, spread * y, spread * z),
        spacing=tissue.spacing,
        guess=guess,
        tolerance=tolerance,
    )


def has_threshold(p: Numbers) -> bool:
    r"""Return whether the untreated non-union is stable and a dose can tip it.

    .. math:: a_0 A_m < k_{mf} + d_m \quad\text{and}\quad 0 < G^* < 1

    in well-oxygenated tissue.
    """
    return bool(can_tip(p))


def can_tip(p: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Return what :func:`has_threshold` tells, for numbers that may be arrays, (sample,)."""
    stable = p["unsignalled_growth"] * p["progenitor_growth"] < (
        p["to_fibrous"] + p["progenitor_loss"]
    )
    response = _response(p, _oxygenated(p))
    return np.asarray(stable & (response > 0.0) & (response < 1.0))


def tipping_dose(p: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return what :func:`dose_threshold` tells in well-oxygenated tissue, (sample,) each.

    For numbers that may be arrays and that :func:`can_tip` accepts.
    """
    response = _response(p, _oxygenated(p))
    odds = np.sqrt(response / (1.0 - response))
    return p["signal_clearance"] / p["progenitor_signal"] * odds, response


def _oxygenated(p: Mapping[str, Any]) -> float:
    """Return the response of bone formation to the oxygen of the arteries [-]."""
    full = p["arterial_oxygen"] ** 2
    return float(full / (full + p["osteogenic_oxygen"] ** 2))


def _response(p: Mapping[str, Any], oxygenated: float) -> Any:  # noqa: ANN401  (number or array)
    """Return the response to signal at which a small seed neither grows nor dies [-]."""
    floor = p["oxygenated_cartilage"]
    growth, basal = p["progenitor_growth"], p["unsignalled_growth"]
    hypoxia = floor + (1 - floor) * (1 - oxygenated)
    leaving = p["to_bone"] * oxygenated + p["to_cartilage"] * hypoxia
    need = p["to_fibrous"] + p["progenitor_loss"] - basal * growth
    return need / ((1 - basal) * growth + p["to_fibrous"] - leaving)


def dose_threshold(p: Numbers, oxygenated: float) -> tuple[float, float]:
    r"""Return the density of progenitors above which a small seed grows, and the response there.

    .. math::
        m^* = \frac{d_g}{s_m}\sqrt{\frac{G^*}{1-G^*}}, \quad
        G^* = \frac{k_{mf}+d_m-a_0A_m}{(1-a_0)A_m+k_{mf}-k_{mb}O-k_{mc}(0.2+0.8(1-O))}

    (U16) Uniform tissue, little strain, no host supply, survival near 1.

    Parameters
    ----------
    p
        Parameters in engine units.
    oxygenated
        Response of bone formation to oxygen, O [-].

    Returns
    -------
    tuple of float
        Threshold density [1e6/mL] and response G* [-].
    """
    response = float(_response(p, oxygenated))
    scale = p["signal_clearance"] / p["progenitor_signal"]
    return float(scale * (response / (1 - response)) ** 0.5), response
