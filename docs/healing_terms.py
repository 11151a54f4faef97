"""Write the page of terms: each with its equation, its numbers, their units and sources."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from healing_symbols import BALANCES, FELT, RATIO, STIFFNESS, SYMBOLS, WHERE

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

SOLVES = {"oxygen": oxygen_tension, "signal": osteogenic_signal}
"""What brings each field into balance."""
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


def spelled(unit: str) -> str:
    """Return a unit as a page shows it, without what Markdown would take for emphasis."""
    return unit.replace("*", " ").replace("^2", "²").replace("^3", "³")


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
    for name in ("allograft", "ceramic"):
        found[f"{name}_packed"] = (f"injection.solid.{name}", "1", heal.packing.solid[name])
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
    solve = SOLVES[field]
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
        told = f"{value:.5g}" + ("" if unit == "1" else f" {spelled(unit)}")
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
        equation, about = BALANCES[field]
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
    yield from numbered(
        [n for n in engine_numbers() if n.endswith(("_modulus", "_poisson", "_packed"))]
    )
    yield "## The beginning, injections, and the memory of strain\n"
    yield "Numbers that no rate reads.\n"
    yield from numbered(remaining(shown))
