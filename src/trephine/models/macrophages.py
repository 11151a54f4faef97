"""Macrophages that clear debris and change kind: equations of the published model and ours."""

from __future__ import annotations

from typing import Any

from trephine.models.term import Numbers

Values = Any
"""A number or an array; every function here works on both."""

RESTING, CLASSICAL, ALTERNATIVE = MACROPHAGES = (
    "macrophage_resting",
    "macrophage_classical",
    "macrophage_alternative",
)


def _saturating(u: Values, half: Values) -> Values:
    return u / (half + u)


def engulf(s: Numbers, p: Numbers) -> dict[str, Values]:
    r"""Return the clearing of debris by activated macrophages.

    .. math:: \dot D = -\frac{D}{a_{ed}+D}\,(k_{e1}M_1 + k_{e2}M_2)

    Parameters
    ----------
    s
        Debris and macrophages [1e6/mL].
    p
        Numbers of :class:`trephine.models.trejo.TrejoParameters` in engine units.

    Returns
    -------
    dict
        Rate of change by field [1e6/(mL d)]. [Trejo2019]
    """
    appetite = p["engulfing_classical"] * s[CLASSICAL] + p["engulfing_alternative"] * s[ALTERNATIVE]
    return {"debris": -_saturating(s["debris"], p["engulfing_half"]) * appetite}


def recruit(s: Numbers, p: Numbers, constitutive: Values = 0.0) -> dict[str, Values]:
    r"""Return the arrival of macrophages, called by debris and by nothing.

    .. math:: \dot M_0 = (k_{max} D + k_{r0})\,(1 - M/M_{max}), \quad M = M_0+M_1+M_2

    The published model has no constitutive part :math:`k_{r0}`. [Trejo2019]
    """
    crowd = sum(s[name] for name in MACROPHAGES) / p["macrophage_capacity"]
    return {RESTING: (p["recruitment"] * s["debris"] + constitutive) * (1.0 - crowd)}


def activate(s: Numbers, inflammatory: Values, calming: Values, p: Numbers) -> dict[str, Values]:
    r"""Return the activation of resting macrophages by either cytokine.

    .. math:: \dot M_i = -\dot M_0 = \frac{k_{0i}\,c_i}{a_{0i}+c_i}\,M_0

    [Trejo2019]
    """
    classical = p["activation_classical"] * _saturating(
        inflammatory, p["activation_classical_half"]
    )
    alternative = p["activation_alternative"] * _saturating(
        calming, p["activation_alternative_half"]
    )
    return {
        RESTING: -(classical + alternative) * s[RESTING],
        CLASSICAL: classical * s[RESTING],
        ALTERNATIVE: alternative * s[RESTING],
    }


def switch(s: Numbers, p: Numbers) -> dict[str, Values]:
    r"""Return the change of kind, :math:`\dot M_2 = -\dot M_1 = k_{12}M_1 - k_{21}M_2`.

    [Trejo2019]
    """
    turned = p["switch"] * s[CLASSICAL] - p["switch_back"] * s[ALTERNATIVE]
    return {CLASSICAL: -turned, ALTERNATIVE: turned}


def leave(s: Numbers, p: Numbers) -> dict[str, Values]:
    r"""Return the emigration of macrophages, :math:`\dot M_i = -d_i M_i`. [Trejo2019]."""
    rates = ("emigration_resting", "emigration_classical", "emigration_alternative")
    return {name: -p[rate] * s[name] for name, rate in zip(MACROPHAGES, rates, strict=True)}


def damped(calming: Values, p: Numbers) -> tuple[Values, Values]:
    r"""Return what the calming cytokine leaves of either secretion [-].

    .. math:: H_i = \frac{a_{i2}}{a_{i2}+c_2}

    [Trejo2019]
    """
    inflammatory, own = p["inflammatory_damping"], p["calming_damping"]
    return inflammatory / (inflammatory + calming), own / (own + calming)


def secreted(s: Numbers, progenitors: Values, p: Numbers) -> tuple[Values, Values]:
    r"""Return the undamped secretion of the inflammatory and the calming cytokine [ng/(mL d)].

    .. math:: s_1 = k_0 D + k_1 M_1, \quad s_2 = k_2 M_2 + k_3 C_s

    [Trejo2019]
    """
    inflammatory = p["debris_secretion"] * s["debris"] + p["inflammatory_secretion"] * s[CLASSICAL]
    calming = (
        p["calming_secretion"] * s[ALTERNATIVE] + p["progenitor_calming_secretion"] * progenitors
    )
    return inflammatory, calming


def division_under(inflammatory: Values, p: Numbers) -> Values:
    r"""Return the division of progenitors relative to tissue without the inflammatory cytokine.

    .. math:: \frac{a_{ps}^2 + a_{ps1} c_1}{a_{ps}^2 + c_1^2}

    A little of the cytokine speeds them up, much slows them down. [Trejo2019]
    """
    half = p["division_half"] ** 2
    return (half + p["division_stimulation"] * inflammatory) / (half + inflammatory**2)


def commitment_under(inflammatory: Values, p: Numbers) -> Values:
    r"""Return the turn of progenitors into osteoblasts, relative to tissue without the cytokine.

    .. math:: \frac{a_{sb1}}{a_{sb1}+c_1}

    [Trejo2019]
    """
    half = p["commitment_inhibition"]
    return half / (half + inflammatory)


def osteoblasts_under(inflammatory: Values, p: Numbers) -> Values:
    r"""Return the division of osteoblasts, relative to tissue without the cytokine.

    .. math:: \frac{a_{pb}}{a_{pb}+c_1}

    [Trejo2019]
    """
    half = p["osteoblast_inhibition"]
    return half / (half + inflammatory)
