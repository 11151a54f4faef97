"""The healing model of a shaft defect: its terms, its numbers and its state at day 0."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from trephine.case.anatomy import Anatomy
from trephine.case.site import Biology
from trephine.core.units import (
    Diffusivity,
    Duration,
    Fraction,
    Length,
    Positive,
    Rate,
    Unit,
    in_unit,
)
from trephine.models import (
    carriers,
    differentiation,
    matrix,
    migration,
    proliferation,
    remodelling,
    surfaces,
    vessels,
)
from trephine.models.model import Elastic, Fast, Field, HealingModel, Strain
from trephine.models.oxygen import oxygen_tension
from trephine.models.signal import osteogenic_signal
from trephine.models.stiffness import tissue_modulus, tissue_poisson
from trephine.models.term import Numbers, Term
from trephine.models.tissue import BONE, CARRIERS, Conditions, Tissue, conditions
from trephine.numerics.faces import aperture
from trephine.numerics.stepping import State

CellDensity = Annotated[float, Unit("1/m^3", "Mcell/mL", ge=0)]
PerCell = Annotated[float, Unit("m^3/s", "mL/(Mcell*d)", ge=0)]
Tension = Annotated[float, Unit("Pa", "mmHg", gt=0)]
Speed = Annotated[float, Unit("m/s", "mm/d", ge=0)]
TensionPerCell = Annotated[float, Unit("Pa*m^3/s", "mmHg*mL/(Mcell*d)", ge=0)]

CELL_FLOOR, TISSUE_FLOOR = 1e-3, 5e-2
"""Sizes from which an error matters: 1e3 cells/mL, a twentieth of the volume."""

FIELDS: tuple[Field, ...] = (
    Field("progenitor_host", CELL_FLOOR, "cells"),
    Field("progenitor_injected", CELL_FLOOR, "cells"),
    Field("fibroblast", CELL_FLOOR, "cells"),
    Field("chondrocyte", CELL_FLOOR, "cells"),
    Field("osteoblast", CELL_FLOOR, "cells"),
    Field("inert_nucleated", CELL_FLOOR, "cells"),
    Field("perfusion", TISSUE_FLOOR, None),
    Field("fibrous", TISSUE_FLOOR),
    Field("cartilage", TISSUE_FLOOR),
    Field("woven", TISSUE_FLOOR),
    Field("lamellar", TISSUE_FLOOR),
    Field("mineralised", TISSUE_FLOOR),
    Field("clot", TISSUE_FLOOR),
    Field("demineralised_bone", TISSUE_FLOOR),
    Field("allograft", TISSUE_FLOOR),
    Field("ceramic", TISSUE_FLOOR),
    Field("dead_bone", TISSUE_FLOOR, None),
)
"""The state: cells [1e6/mL], then perfusion and volume fractions [-], per healing tissue.

``mineralised`` is the part of ``woven`` and ``lamellar`` together that holds its mineral, and no
volume of its own; ``dead_bone`` is the dead share of the old bone that a voxel adjoins.
"""

TERMS: tuple[Term, ...] = (
    migration.RANDOM_MOTION,
    migration.HAPTOTAXIS,
    migration.CHEMOTAXIS,
    migration.FIBROBLAST_MOTION,
    migration.HOST_SUPPLY,
    surfaces.REVIVAL,
    proliferation.PROGENITOR_GROWTH,
    proliferation.FIBROBLAST_GROWTH,
    proliferation.CHONDROCYTE_GROWTH,
    proliferation.OSTEOBLAST_GROWTH,
    differentiation.COMMIT_TO_BONE,
    differentiation.COMMIT_TO_CARTILAGE,
    differentiation.COMMIT_TO_FIBROUS,
    differentiation.ENDOCHONDRAL_CELLS,
    proliferation.PROGENITOR_LOSS,
    proliferation.FIBROBLAST_LOSS,
    proliferation.CHONDROCYTE_LOSS,
    proliferation.OSTEOBLAST_LOSS,
    proliferation.INERT_LOSS,
    vessels.SPROUTING,
    vessels.VESSEL_INGROWTH,
    vessels.VESSEL_GROWTH,
    matrix.FIBROUS_SYNTHESIS,
    matrix.FIBROUS_CLEARING,
    matrix.CARTILAGE_SYNTHESIS,
    matrix.BONE_APPOSITION,
    matrix.ENDOCHONDRAL_OSSIFICATION,
    matrix.MINERALISATION,
    remodelling.REMODELLING,
    remodelling.DISUSE_RESORPTION,
    carriers.CLOT_LYSIS,
    carriers.SCAFFOLD_RESORPTION,
    carriers.CARRIER_APPOSITION,
    carriers.ALLOGRAFT_SUBSTITUTION,
    carriers.CERAMIC_DISSOLUTION,
    matrix.TEARING,
)


@dataclass(frozen=True)
class CallusParameters:
    """Every number of the terms of :data:`CALLUS`; the catalogue's section ``callus`` says why.

    A field's annotation holds its SI unit and the unit of the engine (1 mm, 1 day, 1e6
    cells/mL, mmHg).
    """

    SECTION: ClassVar[str] = "callus"

    progenitor_motility: Diffusivity
    fibroblast_motility: Diffusivity
    fibrous_hindrance: Fraction
    clot_motility: Positive
    haptotaxis: Diffusivity
    haptotaxis_half: Positive
    chemotaxis: Diffusivity
    chemotaxis_half: Positive
    migration_speed: Speed
    host_level: CellDensity
    host_exchange: Speed

    progenitor_growth: Rate
    unsignalled_growth: Fraction
    fibroblast_growth: Rate
    chondrocyte_growth: Rate
    osteoblast_growth: Rate
    capacity: CellDensity

    to_bone: Rate
    to_cartilage: Rate
    oxygenated_cartilage: Fraction
    to_fibrous: Rate

    progenitor_loss: Rate
    clot_protection: Fraction
    anoxic_death: Rate
    fibroblast_loss: Rate
    fibroblast_retreat: Rate
    chondrocyte_loss: Rate
    osteoblast_loss: Rate
    inert_loss: Rate

    ossification: Rate
    ossification_cartilage: Positive
    ossification_yield: Fraction
    fibrous_synthesis: PerCell
    fibrous_clearing: PerCell
    osteoblast_clearing: Positive
    chondrocyte_clearing: Positive
    cartilage_synthesis: PerCell
    cartilage_in_fibrous: Fraction
    bone_synthesis: PerCell
    mineralisation: Rate
    disuse_resorption: Rate
    creeping_speed: Speed
    creeping_osteoblast: CellDensity
    dead_depth: Length
    chip_depth: Length
    clot_lysis: Rate
    scaffold_resorption: PerCell
    carrier_conduction: Positive
    ceramic_dissolution: Rate

    vessel_spread: Diffusivity
    sprout_length: Length
    muscle_perfusion: Fraction
    vessel_growth: Rate
    basal_angiogenesis: Fraction
    angiogenic_oxygen: Tension
    angiogenic_half: Tension

    oxygen_diffusivity: Diffusivity
    oxygen_uptake: TensionPerCell
    uptake_half: Tension
    oxygen_delivery: Rate
    arterial_oxygen: Tension
    inert_oxygen_share: Fraction
    osteogenic_oxygen: Tension
    survival_oxygen: Tension

    signal_diffusivity: Diffusivity
    signal_clearance: Rate
    progenitor_signal: PerCell
    osteoblast_signal: PerCell
    scaffold_signal: Rate

    bone_strain: Fraction
    bone_strain_width: Positive
    cartilage_strain: Fraction
    cartilage_strain_width: Positive
    quiet_strain: Fraction
    quiet_cartilage_loss: Fraction
    strain_memory: Duration
    disuse_strain: Positive
    vessel_strain: Fraction
    vessel_strain_end: Fraction
    tearing_strain: Fraction
    torn_strain: Fraction
    tearing: Rate
    vessel_tearing: Rate

    initial_fibroblast: CellDensity
    canal_perfusion: Fraction
    surrounding_fibrous: Fraction
    assay_factor: Positive
    cultured_potency: Fraction


def in_engine_units(parameters: Any) -> dict[str, float]:  # noqa: ANN401
    """Return the numbers of a parameter class in its ``shown`` units, by name."""
    import typing  # noqa: PLC0415

    hints = typing.get_type_hints(type(parameters), include_extras=True)
    numbers: dict[str, float] = {}
    for field in dataclasses.fields(parameters):
        unit = next(m for m in hints[field.name].__metadata__ if isinstance(m, Unit))
        value = getattr(parameters, field.name)
        plain = unit.shown == unit.si
        numbers[field.name] = value if plain else in_unit(value, unit.si, unit.shown)
    return numbers


def tissue_of(anatomy: Anatomy, biology: Biology) -> Tissue:
    """Return the geometry of the healing tissue; lengths in mm.

    Parameters
    ----------
    anatomy
        The site on the grid.
    biology
        Says how much of bone ends, periosteum and marrow is alive.
    """
    spacing = anatomy.grid.spacing * 1e3
    healing = np.array(anatomy.healing, dtype=np.float64)
    healing[healing < 1e-9] = 0.0
    bone = np.asarray(anatomy.bone, dtype=np.float64)
    beyond = np.clip(1.0 - healing - bone - anatomy.metal, 0.0, 1.0)
    marrow = np.minimum(np.where(healing > 0, 0.0, anatomy.canal), beyond)
    perfused = beyond - (1.0 - biology.marrow) * marrow
    wet = np.clip(1.0 - anatomy.metal, 0.0, 1.0)
    per = np.where(healing > 0, spacing * np.where(healing > 0, healing, 1.0), np.inf)
    met, alive = surfaces.touching(healing, bone), surfaces.vitality(anatomy, biology)
    opened, passing = jnp.asarray(healing), jnp.asarray(wet)
    return Tissue(
        spacing=jnp.asarray(spacing),
        open=opened,
        apertures=aperture(opened),
        wet=passing,
        wet_apertures=aperture(passing),
        living_bone=jnp.asarray(surfaces.living_bone(anatomy, biology)),
        living_surface=jnp.asarray(met * alive / per),
        muscle=jnp.asarray(perfused),
        muscle_surface=jnp.asarray(surfaces.touching(healing, perfused) / per),
        dead_surface=jnp.asarray(met * (1.0 - alive) / per),
    )


def at_day_0(anatomy: Anatomy, biology: Biology, p: Numbers) -> State:
    """Return the state of a non-union before any treatment.

    The gap holds fibrous tissue with the stated perfusion; the canal, as far as its marrow lives,
    and the tissue around the bone are perfused better. Values are means over the healing tissue
    of each voxel.

    Parameters
    ----------
    anatomy
        The site on the grid.
    biology
        Perfusion and fibrous tissue in the gap, and what of the bone lives.
    p
        Numbers of :class:`CallusParameters` in engine units.
    """
    parts = (anatomy.gap, anatomy.healing - anatomy.gap - anatomy.callus, anatomy.callus)
    healing = anatomy.healing
    whole = np.where(healing > 1e-9, healing, 1.0)

    def mixed(gap: float, canal: float, around: float) -> jax.Array:
        total = gap * parts[0] + canal * parts[1] + around * parts[2]
        return jnp.asarray(np.where(healing > 1e-9, total / whole, 0.0))

    state = {field.name: jnp.zeros(anatomy.grid.shape) for field in FIELDS}
    state["progenitor_host"] = mixed(p["host_level"], p["host_level"], p["host_level"])
    state["fibroblast"] = mixed(*(p["initial_fibroblast"],) * 3)
    around = p["surrounding_fibrous"]
    state["fibrous"] = mixed(biology.fibrous, around, around)
    in_canal = p["canal_perfusion"] * biology.marrow
    state["perfusion"] = mixed(biology.perfusion, in_canal, p["muscle_perfusion"])
    dead = np.where(healing > 1e-9, 1.0 - surfaces.vitality(anatomy, biology), 0.0)
    state["dead_bone"] = jnp.asarray(dead)
    return state


def at_rest(shape: tuple[int, int, int], p: Numbers) -> dict[str, jax.Array]:
    """Return oxygen as in the arteries and no signal: where the first balance starts."""
    # An array and not a bare number, whose type gives way: the engine would compile twice.
    return {
        "oxygen": jnp.zeros(shape) + np.float64(p["arterial_oxygen"]),
        "signal": jnp.zeros(shape),
    }


def settle(s: State, tissue: Tissue, p: Numbers, fast: Fast, tolerance: jax.Array) -> Fast:
    """Return oxygen [mmHg] and signal [-] for a state, starting from an earlier balance."""
    oxygen = oxygen_tension(s, tissue, p, fast.fields["oxygen"], tolerance)
    signal = osteogenic_signal(s, tissue, p, fast.fields["signal"], tolerance)
    worst = jnp.maximum(oxygen.residual, signal.residual)
    fields = {"oxygen": oxygen.u, "signal": signal.u}
    return Fast(fields, jnp.maximum(fast.residual, worst))


def feel(s: State, fast: Fast, strain: Strain, tissue: Tissue, p: Numbers) -> Conditions:
    """Return what the cells of each voxel feel."""
    oxygen, signal = fast.fields["oxygen"], fast.fields["signal"]
    return conditions(s, oxygen, signal, strain.distortion, tissue, p)


def elastic(s: State, p: Numbers) -> Elastic:
    """Return how stiff the healing tissue is (U13)."""
    return Elastic(tissue_modulus(s, p), tissue_poisson(s, p))


def shown(s: State) -> dict[str, jax.Array]:
    """Return the tissues as they are: the state has their names."""
    return {name: s[name] for name in ("fibrous", "cartilage", "woven", "mineralised")}


CALLUS = HealingModel(
    name="callus",
    about="The model of this project: cells, vessels, oxygen, signal, strain and matrix in 3-D.",
    sections=("callus", "modulus", "poisson", "packing"),
    fields=FIELDS,
    fast=("oxygen", "signal"),
    terms=TERMS,
    begin=at_day_0,
    at_rest=at_rest,
    settle=settle,
    feel=feel,
    elastic=elastic,
    shown=shown,
    receives=(
        ("progenitors", "progenitor_injected"),
        ("nucleated", "inert_nucleated"),
        ("clot", "clot"),
        *((carrier, carrier) for carrier in CARRIERS),
    ),
    displaced=("fibrous", "cartilage", "clot"),
    solid=(*BONE, *CARRIERS),
    takes_host=True,
)
"""The healing model of a shaft defect."""
