"""The osteogenic signal, always in balance between secretion, diffusion and clearance (U7)."""

from __future__ import annotations

import jax

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
    stable = p["unsignalled_growth"] * p["progenitor_growth"] < (
        p["to_fibrous"] + p["progenitor_loss"]
    )
    full = p["arterial_oxygen"] ** 2
    response = _response(p, full / (full + p["osteogenic_oxygen"] ** 2))
    return bool(stable and 0.0 < response < 1.0)


def _response(p: Numbers, oxygenated: float) -> float:
    """Return the response to signal at which a small seed neither grows nor dies [-]."""
    floor = p["oxygenated_cartilage"]
    growth, basal = p["progenitor_growth"], p["unsignalled_growth"]
    hypoxia = floor + (1 - floor) * (1 - oxygenated)
    leaving = p["to_bone"] * oxygenated + p["to_cartilage"] * hypoxia
    need = p["to_fibrous"] + p["progenitor_loss"] - basal * growth
    return float(need / ((1 - basal) * growth + p["to_fibrous"] - leaving))


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
    response = _response(p, oxygenated)
    scale = p["signal_clearance"] / p["progenitor_signal"]
    return float(scale * (response / (1 - response)) ** 0.5), response
