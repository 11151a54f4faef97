"""Equations (B1) to (B7) of Bailon-Plaza and van der Meulen 2001, term by term."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from trephine.models.migration import PROGENITORS, conductance, per_open_volume
from trephine.models.term import Numbers, Term
from trephine.models.tissue import Tissue
from trephine.numerics.advection import advect
from trephine.numerics.diffusion import diffuse
from trephine.numerics.faces import difference
from trephine.numerics.stepping import State

SOURCES = ("BailonPlaza2001",)
FACTORS = ("chondrogenic_factor", "osteogenic_factor")


class Felt(NamedTuple):
    """What the cells of a voxel feel, each (x, y, z) but the last three.

    Parameters
    ----------
    motility, pull
        :math:`D(m)` and :math:`C(m)` [mm^2/d].
    division
        :math:`m/(K^2+m^2)`, over which :math:`A_i` is the constant of each cell [1/d].
    to_bone, to_cartilage, replacing
        :math:`F_1`, :math:`F_2` and :math:`F_3` [1/d].
    outputs
        :math:`E_{gc}` and :math:`E_{gb}` per density of cells [1/d].
    entering, releasing
        1 while progenitors enter and while bone releases factors, then 0.
    through
        Conductance of a wall for a factor [mm/d].
    """

    motility: jax.Array
    pull: jax.Array
    division: jax.Array
    to_bone: jax.Array
    to_cartilage: jax.Array
    replacing: jax.Array
    outputs: tuple[jax.Array, jax.Array]
    entering: jax.Array
    releasing: jax.Array
    through: jax.Array


def felt(s: State, through: jax.Array, p: Numbers) -> Felt:
    """Return every coefficient of (B1) to (B7) for a state."""
    time, length = p["time_scale"], p["length_scale"]
    m = s["connective_matrix"] + s["bone_matrix"]
    chondrogenic, osteogenic = (s[name] for name in FACTORS)
    switch = s["connective_matrix"] ** 6
    switch = switch / (p["replacement_matrix"] ** 6 + switch)
    mobile = length**2 / time
    return Felt(
        motility=mobile * p["random_motility"] * m / (p["motility_matrix"] ** 2 + m**2),
        pull=mobile * p["climbing"] / (p["climbing_matrix"] + m) ** 2,
        division=m / (p["division_matrix"] ** 2 + m**2) / time,
        to_bone=p["bone_commitment"] * osteogenic / (p["bone_commitment_half"] + osteogenic) / time,
        to_cartilage=p["cartilage_commitment"]
        * chondrogenic
        / (p["cartilage_commitment_half"] + chondrogenic)
        / time,
        replacing=p["replacement"]
        * switch
        * osteogenic
        / (p["replacement_half"] + osteogenic)
        / time,
        outputs=(
            p["chondrogenic_output"]
            * chondrogenic
            / (p["chondrogenic_output_half"] + chondrogenic)
            * m
            / (p["chondrogenic_output_matrix"] ** 3 + m**3)
            / time,
            p["osteogenic_output"] * osteogenic / (p["osteogenic_output_half"] + osteogenic) / time,
        ),
        entering=jnp.where(s["age"] < p["entering_time"] * time, 1.0, 0.0),
        releasing=jnp.where(s["age"] < p["release_time"] * time, 1.0, 0.0),
        through=through,
    )


def scaled(s: State, name: str, p: Numbers) -> jax.Array:
    """Return a density of cells in the scale of the paper [-]."""
    return s[name] / p["density_scale"]


def wander(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return random motion, :math:`\nabla\cdot(D(m)\nabla c_m)` (B1)."""
    del p
    faces = conductance(c.motility, tissue)
    return {n: per_open_volume(diffuse(s[n], faces, tissue.spacing), tissue) for n in PROGENITORS}


def climb(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return motion up the matrix, :math:`-\nabla\cdot(C(m)\,c_m\nabla m)` (B1)."""
    del p
    slope = difference(s["connective_matrix"] + s["bone_matrix"], tissue.spacing)
    faces = conductance(c.pull, tissue)
    velocity = (faces[0] * slope[0], faces[1] * slope[1], faces[2] * slope[2])
    return {n: per_open_volume(advect(s[n], velocity, tissue.spacing), tissue) for n in PROGENITORS}


def enter(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return the entry from the tissue around the callus, held at :math:`c_m=0.5\,c_0` at first.

    .. math:: \dot c_m = [t<T_0]\,\frac{2D(m)}{h}\,a\,(0.5\,c_0 - c_m)

    with :math:`a` the surface per volume; it is the density held at the wall, half a voxel away.
    """
    rate = c.entering * 2.0 * c.motility / tissue.spacing * tissue.muscle_surface
    held = {"progenitor_host": p["entering_density"] * p["density_scale"]}
    return {n: rate * (held.get(n, 0.0) - s[n]) for n in PROGENITORS}


def divide_progenitors(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return :math:`A_m(m)\,c_m(1-\alpha_m c_m)` (B1), with both tags in the crowd."""
    del tissue
    room = 1.0 - p["crowding"] * sum(scaled(s, n, p) for n in PROGENITORS)
    return {n: p["progenitor_division"] * c.division * s[n] * room for n in PROGENITORS}


def divide_chondrocytes(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return :math:`A_c(m)\,c_c(1-\alpha_c c_c)` (B2)."""
    del tissue
    room = 1.0 - p["crowding"] * scaled(s, "chondrocyte", p)
    return {"chondrocyte": p["chondrocyte_division"] * c.division * s["chondrocyte"] * room}


def divide_osteoblasts(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return :math:`A_b(m)\,c_b(1-\alpha_b c_b)` (B3)."""
    del tissue
    room = 1.0 - p["crowding"] * scaled(s, "osteoblast", p)
    return {"osteoblast": p["osteoblast_division"] * c.division * s["osteoblast"] * room}


def _become(s: State, rate: jax.Array, what: str) -> State:
    moved = {n: rate * s[n] for n in PROGENITORS}
    return {**{n: -flow for n, flow in moved.items()}, what: sum(moved.values(), 0.0 * rate)}


def become_osteoblasts(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return :math:`F_1 c_m`, intramembranous."""
    del tissue, p
    return _become(s, c.to_bone, "osteoblast")


def become_chondrocytes(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return :math:`F_2 c_m`."""
    del tissue, p
    return _become(s, c.to_cartilage, "chondrocyte")


def replace(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return :math:`F_3 c_c`, endochondral."""
    del tissue, p
    moved = c.replacing * s["chondrocyte"]
    return {"chondrocyte": -moved, "osteoblast": moved}


def remove(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return :math:`-d_b c_b`."""
    del c, tissue
    return {"osteoblast": -p["osteoblast_removal"] / p["time_scale"] * s["osteoblast"]}


def make_connective(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return :math:`(P_{cs}-Q_{cd1} m_c)(c_m+c_c)` (B4)."""
    del c, tissue
    cells = sum(scaled(s, n, p) for n in (*PROGENITORS, "chondrocyte"))
    rate = p["connective_making"] - p["connective_limit"] * s["connective_matrix"]
    return {"connective_matrix": rate * cells / p["time_scale"]}


def clear_connective(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return :math:`-Q_{cd2} m_c c_b` (B4)."""
    del c, tissue
    rate = p["connective_clearing"] / p["time_scale"] * scaled(s, "osteoblast", p)
    return {"connective_matrix": -rate * s["connective_matrix"]}


def make_bone(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return :math:`(P_{bs}-Q_{bd} m_b)\,c_b` (B5)."""
    del c, tissue
    rate = (p["bone_making"] - p["bone_limit"] * s["bone_matrix"]) / p["time_scale"]
    return {"bone_matrix": rate * scaled(s, "osteoblast", p)}


def spread_factors(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return :math:`D_g\nabla^2 g` of both factors (B6, B7)."""
    del c
    spread = p["factor_diffusion"] * p["length_scale"] ** 2 / p["time_scale"]
    faces = conductance(jnp.full_like(tissue.open, spread), tissue)
    return {n: per_open_volume(diffuse(s[n], faces, tissue.spacing), tissue) for n in FACTORS}


def release(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return the release from bone, at whose surface each factor is held at :math:`20\,g_0`.

    .. math:: \dot g = [t<10\,T_0]\;k\,a\,(20\,g_0-g)

    with :math:`a` the surface per volume: of the fracture ends for the chondrogenic factor, of
    the periosteum for the osteogenic one.
    """
    del tissue
    rate = c.releasing * c.through
    walls = (s["fracture_surface"], s["periosteal_surface"])
    return {
        n: rate * wall * (p["released_level"] - s[n])
        for n, wall in zip(FACTORS, walls, strict=True)
    }


def secrete(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return :math:`E_{gc} c_c` and :math:`E_{gb} c_b` (B6, B7)."""
    del tissue
    cells = ("chondrocyte", "osteoblast")
    return {
        n: output * scaled(s, cell, p)
        for n, output, cell in zip(FACTORS, c.outputs, cells, strict=True)
    }


def decay(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return :math:`-d_g g` of both factors."""
    del c, tissue
    return {n: -p["factor_decay"] / p["time_scale"] * s[n] for n in FACTORS}


def pass_time(s: State, c: Felt, tissue: Tissue, p: Numbers) -> State:
    r"""Return :math:`\dot t = 1`: the sources close at an age."""
    del c, tissue, p
    return {"age": jnp.ones_like(s["age"])}


TERMS = (
    Term(
        "progenitors wander",
        wander,
        PROGENITORS,
        "total",
        r"\dot c_m = \nabla\cdot(D\nabla c_m),\ D = D_h m/(K_h^2+m^2)",
        SOURCES,
    ),
    Term(
        "progenitors climb matrix",
        climb,
        PROGENITORS,
        "total",
        r"\dot c_m = -\nabla\cdot(C c_m\nabla m),\ C = C_k/(K_k+m)^2",
        SOURCES,
        "up the gradient of all matrix; the public program has the other sign",
    ),
    Term(
        "progenitors enter from around",
        enter,
        PROGENITORS,
        None,
        r"\dot c_m = [t<T_0]\,(2D/h)\,a\,(0.5c_0-c_m)",
        SOURCES,
    ),
    Term(
        "progenitors divide",
        divide_progenitors,
        PROGENITORS,
        None,
        r"\dot c_m = A_m c_m(1-\alpha_m c_m),\ A_m = A_{m0} m/(K_m^2+m^2)",
        SOURCES,
    ),
    Term(
        "chondrocytes divide",
        divide_chondrocytes,
        ("chondrocyte",),
        None,
        r"\dot c_c = A_c c_c(1-\alpha_c c_c)",
        SOURCES,
    ),
    Term(
        "osteoblasts divide",
        divide_osteoblasts,
        ("osteoblast",),
        None,
        r"\dot c_b = A_b c_b(1-\alpha_b c_b)",
        SOURCES,
    ),
    Term(
        "progenitors become osteoblasts",
        become_osteoblasts,
        (*PROGENITORS, "osteoblast"),
        "cells",
        r"\dot c_b = -\dot c_m = F_1 c_m,\ F_1 = Y_1 g_b/(H_1+g_b)",
        SOURCES,
    ),
    Term(
        "progenitors become chondrocytes",
        become_chondrocytes,
        (*PROGENITORS, "chondrocyte"),
        "cells",
        r"\dot c_c = -\dot c_m = F_2 c_m,\ F_2 = Y_2 g_c/(H_2+g_c)",
        SOURCES,
    ),
    Term(
        "osteoblasts replace chondrocytes",
        replace,
        ("chondrocyte", "osteoblast"),
        "cells",
        r"\dot c_b = -\dot c_c = F_3 c_c,\ F_3 = Y_3\frac{m_c^6}{B^6+m_c^6}\frac{g_b}{H_3+g_b}",
        SOURCES,
    ),
    Term(
        "osteoblasts are removed",
        remove,
        ("osteoblast",),
        None,
        r"\dot c_b = -d_b c_b",
        SOURCES,
    ),
    Term(
        "cells make connective matrix",
        make_connective,
        ("connective_matrix",),
        None,
        r"\dot m_c = (P_{cs}-Q_{cd1} m_c)(c_m+c_c)",
        SOURCES,
    ),
    Term(
        "osteoblasts clear connective matrix",
        clear_connective,
        ("connective_matrix",),
        None,
        r"\dot m_c = -Q_{cd2} m_c c_b",
        SOURCES,
    ),
    Term(
        "osteoblasts make bone matrix",
        make_bone,
        ("bone_matrix",),
        None,
        r"\dot m_b = (P_{bs}-Q_{bd} m_b) c_b",
        SOURCES,
    ),
    Term(
        "factors spread",
        spread_factors,
        FACTORS,
        "total",
        r"\dot g = D_g\nabla^2 g",
        SOURCES,
    ),
    Term(
        "bone releases factors",
        release,
        FACTORS,
        None,
        r"\dot g = [t<10T_0]\,k a\,(20g_0-g)",
        SOURCES,
        "a layer thinner than a voxel is filtered over it; the wall is held at 20 g0",
    ),
    Term(
        "cells secrete factors",
        secrete,
        FACTORS,
        None,
        r"\dot g_c = \frac{G_{gc} g_c}{H_{gc}+g_c}\frac{m}{K_{gc}^3+m^3}c_c,\ "
        r"\dot g_b = \frac{G_{gb} g_b}{H_{gb}+g_b}c_b",
        SOURCES,
    ),
    Term("factors decay", decay, FACTORS, None, r"\dot g = -d_g g", SOURCES),
    Term("time passes", pass_time, ("age",), None, r"\dot t = 1", SOURCES),
)
"""Every term of (B1) to (B7), in the order of the paper."""
