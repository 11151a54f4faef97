"""A healing model in motion: terms summed, fast fields in balance, time advanced."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from trephine.models.callus import CallusParameters
from trephine.models.fixation import FixationParameters
from trephine.models.host import HostParameters
from trephine.models.inflammation import InflammationParameters
from trephine.models.model import Fast, HealingModel, Strain
from trephine.models.published.bailon_plaza import BailonPlazaParameters
from trephine.models.stiffness import ModulusParameters, PoissonParameters
from trephine.models.term import Numbers
from trephine.models.tissue import Tissue
from trephine.numerics.stepping import Ledger, Marched, State, march
from trephine.numerics.summation import total


@dataclass(frozen=True)
class HealParameters:
    """Parameters of the healing stage: biology, host, moduli, implants."""

    SECTION: ClassVar[str] = "heal"
    callus: CallusParameters
    modulus: ModulusParameters
    poisson: PoissonParameters
    fixation: FixationParameters
    inflammation: InflammationParameters
    host: HostParameters
    bailon_plaza: BailonPlazaParameters


@partial(jax.jit, static_argnames="model")
def balanced(
    model: HealingModel, s: State, tissue: Tissue, p: Numbers, fast: Fast, tolerance: jax.Array
) -> Fast:
    """Return the fast fields in balance with a state at rest."""
    return model.settle(s, tissue, p, fast, tolerance)


def rates_of(
    model: HealingModel, s: State, fast: Fast, strain: Strain, tissue: Tissue, p: Numbers
) -> tuple[State, Ledger]:
    """Return the rates of change of a state, and what each term adds to each field in all.

    Parameters
    ----------
    model
        The healing model.
    s, fast
        State, and the fields in balance with it.
    strain
        Strain averaged over days.
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
    felt = model.feel(s, fast, strain, tissue, p)
    change: State = {name: jnp.zeros_like(tissue.open) for name in s}
    ledger: Ledger = {}
    volume = tissue.open * tissue.spacing**3
    for term in model.terms:
        for field, rate in term.rate(s, felt, tissue, p).items():
            change[field] = change[field] + rate
            ledger[f"{field}/{term.name}"] = total(rate * volume)
    return change, ledger


def absolute_tolerances(model: HealingModel, relative: float) -> dict[str, float]:
    """Return the allowed error of a step near zero, by field."""
    return {field.name: relative * field.floor for field in model.fields}


@partial(jax.jit, static_argnames=("model", "relative"))
def advance(
    model: HealingModel,
    s: State,
    fast: Fast,
    *,
    strain: Strain,
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
        The healing model.
    s, fast
        State, and the fields from which the first balance starts.
    strain
        Strain averaged over days.
    tissue
        Geometry.
    p
        Numbers in engine units.
    duration, step, longest
        How long to march, first and longest step [d].
    tolerance
        Of the fields in balance.
    relative
        Of a step.
    """

    def rates(state: State, memory: Any) -> tuple[State, Any, Ledger]:  # noqa: ANN401
        settled = model.settle(state, tissue, p, memory, tolerance)
        change, ledger = rates_of(model, state, settled, strain, tissue, p)
        return change, settled, ledger

    return march(
        rates,
        s,
        fast,
        duration,
        step,
        longest=longest,
        relative=relative,
        absolute=absolute_tolerances(model, relative),
    )
