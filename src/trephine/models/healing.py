"""A healing model in motion: terms summed, oxygen and signal in balance, time advanced."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp

from trephine.models.callus import CELLS, FIELDS, CallusParameters
from trephine.models.oxygen import oxygen_tension
from trephine.models.signal import osteogenic_signal
from trephine.models.stiffness import FixationParameters, ModulusParameters
from trephine.models.term import Numbers, Term
from trephine.models.tissue import Tissue, conditions
from trephine.numerics.stepping import Ledger, Marched, State, march
from trephine.numerics.summation import total


@dataclass(frozen=True)
class HealParameters:
    """Parameters of the healing stage: biology, moduli, implants."""

    SECTION: ClassVar[str] = "heal"
    callus: CallusParameters
    modulus: ModulusParameters
    fixation: FixationParameters


class Fast(NamedTuple):
    """The fields in balance, and the worst residual met on the way."""

    oxygen: jax.Array
    signal: jax.Array
    residual: jax.Array


def in_balance(s: State, tissue: Tissue, p: Numbers, fast: Fast, tolerance: jax.Array) -> Fast:
    """Return oxygen and signal for a state, starting from an earlier balance."""
    oxygen = oxygen_tension(s, tissue, p, fast.oxygen, tolerance)
    signal = osteogenic_signal(s, tissue, p, fast.signal, tolerance)
    worst = jnp.maximum(oxygen.residual, signal.residual)
    return Fast(oxygen.u, signal.u, jnp.maximum(fast.residual, worst))


balanced = jax.jit(in_balance)
"""The same, compiled, for a state at rest."""


def rates_of(
    model: tuple[Term, ...], s: State, fast: Fast, strain: jax.Array, tissue: Tissue, p: Numbers
) -> tuple[State, Ledger]:
    """Return the rates of change of a state, and what each term adds to each field in all.

    Parameters
    ----------
    model
        The terms.
    s, fast
        State, and oxygen and signal in balance with it.
    strain
        Distortional strain averaged over days, (x, y, z) [-].
    tissue
        Geometry.
    p
        Numbers in engine units.

    Returns
    -------
    tuple
        Rates per volume of healing tissue, (x, y, z) [1/d]; and by ``"field/term"`` the same
        integrated over the grid [1e3 cells/d for cells, mm^3/d for volumes].
    """
    felt = conditions(s, fast.oxygen, fast.signal, strain, p)
    change: State = {name: jnp.zeros_like(tissue.open) for name in s}
    ledger: Ledger = {}
    volume = tissue.open * tissue.spacing**3
    for term in model:
        for field, rate in term.rate(s, felt, tissue, p).items():
            change[field] = change[field] + rate
            ledger[f"{field}/{term.name}"] = total(rate * volume)
    return change, ledger


def absolute_tolerances(relative: float) -> dict[str, float]:
    """Return the allowed error of a step near zero: cells matter from 1e3/mL, tissue from 5 %."""
    return {name: relative * (1e-3 if name in CELLS else 5e-2) for name in FIELDS}


@partial(jax.jit, static_argnames=("model", "relative"))
def advance(
    model: tuple[Term, ...],
    s: State,
    fast: Fast,
    *,
    strain: jax.Array,
    tissue: Tissue,
    p: Numbers,
    duration: jax.Array,
    step: jax.Array,
    longest: jax.Array,
    tolerance: jax.Array,
    relative: float,
) -> Marched:
    """Advance a healing model under a given strain.

    Parameters
    ----------
    model
        The terms.
    s, fast
        State, and oxygen and signal from which the first balance starts.
    strain
        Distortional strain averaged over days, (x, y, z) [-].
    tissue
        Geometry.
    p
        Numbers in engine units.
    duration, step, longest
        How long to march, first and longest step [d].
    tolerance
        Of oxygen and signal.
    relative
        Of a step.
    """

    def rates(state: State, memory: Any) -> tuple[State, Any, Ledger]:  # noqa: ANN401
        balanced = in_balance(state, tissue, p, memory, tolerance)
        change, ledger = rates_of(model, state, balanced, strain, tissue, p)
        return change, balanced, ledger

    return march(
        rates,
        s,
        fast,
        duration,
        step,
        longest=longest,
        relative=relative,
        absolute=absolute_tolerances(relative),
    )
