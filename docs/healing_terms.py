"""Write the page of terms: each with its equation, its numbers, their units and sources."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from trephine.case.course import UNITS
from trephine.catalogue.load import catalogue
from trephine.core.units import Unit
from trephine.models import inflammation
from trephine.models.beliefs import Beliefs
from trephine.models.callus import CALLUS, CallusParameters, in_engine_units
from trephine.models.oxygen import oxygen_tension
from trephine.models.signal import osteogenic_signal
from trephine.models.stiffness import ModulusParameters, PoissonParameters
from trephine.models.term import Term
from trephine.models.tissue import MATRIX, Conditions, Tissue, conditions
from trephine.numerics.faces import aperture

SHAPE = (6, 6, 6)

SYMBOLS = {
    "progenitor_motility": "D_m",
    "fibroblast_motility": "D_f",
    "fibrous_hindrance": r"\tfrac12",
    "clot_motility": "k_s",
    "haptotaxis": "C_k",
    "haptotaxis_half": "K_k",
    "chemotaxis": r"\chi",
    "chemotaxis_half": "K",
    "migration_speed": "w_{max}",
    "host_level": "m_{host}",
    "host_exchange": "k",
    "progenitor_growth": "A_m",
    "unsignalled_growth": "a_0",
    "fibroblast_growth": "A_f",
    "chondrocyte_growth": "A_c",
    "osteoblast_growth": "A_b",
    "capacity": "c_{max}",
    "to_bone": "k_{mb}",
    "to_cartilage": "k_{mc}",
    "oxygenated_cartilage": "0.2",
    "to_fibrous": "k_{mf}",
    "progenitor_loss": "d_m",
    "clot_protection": r"\sigma",
    "anoxic_death": "d_h",
    "fibroblast_loss": "d_f",
    "fibroblast_retreat": r"\tfrac12",
    "chondrocyte_loss": "d_c",
    "osteoblast_loss": "d_b",
    "inert_loss": "d_n",
    "ossification": "k_{ch}",
    "ossification_cartilage": "0.2",
    "ossification_yield": "0.7",
    "fibrous_synthesis": "p_f",
    "fibrous_clearing": "q_f",
    "osteoblast_clearing": "5",
    "chondrocyte_clearing": "2",
    "cartilage_synthesis": "p_c",
    "cartilage_in_fibrous": "0.3",
    "bone_synthesis": "p_b",
    "mineralisation": "k_{min}",
    "disuse_resorption": "k_r",
    "creeping_speed": "c",
    "creeping_osteoblast": "b_{1/2}",
    "dead_depth": r"\delta",
    "chip_depth": "r",
    "clot_lysis": "k_{lysis}",
    "scaffold_resorption": "k_{dbm}",
    "carrier_conduction": r"\kappa",
    "ceramic_dissolution": "k_{dis}",
    "vessel_spread": "D_v",
    "sprout_length": r"\ell",
    "muscle_perfusion": "v_{muscle}",
    "vessel_growth": "A_v",
    "basal_angiogenesis": "0.2",
    "angiogenic_oxygen": "20",
    "angiogenic_half": "10",
    "oxygen_diffusivity": "D_n",
    "oxygen_uptake": "q_O",
    "uptake_half": "K_O",
    "oxygen_delivery": "k_{perf}",
    "arterial_oxygen": "n_{art}",
    "inert_oxygen_share": r"\lambda",
    "osteogenic_oxygen": "K_{ob}",
    "survival_oxygen": "K_s",
    "signal_diffusivity": "D_g",
    "signal_clearance": "d_g",
    "progenitor_signal": "s_m",
    "osteoblast_signal": "s_b",
    "scaffold_signal": "s_d",
    "bone_strain": r"\varepsilon_b",
    "bone_strain_width": "w_b",
    "cartilage_strain": r"\varepsilon_c",
    "cartilage_strain_width": "w_c",
    "quiet_strain": r"\varepsilon_0",
    "quiet_cartilage_loss": "0.8",
    "disuse_strain": r"\varepsilon_r",
    "vessel_strain": r"\varepsilon_3",
    "vessel_strain_end": r"\varepsilon_4",
    "tearing_strain": r"\varepsilon_1",
    "torn_strain": r"\varepsilon_2",
    "tearing": r"k_\tau",
    "vessel_tearing": "k_v",
    "bone_modulus": "E_b",
    "cartilage_modulus": "E_c",
    "fibrous_modulus": "E_f",
    "ground_modulus": "E_0",
    "allograft_modulus": "E_a",
    "ceramic_modulus": "E_k",
    "cortex_modulus": "E_{cortex}",
    "bone_poisson": r"\nu_b",
    "cartilage_poisson": r"\nu_c",
    "fibrous_poisson": r"\nu_f",
    "ground_poisson": r"\nu_0",
    "allograft_poisson": r"\nu_a",
    "ceramic_poisson": r"\nu_k",
    "cortex_poisson": r"\nu_{cortex}",
}
"""How the equations write each number; some write a number of the catalogue as its value."""

FELT = {
    "signalled": ("response to the signal", r"G = g^2/(1+g^2)"),
    "oxygenated": ("response of bone formation to oxygen", r"O = n^2/(K_{ob}^2+n^2)"),
    "surviving": ("survival at this oxygen", r"S = n^2/(K_s^2+n^2)"),
    "room": ("room for osteogenic cells", r"1-(m+c+b)/c_{max}"),
    "free": ("volume that nothing fills", r"\phi_{free} = 1-\phi_f-\phi_c-\phi_w-\phi_l-s"),
    "passage": (
        "how freely cells move",
        r"D/D_m = (1-\phi_w-\phi_l)^2(1-\tfrac12\phi_f)(1-s)(1+k_s s_{clot})",
    ),
    "creeping": ("how readily dead bone is replaced", r"f = v\,b/(b_{1/2}+b)"),
    "ossifying": ("endochondral conversion [1/d]", r"h = k_{ch}\,v\,\phi_c^2/(0.2^2+\phi_c^2)"),
    "bone_favoured": (
        "how far strain lets bone form",
        r"\psi_b = \exp\left[-((\varepsilon-\varepsilon_b)_+/w_b)^2\right]",
    ),
    "cartilage_favoured": (
        "how far strain lets cartilage form",
        (
            r"\psi_c = \exp\left[-((\varepsilon-\varepsilon_c)_+/w_c)^2\right]"
            r"\,(1-0.8\,\psi_b[\varepsilon<\varepsilon_0])"
        ),
    ),
    "torn": (
        "how far strain tears tissue",
        r"\tau = \min(1, (\varepsilon-\varepsilon_1)_+/(\varepsilon_2-\varepsilon_1))",
    ),
}
"""What the cells feel besides oxygen, signal and strain themselves."""

WHERE = {
    "vessels fill in": (
        r"\gamma = 0.2+\frac{(20-n)_+^2}{10^2+(20-n)_+^2},\ "
        r"\psi_v = \min\left(1,\frac{(\varepsilon_4-\varepsilon)_+}"
        r"{\varepsilon_4-\varepsilon_3}\right)"
    ),
    "fibroblasts wander": r"D \to D_f\,(D/D_m)",
}
"""What the equation of a term leaves unsaid."""

BALANCES = {
    "oxygen": (
        oxygen_tension,
        (
            r"0 = \nabla\cdot(D_n\nabla n) - q_O\frac{n}{K_O+n}(m+f+c+b+\lambda n_c)"
            r" + k_{perf}(v + B + v_{muscle} A)(n_{art}-n)"
        ),
        (
            "tension $n$ [mmHg]; $B$ and $A$ are the shares of living bone and of soft tissue "
            "beyond the healing region. It crosses old bone as freely as soft tissue, and no metal."
        ),
    ),
    "signal": (
        osteogenic_signal,
        r"0 = \nabla\cdot(D_g\nabla g) - d_g g + s_m m + s_b b + s_d s_{dbm}",
        "signal $g$ in units of its half-value [-]; it stays in the healing region.",
    ),
}

STIFFNESS = (
    r"E = E_b M(\phi_w+\phi_l)^2 + E_c\phi_c^3 + E_f\phi_f^3 + E_a s_{allo}^3 + E_k s_{cer}^3 + E_0"
)
RATIO = r"\nu = \nu_0 + \sum_i \phi_i(\nu_i-\nu_0)"
HEAD = ("symbol", "number", "value", "grounds", "source", "changed by")


class Read(dict[str, Any]):
    """Numbers that note who asks for them."""

    def __init__(self, numbers: Mapping[str, Any]) -> None:
        super().__init__(numbers)
        self.asked: list[str] = []

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401  (whatever the number is)
        """Return a number and note its name."""
        if name not in self.asked:
            self.asked.append(name)
        return super().__getitem__(name)


class Seen:
    """Conditions that note which of them are looked at."""

    def __init__(self, felt: Conditions) -> None:
        self._felt = felt
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (whatever the condition is)
        """Return a condition and note its name."""
        if name not in self.asked:
            self.asked.append(name)
        return getattr(self._felt, name)


@cache
def engine_numbers() -> dict[str, tuple[str, str, float]]:
    """Return record id, unit and value of each number of the model, as the engine has them."""
    heal = Beliefs.printed().heal
    found: dict[str, tuple[str, str, float]] = {}
    for kind, values in (
        (CallusParameters, heal.callus),
        (ModulusParameters, heal.modulus),
        (PoissonParameters, heal.poisson),
    ):
        section = kind.SECTION
        hints = typing.get_type_hints(kind, include_extras=True)
        for name, value in in_engine_units(values).items():
            unit = next(m for m in hints[name].__metadata__ if isinstance(m, Unit))
            inside = name if section == "callus" else f"{name}_{section}"
            found[inside] = (f"{section}.{name}", unit.shown, value)
    return found


@cache
def numbers() -> dict[str, float]:
    """Return each number of the model in engine units."""
    return {name: value for name, (_, _, value) in engine_numbers().items()}


@cache
def somewhere() -> tuple[dict[str, jax.Array], Tissue]:
    """Return a state without symmetry, and tissue with every kind of surface."""
    rng = np.random.default_rng(1)
    state = {name: jnp.asarray(rng.random(SHAPE)) for name in CALLUS.names}
    for i, share in enumerate(np.moveaxis(rng.dirichlet(np.ones(len(MATRIX) + 1), SHAPE), -1, 0)):
        if i < len(MATRIX):
            state[MATRIX[i]] = jnp.asarray(share)
    share = jnp.asarray(rng.random(SHAPE))
    faces, h = aperture(share), jnp.asarray(0.8)
    return state, Tissue(h, share, faces, share, faces, share, share, share, share, share)


def conditions_with(p: Mapping[str, Any]) -> Conditions:
    """Return what cells feel there, with strain over three decades."""
    state, tissue = somewhere()
    rng = np.random.default_rng(2)
    oxygen, signal = jnp.asarray(40 * rng.random(SHAPE)), jnp.asarray(3 * rng.random(SHAPE))
    strain = jnp.asarray(np.geomspace(1e-3, 1.0, oxygen.size).reshape(SHAPE))
    return conditions(state, oxygen, signal, strain, tissue, p)


@cache
def behind_conditions() -> dict[str, list[str]]:
    """Return the numbers that each condition changes with."""
    read = Read(numbers())
    before = conditions_with(read)
    found: dict[str, list[str]] = {name: [] for name in FELT}
    for name in read.asked:
        after = conditions_with(numbers() | {name: 1.1 * numbers()[name]})
        for condition in FELT:
            old, new = (jax.tree.leaves(getattr(c, condition)) for c in (before, after))
            if any(bool(jnp.any(a != b)) for a, b in zip(old, new, strict=True)):
                found[condition].append(name)
    return found


def behind_term(term: Term) -> tuple[list[str], list[str]]:
    """Return the numbers that a term reads, and the conditions."""
    state, tissue = somewhere()
    read, seen = Read(numbers()), Seen(conditions_with(numbers()))
    term.rate(state, seen, tissue, read)
    return read.asked, seen.asked


def behind_balance(field: str) -> list[str]:
    """Return the numbers that a field in balance reads."""
    state, tissue = somewhere()
    read = Read(numbers())
    solve = BALANCES[field][0]
    jax.eval_shape(lambda: solve(state, tissue, read, jnp.ones(SHAPE), 1e-3))
    return read.asked


@cache
def changed_by() -> dict[str, list[str]]:
    """Return what of patient, plan and inflammation changes each number."""
    effects = Beliefs.printed().heal.host.callus
    found: dict[str, list[str]] = {}
    for cause in ("ageing", "smoking", "diabetes", "nsaid", "corticosteroid"):
        for name in getattr(effects, cause):
            word = "NSAID" if cause == "nsaid" else cause
            found.setdefault(name, []).append(word)
    for name in inflammation.MODULATED:
        found.setdefault(name, []).append("inflammation")
    return found


def numbers_of(names: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Yield the row of each number."""
    records = catalogue().records
    for name in names:
        key, unit, value = engine_numbers()[name]
        record = records[key]
        symbol = f"${SYMBOLS[name]}$" if name in SYMBOLS else ""
        told = f"{value:.5g}" + ("" if unit == "1" else f" {unit}")
        yield (
            symbol,
            f"[{record.about}](catalogue.md#{key})",
            told,
            f"{record.kind}, {record.access}",
            f"[{record.source}](catalogue.md#{record.source.lower()})",
            ", ".join(changed_by().get(name, [])),
        )


def term_lines(term: Term) -> Iterator[str]:
    """Yield what a term changes, what it conserves, what its cells feel and why it is believed."""
    keeps = {"cells": "cells, in every voxel", "volume": "volume, in every voxel"}
    yield f"- changes {', '.join(f'`{name}`' for name in term.touches)}"
    if term.conserves is not None:
        yield f"- conserves {keeps.get(term.conserves, 'the total over the grid')}"
    felt = [name for name in behind_term(term)[1] if name in FELT or name in CALLUS.fast]
    if felt:
        yield f"- feels {', '.join(FELT[name][0] if name in FELT else name for name in felt)}"
    if term.sources:
        links = (f"[{key}](catalogue.md#{key.lower()})" for key in term.sources)
        yield f"- sources: {', '.join(links)}"
    if term.assumed:
        yield f"- assumed: {term.assumed}"
    yield ""


def remaining(shown: Iterable[str]) -> list[str]:
    """Return the numbers of the model that nothing so far has shown, in their order."""
    seen = set(shown)
    return [name for name in engine_numbers() if name not in seen]


def page(made: str, table: Any) -> Iterator[str]:  # noqa: ANN401
    """Yield the page on the terms of the healing model.

    Parameters
    ----------
    made
        The line that says what the page is made from.
    table
        Writes a table from head and rows.
    """
    yield "# Terms of the healing model\n"
    yield made
    yield (
        "The healing model is this list of terms and nothing else. Budgets, ablation "
        '(`CALLUS.without("a term")`) and the tests of conservation read the same list. What the '
        "symbols of the fields mean: [equations](model.md).\n"
    )
    yield (
        "Values are in the units of the engine: mm, d, mmHg, MPa, and Mcell = 1e6 cells. "
        "*Grounds* says how a number came about and who saw it "
        "([what the words mean](../explanation/evidence-and-catalogue.md)); each number leads to "
        "its record, with spread and doubts. *Changed by* names what of patient, plan and "
        "inflammation multiplies it ([by how much](../explanation/inflammation.md)). "
        "$s = s_{dbm}+s_{allo}+s_{cer}$ is the share of solid carriers, $(x)_+ = \\max(x,0)$.\n"
    )
    shown: list[str] = []

    def numbered(names: list[str]) -> Iterator[str]:
        shown.extend(names)
        if names:
            rows = list(numbers_of(names))
            told = [i for i in range(len(HEAD)) if any(row[i] for row in rows)]
            yield from table([HEAD[i] for i in told], [[row[i] for i in told] for row in rows])

    yield "## State\n"
    told = ((f"`{f.name}`", UNITS[f.name], f.counted or "none") for f in CALLUS.fields)
    yield from table(("field", "unit", "its budget counts"), told)
    yield "## What the cells feel\n"
    for name, (about, equation) in FELT.items():
        yield f"### {about}\n"
        yield f"$${equation}$$\n"
        yield from numbered(behind_conditions()[name])
    yield "## Fields in balance\n"
    for field in CALLUS.fast:
        _, equation, about = BALANCES[field]
        yield f"### {field}\n"
        yield f"$${equation}$$\n"
        yield about[0].upper() + about[1:] + "\n"
        yield from numbered(behind_balance(field))
    yield "## The terms\n"
    for term in CALLUS.terms:
        yield f"### {term.name}\n"
        where = rf",\ {WHERE[term.name]}" if term.name in WHERE else ""
        yield f"$${term.equation}{where}$$\n"
        yield from term_lines(term)
        yield from numbered(behind_term(term)[0])
    yield "## Stiffness\n"
    yield f"$${STIFFNESS}$$\n\n$${RATIO}$$\n"
    yield from numbered([n for n in engine_numbers() if n.endswith(("_modulus", "_poisson"))])
    yield "## The beginning, injections, and the memory of strain\n"
    yield "Numbers that no rate reads.\n"
    yield from numbered(remaining(shown))
