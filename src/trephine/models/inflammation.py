"""Inflammation of the callus as one lumped macrophage state, and what it does to other rates."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from trephine.core.errors import SolverError
from trephine.core.units import Unit, in_unit
from trephine.models import macrophages
from trephine.models.callus import in_engine_units
from trephine.models.macrophages import MACROPHAGES, Values
from trephine.models.term import Numbers
from trephine.models.trejo import TrejoParameters
from trephine.numerics.stepping import State, march

FIELDS = ("debris", *MACROPHAGES)
"""The state, means over the healing tissue [1e6/mL]; the cytokines are in balance with it."""

MODULATED = ("progenitor_growth", "to_bone", "osteoblast_growth")
"""Rates of the callus that inflammation changes: the three that the published model changes."""


RECRUITED = ("1/(m^3*s)", "Mcell/(mL*d)")


@dataclass(frozen=True)
class InflammationParameters:
    """What our use of the macrophage model adds to its published constants."""

    SECTION: ClassVar[str] = "inflammation"

    published: TrejoParameters
    constitutive_recruitment: Annotated[float, Unit(*RECRUITED, ge=0)]
    reach: Annotated[float, Unit("1", "1", gt=1)]


def numbers(p: InflammationParameters) -> dict[str, float]:
    """Return the published constants and our own by name, in engine units."""
    recruited = in_unit(p.constitutive_recruitment, *RECRUITED)
    own = {"constitutive_recruitment": recruited, "reach": p.reach}
    return in_engine_units(p.published) | own


def at_day_0(debris: float, p: Numbers) -> dict[str, float]:
    r"""Return the state on day 0: resting macrophages in balance, and fresh debris.

    .. math:: M_0 = \frac{k_{r0}}{d_0 + k_{r0}/M_{max}}

    Parameters
    ----------
    debris
        Debris as a share of that of a severe fracture; 0 in an established non-union [-].
    p
        Of :func:`numbers`.
    """
    called = p["constitutive_recruitment"]
    resting = called / (p["emigration_resting"] + called / p["macrophage_capacity"])
    quiet = {**dict.fromkeys(FIELDS, 0.0), MACROPHAGES[0]: resting}
    return injure(quiet, debris, p)


def injure(state: Mapping[str, float], debris: float, p: Numbers) -> dict[str, float]:
    """Return a state with the debris of a fresh injury added.

    Parameters
    ----------
    state
        Of :data:`FIELDS` [1e6/mL].
    debris
        Debris as a share of that of a severe fracture, at least 0 [-].
    p
        Of :func:`numbers`.

    Raises
    ------
    ValueError
        If the debris is negative.
    """
    if debris < 0:
        raise ValueError(f"an injury leaves debris, it takes none away ({debris:g})")
    return {**state, "debris": state["debris"] + debris * p["severe_debris"]}


def cytokines(s: Numbers, progenitors: Values, p: Numbers) -> tuple[Values, Values]:
    r"""Return the inflammatory and the calming cytokine in balance with the cells [ng/mL].

    .. math::
        c_2 = \tfrac12\left(\sqrt{a_{22}^2 + 4 a_{22} s_2/d_{c2}} - a_{22}\right), \quad
        c_1 = \frac{a_{12}}{a_{12}+c_2}\,\frac{s_1}{d_{c1}}

    They decay within hours, the cells change within days.

    Parameters
    ----------
    s
        Of :data:`FIELDS` [1e6/mL].
    progenitors
        Progenitors per volume of healing tissue [1e6/mL].
    p
        Of :func:`numbers`; the secretions :math:`s_i` are those of
        :func:`trephine.models.macrophages.secreted`.
    """
    inflammatory, calming = macrophages.secreted(s, progenitors, p)
    half = p["calming_damping"]
    level = 0.5 * ((half**2 + 4.0 * half * calming / p["calming_decay"]) ** 0.5 - half)
    damped, _ = macrophages.damped(level, p)
    return damped * inflammatory / p["inflammatory_decay"], level


def rates(s: Numbers, progenitors: Values, p: Numbers) -> dict[str, Values]:
    r"""Return the rates of change of debris and macrophages [1e6/(mL d)].

    The published equations with constitutive recruitment added and cytokines in balance.
    [Trejo2019]
    """
    inflammatory, calming = cytokines(s, progenitors, p)
    change: dict[str, Values] = {name: 0.0 * s[name] for name in FIELDS}
    for part in (
        macrophages.engulf(s, p),
        macrophages.recruit(s, p, p["constitutive_recruitment"]),
        macrophages.activate(s, inflammatory, calming, p),
        macrophages.switch(s, p),
        macrophages.leave(s, p),
    ):
        for name, rate in part.items():
            change[name] = change[name] + rate
    return change


LONGEST, TOLERANCE = 1.0, 1e-4
SIZES = dict.fromkeys(FIELDS, 1e-3)
"""Size from which a relative error matters [1e6/mL]."""


def _march(
    s: State, days: jax.Array, progenitors: jax.Array, p: Numbers
) -> tuple[State, jax.Array]:
    """Return the state some days later, and whether the march failed."""

    def of(state: State, memory: jax.Array) -> tuple[State, jax.Array, dict[str, jax.Array]]:
        return rates(state, progenitors, p), memory, {}

    absolute = {name: TOLERANCE * size for name, size in SIZES.items()}
    marched = march(
        of,
        s,
        jnp.zeros(()),
        days,
        0.05,
        longest=LONGEST,
        relative=TOLERANCE,
        absolute=absolute,
    )
    return marched.state, marched.failed


_compiled = jax.jit(_march)


def after(
    state: Mapping[str, float], days: float, progenitors: float, p: Numbers
) -> dict[str, float]:
    """Return the state some days later.

    Parameters
    ----------
    state
        Of :data:`FIELDS` [1e6/mL].
    days
        How long [d].
    progenitors
        Progenitors per volume of healing tissue in this time, host and injected [1e6/mL].
    p
        Of :func:`numbers`.

    Returns
    -------
    dict
        At least 0; macrophages together at most their capacity.

    Raises
    ------
    SolverError
        If the step falls below its limit.
    """
    begin = {name: jnp.asarray(np.float64(state[name])) for name in FIELDS}
    plain = {name: np.float64(value) for name, value in p.items()}
    ended, failed = _compiled(begin, np.float64(days), np.float64(progenitors), plain)
    if bool(failed):
        raise SolverError("the time step of the inflammation fell below its limit")
    return {name: float(ended[name]) for name in FIELDS}


def modulators(state: Mapping[str, float], progenitors: float, p: Numbers) -> dict[str, float]:
    r"""Return the factors that inflammation puts on rates of the callus; 1 where there is none.

    .. math:: I = \exp\left(L \tanh\frac{\ln r(c_1)}{L}\right), \quad L = \ln(\text{reach})

    with :math:`r` the published response of division and commitment of progenitors and of
    division of osteoblasts to the inflammatory cytokine.

    Parameters
    ----------
    state
        Of :data:`FIELDS` [1e6/mL].
    progenitors
        Progenitors per volume of healing tissue [1e6/mL].
    p
        Of :func:`numbers`.

    Returns
    -------
    dict
        Factor by name of the rate, between 1/reach and reach [-].
    """
    inflammatory, _ = cytokines(state, progenitors, p)
    responses = (
        macrophages.division_under(inflammatory, p),
        macrophages.commitment_under(inflammatory, p),
        macrophages.osteoblasts_under(inflammatory, p),
    )
    limit = math.log(p["reach"])
    return {
        name: math.exp(limit * math.tanh(math.log(response) / limit))
        for name, response in zip(MODULATED, responses, strict=True)
    }
