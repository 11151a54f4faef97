"""Perfusion: vessels that sprout from living surfaces and fill in where oxygen lacks."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from trephine.models.migration import EDGE, per_open_volume, scaled
from trephine.models.stimulus import favours_vessels
from trephine.models.surfaces import living_surface
from trephine.models.term import Numbers, Term
from trephine.models.tissue import Conditions, Tissue, hill
from trephine.numerics.diffusion import diffuse
from trephine.numerics.stepping import State


def sprout(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the spread of perfusion inside the tissue, :math:`\nabla\cdot(D_v\nabla v)` (U5)."""
    del c
    faces = scaled(tissue.apertures, p["vessel_spread"] * (1.0 / tissue.spacing**2))
    return {"perfusion": per_open_volume(diffuse(s["perfusion"], faces, EDGE), tissue)}


def enter(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the ingrowth of vessels across living bone and muscle surfaces (U5, boundary).

    .. math::
        \dot v = \frac{D_v}{\ell}\left[a(1-\phi_n)(1-v) + a_{muscle}(v_{muscle}-v)_+\right]

    with :math:`a` the surface per volume, :math:`\phi_n` the dead share of the bone's and
    :math:`\ell` the length of a sprout.
    """
    del c
    v = s["perfusion"]
    bone = living_surface(s, tissue) * (1.0 - v)
    muscle = tissue.muscle_surface * jnp.maximum(p["muscle_perfusion"] - v, 0.0)
    return {"perfusion": p["vessel_spread"] / p["sprout_length"] * (bone + muscle)}


def fill_in(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the filling in of vessels, faster where oxygen lacks, not where strain is large (U5).

    .. math:: A_v \gamma(n) \psi_v v (1-v), \quad
        \gamma = 0.2 + \frac{(20-n)_+^2}{10^2+(20-n)_+^2}
    """
    del tissue
    lack = jnp.maximum(p["angiogenic_oxygen"] - c.oxygen, 0.0)
    urge = p["basal_angiogenesis"] + hill(lack, p["angiogenic_half"])
    v = s["perfusion"]
    calm = favours_vessels(c.strain, p)
    return {"perfusion": p["vessel_growth"] * urge * calm * v * (1.0 - v)}


SPROUTING = Term(
    "vessels spread",
    sprout,
    ("perfusion",),
    "total",
    r"\dot v = \nabla\cdot(D_v\nabla v)",
    (),
    "perfusion spreads like a density",
)
VESSEL_INGROWTH = Term(
    "vessels enter from living surfaces",
    enter,
    ("perfusion",),
    None,
    r"\dot v = (D_v/\ell)[a(1-\phi_n)(1-v)+a_{muscle}(v_{muscle}-v)_+]",
    (),
    "living bone is fully perfused, muscle partly",
)
VESSEL_GROWTH = Term(
    "vessels fill in",
    fill_in,
    ("perfusion",),
    None,
    r"\dot v = A_v\gamma(n)\psi_v v(1-v)",
    (),
    "hypoxia drives angiogenesis and strain holds it back",
)
