"""A term of a healing model: one named process, what it touches, and why it is believed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import jax

from trephine.numerics.stepping import State

Numbers = Mapping[str, Any]
"""Parameters of a healing model in the engine's units, by name."""


@dataclass(frozen=True)
class Term:
    """One process: its rate, the fields it changes, what it conserves, and its grounds.

    Parameters
    ----------
    name
        In words; names the line of the budget.
    rate
        From state, conditions, tissue and numbers to rates of change by field, per volume of
        open tissue, (x, y, z).
    touches
        Fields the rate may change; no others.
    conserves
        ``"cells"`` or ``"volume"`` where the rates of the touched fields sum to zero in every
        voxel; ``"total"`` where only their sum over the grid is zero; None where it makes or
        destroys.
    equation
        Its equation in LaTeX.
    sources
        Keys of the catalogue's sources.
    assumed
        What is assumed, in words. A term without sources must say it.
    """

    name: str
    rate: Callable[[State, Any, Any, Numbers], dict[str, jax.Array]]
    touches: tuple[str, ...]
    conserves: Literal["cells", "volume", "total"] | None
    equation: str
    sources: tuple[str, ...] = ()
    assumed: str = ""

    def __post_init__(self) -> None:
        """Refuse a term that nobody vouches for."""
        if not self.sources and not self.assumed:
            raise ValueError(f"the term '{self.name}' has neither sources nor assumptions")


def without(model: tuple[Term, ...], *names: str) -> tuple[Term, ...]:
    """Return a model with some terms left out, for ablation.

    Raises
    ------
    ValueError
        If a name is not a term of the model.
    """
    unknown = set(names) - {term.name for term in model}
    if unknown:
        raise ValueError(f"the model has no term named {', '.join(sorted(unknown))}")
    return tuple(term for term in model if term.name not in names)
