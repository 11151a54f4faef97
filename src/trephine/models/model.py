"""A healing model: what it tracks, how it begins, what its cells feel, and how stiff it grows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import jax

from trephine.case.anatomy import Anatomy
from trephine.case.site import Biology
from trephine.models.term import Numbers, Term, without
from trephine.models.tissue import Tissue
from trephine.numerics.stepping import State


class Strain(NamedTuple):
    """What the load does to the tissue, averaged over days, each (x, y, z).

    Parameters
    ----------
    distortion
        Distortional strain, at least zero [-]; see :mod:`trephine.numerics.strain`.
    dilatation
        Mean normal strain, negative where the volume shrinks [-].
    pressure
        Hydrostatic pressure, positive in compression [MPa].
    """

    distortion: jax.Array
    dilatation: jax.Array
    pressure: jax.Array


class Elastic(NamedTuple):
    """How stiff healing tissue is, each (x, y, z).

    Parameters
    ----------
    modulus
        Young's modulus [MPa].
    poisson
        Poisson's ratio [-].
    """

    modulus: jax.Array
    poisson: jax.Array


class Fast(NamedTuple):
    """Fields so fast that they are always in balance, and the worst residual met on the way.

    Parameters
    ----------
    fields
        By name, each (x, y, z).
    residual
        The worst residual of a balance so far, relative to what is turned over.
    history
        Of the steps before, from which the next balance is guessed; see
        :mod:`trephine.numerics.foresight`. Nothing where their past tells nothing.
    """

    fields: dict[str, jax.Array]
    residual: jax.Array
    history: dict[str, jax.Array] = {}  # noqa: RUF012  (never changed in place)


@dataclass(frozen=True)
class Field:
    """One field of a model's state.

    Parameters
    ----------
    name
        A name of :data:`trephine.case.course.UNITS`, which holds its unit.
    floor
        Size from which a relative error of it matters, in its unit.
    counted
        Whether its budget counts cells or volume; None where it is not a quantity of matter.
    """

    name: str
    floor: float
    counted: Literal["cells", "volume"] | None = "volume"


@dataclass(frozen=True, eq=False)
class HealingModel:
    """One model of healing tissue, run by the same numerics as every other.

    Parameters
    ----------
    name
        What ``--model`` calls it.
    about
        A sentence for a list.
    sections
        Attributes of the healing parameters whose numbers it takes.
    fields
        Its state, in order.
    fast
        Names of the fields in balance, in order.
    terms
        Its processes.
    begin
        State before any treatment, from anatomy, biology and numbers.
    at_rest
        First guess of the fields in balance, from a shape and numbers.
    settle
        Fields in balance with a state, from state, tissue, numbers, guess and tolerance.
    feel
        What the cells feel, from state, fields in balance, strain, tissue and numbers; handed
        to the terms.
    elastic
        Stiffness of the healing tissue, from state and numbers.
    shown
        Tissues the films and pictures show (``fibrous``, ``cartilage``, ``woven``,
        ``mineralised``) where the state has other names; from the state.
    receives
        What an injection brings and the field it enters, by name of the graft's array; what is
        not named has no place in the model.
    displaced, solid
        Fields that give way to an injection, and fields that do not.
    takes_strain, takes_host
        Whether strain changes its rates; whether host and inflammation do.
    sources
        Keys of the catalogue's sources; none for the model specified by the project.
    leaves_out
        What it does not know, in words, for the table of models.
    """

    name: str
    about: str
    sections: tuple[str, ...]
    fields: tuple[Field, ...]
    fast: tuple[str, ...]
    terms: tuple[Term, ...]
    begin: Callable[[Anatomy, Biology, Numbers], State]
    at_rest: Callable[[tuple[int, int, int], Numbers], dict[str, jax.Array]]
    settle: Callable[[State, Tissue, Numbers, Fast, jax.Array], Fast]
    feel: Callable[[State, Fast, Strain, Tissue, Numbers], Any]
    elastic: Callable[[State, Numbers], Elastic]
    shown: Callable[[State], dict[str, jax.Array]]
    receives: tuple[tuple[str, str], ...]
    displaced: tuple[str, ...]
    solid: tuple[str, ...]
    takes_strain: bool = True
    takes_host: bool = False
    sources: tuple[str, ...] = ()
    leaves_out: str = ""

    def without(self, *names: str) -> HealingModel:
        """Return the model with some terms left out, for ablation.

        Raises
        ------
        ValueError
            If a name is not a term of the model.
        """
        return dataclasses.replace(self, terms=without(self.terms, *names))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the fields of the state."""
        return tuple(field.name for field in self.fields)
