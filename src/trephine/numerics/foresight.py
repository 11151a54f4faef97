"""Guesses of fields in balance at the next stage of a step, from those of the steps before."""

from __future__ import annotations

from collections.abc import Mapping

import jax
import jax.numpy as jnp

Fields = Mapping[str, jax.Array]
History = dict[str, jax.Array]
"""What is kept of the steps before, by ``"field/part"``, their number and last two lengths.

``start`` is the field at the start of the last step, ``pending`` what the coming solution will
be compared with, ``early`` and ``late`` what the last guesses missed at the start and at the
end of a step before they were mended.
"""

PARTS = ("start", "pending", "early", "late")


def forgotten(fields: Fields) -> History:
    """Return the history of fields whose past tells nothing, as after an injection."""
    none = {f"{name}/{part}": jnp.zeros_like(u) for name, u in fields.items() for part in PARTS}
    return none | {"steps": jnp.zeros(()), "length": jnp.ones(()), "before": jnp.ones(())}


def at_start(fields: Fields, history: History) -> tuple[dict[str, jax.Array], History]:
    r"""Return a guess for the start of a step, and the history with what was learned.

    .. math::
        \hat u_n = \tilde u_n
            + \left(\frac{\Delta t_{n-1}}{\Delta t_{n-2}}\right)^2 (u_{n-1} - \tilde u_{n-1})

    The predicted state of the step before, :math:`\tilde u_n`, lies at the same time and a
    second-order distance away; what it missed one step earlier is added, which leaves an error
    of third order.

    Parameters
    ----------
    fields
        The last solution, at the predicted state of the step before.
    history
        See :data:`History`.
    """
    guess: dict[str, jax.Array] = {}
    after = dict(history)
    grown = (history["length"] / history["before"]) ** 2
    for name, u in fields.items():
        missed = u - history[f"{name}/pending"]
        after[f"{name}/late"] = jnp.where(history["steps"] >= 2.0, missed, 0.0)
        after[f"{name}/pending"] = u
        guess[name] = u + grown * history[f"{name}/early"]
    return guess, after


def at_end(
    fields: Fields, history: History, length: jax.Array
) -> tuple[dict[str, jax.Array], History]:
    r"""Return a guess for the end of a step, and the history with what was learned.

    .. math::
        \hat u_{n+1} = \ell_n
            + \frac{\Delta t_n}{\Delta t_{n-2}} (\tilde u_n - \ell_{n-1}), \quad
        \ell_n = u_n + \frac{\Delta t_n}{\Delta t_{n-1}} (u_n - u_{n-1})

    a straight line through two times, and what the same line missed one step earlier.

    Parameters
    ----------
    fields
        The last solution, at the start of this step.
    history
        See :data:`History`.
    length
        Of this step.
    """
    guess: dict[str, jax.Array] = {}
    after = dict(history)
    knows = history["steps"] >= 1.0
    ratio = jnp.where(knows, length / history["length"], 0.0)
    for name, u in fields.items():
        line = u + ratio * (u - history[f"{name}/start"])
        missed = u - history[f"{name}/pending"]
        after[f"{name}/early"] = jnp.where(knows, missed, 0.0)
        after[f"{name}/start"], after[f"{name}/pending"] = u, line
        guess[name] = line + length / history["before"] * history[f"{name}/late"]
    after["steps"] = history["steps"] + 1.0
    after["before"] = jnp.where(knows, history["length"], length)
    after["length"] = jnp.asarray(length, float)
    return guess, after
