"""The macrophage model of Trejo and others 2019: ten lumped equations, as published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from trephine.core.units import Rate, Unit
from trephine.models import macrophages
from trephine.models.macrophages import MACROPHAGES, Values
from trephine.models.term import Numbers, Term
from trephine.numerics.stepping import Marched, State, march

Cells = Annotated[float, Unit("1/m^3", "Mcell/mL", ge=0)]
Level = Annotated[float, Unit("kg/m^3", "ng/mL", ge=0)]
Secretion = Annotated[float, Unit("kg/s", "ng/(Mcell*d)", ge=0)]
Synthesis = Annotated[float, Unit("kg/s", "g/(Mcell*d)", ge=0)]
Removal = Annotated[float, Unit("m^3/s", "mL/(Mcell*d)", ge=0)]

FIELDS = (
    "debris",
    *MACROPHAGES,
    "inflammatory_cytokine",
    "calming_cytokine",
    "progenitor",
    "osteoblast",
    "cartilage",
    "bone",
)
"""D, M0, M1, M2 [1e6/mL], c1, c2 [ng/mL], Cs, Cb [1e6/mL], mc, mb [g/mL]."""


@dataclass(frozen=True)
class TrejoParameters:
    """Every constant of the published model; the catalogue's section ``trejo`` has its symbols."""

    SECTION: ClassVar[str] = "trejo"

    engulfing_classical: Rate
    engulfing_alternative: Rate
    engulfing_half: Cells
    recruitment: Rate
    macrophage_capacity: Cells
    activation_classical: Rate
    activation_alternative: Rate
    activation_classical_half: Level
    activation_alternative_half: Level
    switch: Rate
    switch_back: Rate
    emigration_resting: Rate
    emigration_classical: Rate
    emigration_alternative: Rate

    debris_secretion: Secretion
    inflammatory_secretion: Secretion
    calming_secretion: Secretion
    progenitor_calming_secretion: Secretion
    inflammatory_decay: Rate
    calming_decay: Rate
    inflammatory_damping: Level
    calming_damping: Level

    division: Rate
    division_half: Level
    division_stimulation: Level
    progenitor_capacity: Cells
    commitment: Rate
    commitment_inhibition: Level
    osteoblast_division: Rate
    osteoblast_inhibition: Level
    osteoblast_capacity: Cells
    osteoblast_removal: Rate

    cartilage_synthesis: Synthesis
    cartilage_degradation: Removal
    cartilage_removal: Removal
    bone_synthesis: Synthesis
    bone_limit: Removal

    initial_debris: Cells
    mild_debris: Cells
    severe_debris: Cells
    initial_macrophages: Cells
    initial_cytokine: Level
    initial_progenitors: Cells


def engulf(s: State, c: Any, tissue: Any, p: Numbers) -> dict[str, Values]:  # noqa: ANN401
    """Return the clearing of debris; see :func:`trephine.models.macrophages.engulf`."""
    del c, tissue
    return macrophages.engulf(s, p)


def recruit(s: State, c: Any, tissue: Any, p: Numbers) -> dict[str, Values]:  # noqa: ANN401
    """Return the arrival of macrophages; see :func:`trephine.models.macrophages.recruit`."""
    del c, tissue
    return macrophages.recruit(s, p)


def activate(s: State, c: Any, tissue: Any, p: Numbers) -> dict[str, Values]:  # noqa: ANN401
    """Return the activation of macrophages; see :func:`trephine.models.macrophages.activate`."""
    del c, tissue
    return macrophages.activate(s, s["inflammatory_cytokine"], s["calming_cytokine"], p)


def switch(s: State, c: Any, tissue: Any, p: Numbers) -> dict[str, Values]:  # noqa: ANN401
    """Return the change of kind; see :func:`trephine.models.macrophages.switch`."""
    del c, tissue
    return macrophages.switch(s, p)


def leave(s: State, c: Any, tissue: Any, p: Numbers) -> dict[str, Values]:  # noqa: ANN401
    """Return the emigration; see :func:`trephine.models.macrophages.leave`."""
    del c, tissue
    return macrophages.leave(s, p)


def signal(s: State, c: Any, tissue: Any, p: Numbers) -> dict[str, Values]:  # noqa: ANN401
    r"""Return secretion and decay of both cytokines, :math:`\dot c_i = H_i s_i - d_{ci} c_i`."""
    del c, tissue
    kept = macrophages.damped(s["calming_cytokine"], p)
    made = macrophages.secreted(s, s["progenitor"], p)
    return {
        "inflammatory_cytokine": kept[0] * made[0]
        - p["inflammatory_decay"] * s["inflammatory_cytokine"],
        "calming_cytokine": kept[1] * made[1] - p["calming_decay"] * s["calming_cytokine"],
    }


def divide(s: State, c: Any, tissue: Any, p: Numbers) -> dict[str, Values]:  # noqa: ANN401
    r"""Return the division of progenitors, :math:`\dot C_s = A_s C_s (1 - C_s/k_{ls})`."""
    del c, tissue
    rate = p["division"] * macrophages.division_under(s["inflammatory_cytokine"], p)
    return {
        "progenitor": rate * s["progenitor"] * (1.0 - s["progenitor"] / p["progenitor_capacity"])
    }


def commit(s: State, c: Any, tissue: Any, p: Numbers) -> dict[str, Values]:  # noqa: ANN401
    r"""Return the turn into osteoblasts, :math:`\dot C_b = -\dot C_s = F_1 C_s`."""
    del c, tissue
    rate = p["commitment"] * macrophages.commitment_under(s["inflammatory_cytokine"], p)
    moved = rate * s["progenitor"]
    return {"progenitor": -moved, "osteoblast": moved}


def divide_osteoblasts(s: State, c: Any, tissue: Any, p: Numbers) -> dict[str, Values]:  # noqa: ANN401
    r"""Return the division of osteoblasts, :math:`\dot C_b = A_b C_b (1 - C_b/k_{lb})`."""
    del c, tissue
    rate = p["osteoblast_division"] * macrophages.osteoblasts_under(s["inflammatory_cytokine"], p)
    return {
        "osteoblast": rate * s["osteoblast"] * (1.0 - s["osteoblast"] / p["osteoblast_capacity"])
    }


def remove_osteoblasts(s: State, c: Any, tissue: Any, p: Numbers) -> dict[str, Values]:  # noqa: ANN401
    r"""Return the removal of osteoblasts, :math:`\dot C_b = -d_b C_b`."""
    del c, tissue
    return {"osteoblast": -p["osteoblast_removal"] * s["osteoblast"]}


def make_cartilage(s: State, c: Any, tissue: Any, p: Numbers) -> dict[str, Values]:  # noqa: ANN401
    r"""Return the matrix of progenitors, :math:`\dot m_c = (p_{cs} - q_{cd1}m_c)C_s`."""
    del c, tissue
    made = p["cartilage_synthesis"] - p["cartilage_degradation"] * s["cartilage"]
    return {"cartilage": made * s["progenitor"]}


def remove_cartilage(s: State, c: Any, tissue: Any, p: Numbers) -> dict[str, Values]:  # noqa: ANN401
    r"""Return its removal by osteoblasts, :math:`\dot m_c = -q_{cd2} m_c C_b`."""
    del c, tissue
    return {"cartilage": -p["cartilage_removal"] * s["cartilage"] * s["osteoblast"]}


def lay_bone(s: State, c: Any, tissue: Any, p: Numbers) -> dict[str, Values]:  # noqa: ANN401
    r"""Return the making of bone, :math:`\dot m_b = (p_{bs} - q_{bd}m_b)C_b`."""
    del c, tissue
    return {"bone": (p["bone_synthesis"] - p["bone_limit"] * s["bone"]) * s["osteoblast"]}


def _term(
    name: str,
    rate: Callable[..., dict[str, Values]],
    touches: tuple[str, ...],
    equation: str,
    *,
    moves_cells: bool = False,
) -> Term:
    return Term(name, rate, touches, "cells" if moves_cells else None, equation, ("Trejo2019",))


TERMS: tuple[Term, ...] = (
    _term(
        "macrophages engulf debris",
        engulf,
        ("debris",),
        r"\dot D = -\frac{D}{a_{ed}+D}(k_{e1}M_1+k_{e2}M_2)",
    ),
    _term(
        "debris calls macrophages",
        recruit,
        MACROPHAGES[:1],
        r"\dot M_0 = k_{max}(1-M/M_{max})D",
    ),
    _term(
        "cytokines activate macrophages",
        activate,
        MACROPHAGES,
        r"\dot M_i = -\dot M_0 = \frac{k_{0i}c_i}{a_{0i}+c_i}M_0",
        moves_cells=True,
    ),
    _term(
        "macrophages change kind",
        switch,
        MACROPHAGES[1:],
        r"\dot M_2 = -\dot M_1 = k_{12}M_1-k_{21}M_2",
        moves_cells=True,
    ),
    _term("macrophages leave", leave, MACROPHAGES, r"\dot M_i = -d_iM_i"),
    _term(
        "cytokines are secreted and decay",
        signal,
        ("inflammatory_cytokine", "calming_cytokine"),
        r"\dot c_1 = \frac{a_{12}}{a_{12}+c_2}(k_0D+k_1M_1)-d_{c1}c_1,\ "
        r"\dot c_2 = \frac{a_{22}}{a_{22}+c_2}(k_2M_2+k_3C_s)-d_{c2}c_2",
    ),
    _term(
        "progenitors divide",
        divide,
        ("progenitor",),
        r"\dot C_s = k_{ps}\frac{a_{ps}^2+a_{ps1}c_1}{a_{ps}^2+c_1^2}C_s(1-C_s/k_{ls})",
    ),
    _term(
        "progenitors become osteoblasts",
        commit,
        ("progenitor", "osteoblast"),
        r"\dot C_b = -\dot C_s = d_s\frac{a_{sb1}}{a_{sb1}+c_1}C_s",
        moves_cells=True,
    ),
    _term(
        "osteoblasts divide",
        divide_osteoblasts,
        ("osteoblast",),
        r"\dot C_b = k_{pb}\frac{a_{pb}}{a_{pb}+c_1}C_b(1-C_b/k_{lb})",
    ),
    _term("osteoblasts are lost", remove_osteoblasts, ("osteoblast",), r"\dot C_b = -d_bC_b"),
    _term(
        "progenitors make cartilage",
        make_cartilage,
        ("cartilage",),
        r"\dot m_c = (p_{cs}-q_{cd1}m_c)C_s",
    ),
    _term(
        "osteoblasts remove cartilage",
        remove_cartilage,
        ("cartilage",),
        r"\dot m_c = -q_{cd2}m_cC_b",
    ),
    _term("osteoblasts lay bone", lay_bone, ("bone",), r"\dot m_b = (p_{bs}-q_{bd}m_b)C_b"),
)
"""The published model, process by process."""


def rates(s: State, p: Numbers) -> State:
    """Return the rates of change of a state, the sum of all :data:`TERMS` [unit of a field/d].

    Parameters
    ----------
    s
        The fields of :data:`FIELDS`, numbers or arrays of any one shape.
    p
        Numbers of :class:`TrejoParameters` in engine units.
    """
    change = {name: jnp.zeros_like(u) for name, u in s.items()}
    for term in TERMS:
        for name, rate in term.rate(s, None, None, p).items():
            change[name] = change[name] + rate
    return change


def start(p: Numbers, debris: float | None = None, shape: tuple[int, ...] = ()) -> State:
    """Return the state of a fresh fracture.

    Parameters
    ----------
    p
        Numbers of :class:`TrejoParameters` in engine units.
    debris
        Debris [1e6/mL]; as in the published healing case unless given.
    shape
        Shape of the arrays.
    """
    first = {
        "debris": p["initial_debris"] if debris is None else debris,
        MACROPHAGES[0]: p["initial_macrophages"],
        "inflammatory_cytokine": p["initial_cytokine"],
        "progenitor": p["initial_progenitors"],
    }
    return {name: jnp.full(shape, np.float64(first.get(name, 0.0))) for name in FIELDS}


LONGEST = 0.05
"""Longest step [d]: below the time in which the inflammatory cytokine decays, 1/12.8 d."""

TOLERANCE = 1e-5
SIZES: Mapping[str, float] = {
    "debris": 1.0,
    **dict.fromkeys(MACROPHAGES, 0.1),
    "inflammatory_cytokine": 0.1,
    "calming_cytokine": 0.1,
    "progenitor": 1e-3,
    "osteoblast": 0.1,
    "cartilage": 0.1,
    "bone": 0.1,
}
"""Size from which a relative error of a field matters, in its unit."""


@partial(jax.jit, static_argnames="law")
def advance(
    s: State,
    days: float | jax.Array,
    p: Numbers,
    law: Callable[[State, Numbers], State] = rates,
) -> Marched:
    """Advance the published model by the project's own time stepping.

    Parameters
    ----------
    s
        State; numbers as arrays of any one shape.
    days
        How long [d].
    p
        Numbers of :class:`TrejoParameters` in engine units.
    law
        Rates of change.
    """

    def of(state: State, memory: jax.Array) -> tuple[State, jax.Array, dict[str, jax.Array]]:
        return law(state, p), memory, {}

    return march(
        of,
        s,
        jnp.zeros(()),
        days,
        1e-3,
        longest=LONGEST,
        relative=TOLERANCE,
        absolute={name: TOLERANCE * size for name, size in SIZES.items()},
    )
