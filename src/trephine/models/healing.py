"""A healing model in motion: terms summed, fast fields in balance, time advanced."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal, TypeVar

import jax
import jax.numpy as jnp

from trephine.models.callus import CallusParameters
from trephine.models.fixation import FixationParameters
from trephine.models.host import HostParameters
from trephine.models.inflammation import InflammationParameters
from trephine.models.model import Fast, HealingModel, Strain
from trephine.models.published.bailon_plaza import BailonPlazaParameters
from trephine.models.published.claes_heigele import ClaesHeigeleParameters
from trephine.models.published.lacroix_prendergast import LacroixPrendergastParameters
from trephine.models.published.ulm import UlmParameters
from trephine.models.stiffness import ModulusParameters, PackingParameters, PoissonParameters
from trephine.models.term import Numbers
from trephine.models.tissue import Tissue
from trephine.models.trejo import TrejoParameters
from trephine.numerics import foresight
from trephine.numerics.stepping import Ledger, Marched, State, march
from trephine.numerics.summation import pairwise

Precision = Literal["single", "double"]
Values = TypeVar("Values")


@dataclass(frozen=True)
class HealParameters:
    """Parameters of the healing stage: biology, host, moduli, implants."""

    SECTION: ClassVar[str] = "heal"
    callus: CallusParameters
    modulus: ModulusParameters
    poisson: PoissonParameters
    packing: PackingParameters
    fixation: FixationParameters
    inflammation: InflammationParameters
    host: HostParameters
    bailon_plaza: BailonPlazaParameters
    lacroix_prendergast: LacroixPrendergastParameters
    claes_heigele: ClaesHeigeleParameters
    ulm: UlmParameters

    @property
    def trejo(self) -> TrejoParameters:
        """Constants of the published macrophage model, on which the inflammation builds."""
        return self.inflammation.published


@partial(jax.jit, static_argnames="model")
def balanced(
    model: HealingModel, s: State, tissue: Tissue, p: Numbers, fast: Fast, tolerance: jax.Array
) -> Fast:
    """Return the fast fields in balance with a state at rest, their past forgotten."""
    settled = model.settle(s, tissue, p, fast, tolerance)
    return settled._replace(history=foresight.forgotten(settled.fields))


def foreseen(fast: Fast, stage: jax.Array, length: jax.Array) -> Fast:
    """Return a guess of the fields in balance at the start (0) or end (1) of a step."""
    fields, history = jax.lax.cond(
        stage == 0,
        lambda: foresight.at_start(fast.fields, fast.history),
        lambda: foresight.at_end(fast.fields, fast.history, length),
    )
    return Fast(fields, fast.residual, history)


def in_precision(values: Values, precision: Precision) -> Values:
    """Return arrays and numbers as the rates take them."""
    kind = jnp.float32 if precision == "single" else jnp.float64
    cast: Values = jax.tree.map(lambda u: jnp.asarray(u).astype(kind), values)
    return cast


def rates_of(
    model: HealingModel,
    s: State,
    fast: Fast,
    strain: Strain,
    tissue: Tissue,
    p: Numbers,
    volume: jax.Array | None = None,
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
    volume
        Of healing tissue in double precision, (x, y, z) [mm^3], where the rest is single.

    Returns
    -------
    tuple
        Rates per volume of healing tissue, (x, y, z) [1/d]; and by ``"field/term"`` the same
        integrated over the grid [1e3 cells/d for cells, mm^3/d for volumes]. Whatever the
        precision of a term, rates are summed in double, so that both agree to its last digits.
    """
    felt = model.feel(s, fast, strain, tissue, p)
    change: State = {name: jnp.zeros(tissue.open.shape) for name in s}
    ledger: Ledger = {}
    each = tissue.open * tissue.spacing**3 if volume is None else volume
    for term in model.terms:
        for field, rate in term.rate(s, felt, tissue, p).items():
            change[field] = change[field] + rate
            ledger[f"{field}/{term.name}"] = pairwise((rate.astype(float) * each).ravel())
    return change, ledger


def absolute_tolerances(model: HealingModel, relative: float) -> dict[str, float]:
    """Return the allowed error of a step near zero, by field."""
    return {field.name: relative * field.floor for field in model.fields}


@partial(jax.jit, static_argnames=("model", "relative", "precision"))
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
    precision: Precision = "double",
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
    precision
        Of the rates. The state, the fields in balance and every sum are always double.
    """
    volume = tissue.open * tissue.spacing**3
    around, numbers, felt = in_precision((tissue, dict(p), strain), precision)

    def rates(state: State, memory: Fast) -> tuple[State, Fast, Ledger]:
        settled = model.settle(state, tissue, p, memory, tolerance)
        seen, fields = in_precision((state, settled.fields), precision)
        known = settled._replace(fields=fields)
        change, ledger = rates_of(model, seen, known, felt, around, numbers, volume)
        return change, settled._replace(history=memory.history), ledger

    if not fast.history:
        fast = fast._replace(history=foresight.forgotten(fast.fields))
    return march(
        rates,
        s,
        fast,
        duration,
        step,
        longest=longest,
        relative=relative,
        absolute=absolute_tolerances(model, relative),
        foresee=foreseen,
    )
