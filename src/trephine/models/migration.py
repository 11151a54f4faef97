"""Cells on the move: random motion, haptotaxis, and the host's supply from living surfaces."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from trephine.models.term import Numbers, Term
from trephine.models.tissue import Conditions, Tissue
from trephine.numerics.advection import advect
from trephine.numerics.diffusion import diffuse
from trephine.numerics.faces import Faces, difference, harmonic
from trephine.numerics.stepping import State

PROGENITORS = ("progenitor_host", "progenitor_injected")


def per_open_volume(rate: jax.Array, tissue: Tissue) -> jax.Array:
    """Return a rate per voxel volume as a rate per volume of healing tissue."""
    return jnp.where(tissue.open > 0, rate / jnp.where(tissue.open > 0, tissue.open, 1.0), 0.0)


def conductance(mobility: jax.Array, tissue: Tissue) -> Faces:
    """Return mobility times open share on the inner faces [mm^2/d]."""
    x, y, z = harmonic(mobility)
    return x * tissue.apertures[0], y * tissue.apertures[1], z * tissue.apertures[2]


def _passable(s: State, p: Numbers) -> jax.Array:
    """Return how freely cells move: bone and fibrous matrix hinder, clot helps (U12) [-]."""
    matrix = (1.0 - s["woven"]) ** 2 * (1.0 - p["fibrous_hindrance"] * s["fibrous"])
    scaffold = 1.0 - s["demineralised_bone"]
    return matrix * scaffold * (1.0 + p["clot_motility"] * s["clot"])


def wander(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the random motion of progenitors.

    .. math:: \dot m = \nabla\cdot(D \nabla m), \quad
        D = D_m (1-\phi_w)^2 (1-\tfrac12\phi_f)(1-s_{dbm})(1+k_s s_{clot})
    """
    del c
    faces = conductance(p["progenitor_motility"] * _passable(s, p), tissue)
    return {n: per_open_volume(diffuse(s[n], faces, tissue.spacing), tissue) for n in PROGENITORS}


def spread_fibroblasts(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the random motion of fibroblasts, :math:`\dot f = \nabla\cdot(D \nabla f)`."""
    del c
    faces = conductance(p["fibroblast_motility"] * _passable(s, p), tissue)
    moved = diffuse(s["fibroblast"], faces, tissue.spacing)
    return {"fibroblast": per_open_volume(moved, tissue)}


def climb_matrix(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the motion of progenitors up the density of soft matrix.

    .. math::
        \dot m = -\nabla\cdot\left(\frac{D}{D_m}\frac{C_k}{(K_k+\phi)^2}\, m \nabla\phi\right),
        \quad \phi = \phi_f + \phi_c

    What hinders random motion, :math:`D/D_m`, hinders this one as much.
    """
    del c
    matrix = s["fibrous"] + s["cartilage"]
    pull = p["haptotaxis"] / (p["haptotaxis_half"] + matrix) ** 2 * _passable(s, p)
    slope = difference(matrix, tissue.spacing)
    faces = conductance(pull, tissue)
    velocity = (faces[0] * slope[0], faces[1] * slope[1], faces[2] * slope[2])
    return {n: per_open_volume(advect(s[n], velocity, tissue.spacing), tissue) for n in PROGENITORS}


def supply_host(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the exchange of host progenitors with living bone surfaces.

    .. math:: \dot m = k\, a\, (m_{host} - m)_+

    with :math:`a` the living surface per volume.
    """
    del c
    wanting = jnp.maximum(p["host_level"] - s["progenitor_host"], 0.0)
    return {"progenitor_host": p["host_exchange"] * tissue.living_surface * wanting}


RANDOM_MOTION = Term(
    name="progenitors wander",
    rate=wander,
    touches=PROGENITORS,
    conserves="total",
    equation=(
        r"\dot m = \nabla\cdot(D\nabla m),\ "
        r"D = D_m(1-\phi_w)^2(1-\tfrac12\phi_f)(1-s_{dbm})(1+k_s s_{clot})"
    ),
    sources=("BailonPlaza2001",),
    assumed="mobility falls with matrix and rises in clot",
)
FIBROBLAST_MOTION = Term(
    name="fibroblasts wander",
    rate=spread_fibroblasts,
    touches=("fibroblast",),
    conserves="total",
    equation=r"\dot f = \nabla\cdot(D_f \nabla f)",
    assumed="fibroblasts move as progenitors do",
)
HAPTOTAXIS = Term(
    name="progenitors climb soft matrix",
    rate=climb_matrix,
    touches=PROGENITORS,
    conserves="total",
    equation=(
        r"\dot m = -\nabla\cdot\left(\frac{D}{D_m}\frac{C_k}{(K_k+\phi)^2} m \nabla\phi\right),\ "
        r"\phi=\phi_f+\phi_c"
    ),
    sources=("BailonPlaza2001",),
    assumed="a matrix fraction of 1 stands for the matrix density scale of the source; what "
    "hinders random motion hinders this as much",
)
HOST_SUPPLY = Term(
    name="host progenitors arrive",
    rate=supply_host,
    touches=("progenitor_host",),
    conserves=None,
    equation=r"\dot m = k\,a\,(m_{host}-m)_+",
    assumed="living bone surfaces hold a low background of progenitors",
)
