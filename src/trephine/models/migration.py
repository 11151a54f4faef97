"""Cells on the move: random motion, two kinds of taxis, and the host's supply from bone."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from trephine.models.surfaces import living_surface
from trephine.models.term import Numbers, Term
from trephine.models.tissue import Conditions, Tissue
from trephine.numerics.advection import advect
from trephine.numerics.diffusion import diffuse
from trephine.numerics.faces import Faces, difference, harmonic
from trephine.numerics.stepping import State

PROGENITORS = ("progenitor_host", "progenitor_injected")
EDGE = 1.0
"""Edge of a voxel in voxels; the operators take it where what they are given is per edge already.

A division by an edge known only when the program runs would cost more than all the rest.
"""


def per_open_volume(rate: jax.Array, tissue: Tissue) -> jax.Array:
    """Return a rate per voxel volume as a rate per volume of healing tissue."""
    return jnp.where(tissue.open > 0, rate / jnp.where(tissue.open > 0, tissue.open, 1.0), 0.0)


def conductance(mobility: jax.Array, tissue: Tissue) -> Faces:
    """Return mobility times open share on the inner faces [mm^2/d]."""
    x, y, z = harmonic(mobility)
    return x * tissue.apertures[0], y * tissue.apertures[1], z * tissue.apertures[2]


def scaled(faces: Faces, by: jax.Array | float) -> Faces:
    """Return values on faces times a number."""
    x, y, z = faces
    return by * x, by * y, by * z


def wander(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the random motion of progenitors.

    .. math:: \dot m = \nabla\cdot(D \nabla m), \quad
        D = D_m (1-\phi_w-\phi_l)^2 (1-\tfrac12\phi_f)(1-s)(1+k_s s_{clot})

    with :math:`s` the share of the solid carriers; :func:`trephine.models.tissue.passable`.
    """
    faces = scaled(c.passage, p["progenitor_motility"] * (1.0 / tissue.spacing))
    return {n: per_open_volume(diffuse(s[n], faces, EDGE), tissue) for n in PROGENITORS}


def spread_fibroblasts(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the random motion of fibroblasts, :math:`\dot f = \nabla\cdot(D \nabla f)`."""
    faces = scaled(c.passage, p["fibroblast_motility"] * (1.0 / tissue.spacing))
    moved = diffuse(s["fibroblast"], faces, EDGE)
    return {"fibroblast": per_open_volume(moved, tissue)}


def climb(potential: jax.Array, c: Conditions, tissue: Tissue, p: Numbers) -> Faces:
    r"""Return the velocity of cells up a potential on the faces, in voxel edges [1/d].

    .. math:: w = \min(w_{max}, \max(-w_{max}, \nabla\Phi))\,\frac{D}{D_m}

    In soft matrix no drift outruns :math:`w_{max}` along an axis, and what hinders random motion
    hinders this one as much. The open share of the faces is in it.

    Parameters
    ----------
    potential
        What the cells climb, (x, y, z) [mm^2/d].
    c, tissue, p
        Conditions, geometry, and ``migration_speed`` [mm/d].
    """
    rise = difference(potential, EDGE)
    per_edge, most = 1.0 / tissue.spacing, p["migration_speed"]
    x, y, z = (
        passage * jnp.clip(up * per_edge, -most, most)
        for passage, up in zip(c.passage, rise, strict=True)
    )
    return x, y, z


def _drift(s: State, velocity: Faces, tissue: Tissue) -> dict[str, jax.Array]:
    return {n: per_open_volume(advect(s[n], velocity, EDGE), tissue) for n in PROGENITORS}


def climb_matrix(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the motion of progenitors up the density of soft matrix.

    .. math::
        \dot m = -\nabla\cdot(w m), \quad
        w \propto \frac{C_k}{(K_k+\phi)^2} \nabla\phi
          = \frac{C_k}{K_k}\nabla\frac{\phi}{K_k+\phi}, \quad \phi = \phi_f + \phi_c

    The second form is the one computed: its difference over a face is exact. The speed is
    bounded, see :func:`climb`.
    """
    matrix, half = s["fibrous"] + s["cartilage"], p["haptotaxis_half"]
    potential = (p["haptotaxis"] / half * matrix) / (half + matrix)
    return _drift(s, climb(potential, c, tissue, p), tissue)


def follow_signal(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the motion of progenitors up the osteogenic signal.

    .. math::
        \dot m = -\nabla\cdot(w m), \quad
        w \propto \chi\frac{K}{(K+g)^2}\nabla g = \chi\nabla\frac{g}{K+g}

    Cells feel the difference in receptors bound, so a strong signal does not lead them. They
    secrete the signal that they follow: with :math:`\chi < 4 D_m` an even spread of cells stays
    stable whatever the signal, since :math:`g K/(K+g)^2 \le 1/4`. The speed is bounded, see
    :func:`climb`.
    """
    potential = p["chemotaxis"] * c.signal / (p["chemotaxis_half"] + c.signal)
    return _drift(s, climb(potential, c, tissue, p), tissue)


def supply_host(s: State, c: Conditions, tissue: Tissue, p: Numbers) -> dict[str, jax.Array]:
    r"""Return the exchange of host progenitors with living bone surfaces.

    .. math:: \dot m = k\, a\,(1-\phi_n)\, (m_{host} - m)_+

    with :math:`a` the surface of old bone per volume and :math:`\phi_n` the dead share of it.
    """
    del c
    wanting = jnp.maximum(p["host_level"] - s["progenitor_host"], 0.0)
    return {"progenitor_host": p["host_exchange"] * living_surface(s, tissue) * wanting}


RANDOM_MOTION = Term(
    name="progenitors wander",
    rate=wander,
    touches=PROGENITORS,
    conserves="total",
    equation=(
        r"\dot m = \nabla\cdot(D\nabla m),\ "
        r"D = D_m(1-\phi_w-\phi_l)^2(1-\tfrac12\phi_f)(1-s)(1+k_s s_{clot})"
    ),
    sources=("BailonPlaza2001",),
    assumed="mobility falls with matrix and solid carriers and rises in clot",
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
        r"\dot m = -\nabla\cdot(w m),\ w = \frac{D}{D_m}"
        r"\left[\frac{C_k}{(K_k+\phi)^2}\nabla\phi\right]_{w_{max}},\ \phi=\phi_f+\phi_c"
    ),
    sources=("BailonPlaza2001", "Checa2011"),
    assumed="a matrix fraction of 1 stands for the matrix density scale of the source; what "
    "hinders random motion hinders this as much; the migration speed of the agent model bounds "
    "the drift",
)
CHEMOTAXIS = Term(
    name="progenitors follow the signal",
    rate=follow_signal,
    touches=PROGENITORS,
    conserves="total",
    equation=(
        r"\dot m = -\nabla\cdot(w m),\ w = \frac{D}{D_m}"
        r"\left[\chi\frac{K}{(K+g)^2}\nabla g\right]_{w_{max}}"
    ),
    sources=("Checa2011",),
    assumed="receptors saturate; the coefficient is that of random motion, so a signal as strong "
    "as can be gathers cells e-fold at most; the source gives the bound on the speed",
)
HOST_SUPPLY = Term(
    name="host progenitors arrive",
    rate=supply_host,
    touches=("progenitor_host",),
    conserves=None,
    equation=r"\dot m = k\,a\,(1-\phi_n)(m_{host}-m)_+",
    assumed="living bone surfaces hold a low background of progenitors",
)
