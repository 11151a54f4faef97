"""Oxygen tension, always in balance between perfusion, diffusion and uptake (U6)."""

from __future__ import annotations

import jax

from trephine.models.migration import PROGENITORS
from trephine.models.term import Numbers
from trephine.models.tissue import Tissue
from trephine.numerics.elliptic import Solved, balance_saturable
from trephine.numerics.stepping import State


def oxygen_tension(
    s: State, tissue: Tissue, p: Numbers, guess: jax.Array, tolerance: float | jax.Array
) -> Solved:
    r"""Return the oxygen tension, (x, y, z) [mmHg].

    .. math::
        0 = \nabla\cdot(D_n\nabla n) - q_O \frac{n}{K_O+n}(tot + \lambda n_c)
            + k_{perf}\, v\,(n_{art}-n)

    Living bone and muscle beyond the healing region are perfused too. [Pattappa2011]

    Parameters
    ----------
    s
        Cells [1e6/mL] and perfusion [-], (x, y, z).
    tissue
        Geometry.
    p
        Parameters in engine units.
    guess
        Where to start [mmHg].
    tolerance
        Share of the uptake left unaccounted for at which the solve ends [-].
    """
    cells = sum(s[n] for n in (*PROGENITORS, "chondrocyte", "osteoblast", "fibroblast"))
    load = cells + p["inert_oxygen_share"] * s["inert_nucleated"]
    perfused = (
        tissue.open * s["perfusion"] + tissue.living_bone + p["muscle_perfusion"] * tissue.muscle
    )
    spread = p["oxygen_diffusivity"]
    x, y, z = tissue.wet_apertures
    return balance_saturable(
        uptake=p["oxygen_uptake"] * tissue.open * load,
        half_value=p["uptake_half"],
        supply=p["oxygen_delivery"] * perfused,
        level=p["arterial_oxygen"],
        conductance=(spread * x, spread * y, spread * z),
        spacing=tissue.spacing,
        guess=guess,
        tolerance=tolerance,
    )
