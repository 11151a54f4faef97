"""The healing models by name: ours, and those of others run by the same numerics."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from trephine.core.errors import InputError, did_you_mean
from trephine.models.callus import CALLUS
from trephine.models.model import HealingModel
from trephine.models.published.bailon_plaza import BAILON_PLAZA
from trephine.models.published.claes_heigele import CLAES_HEIGELE
from trephine.models.published.lacroix_prendergast import LACROIX_PRENDERGAST
from trephine.models.published.ulm import ULM
from trephine.models.trejo_lumped import TREJO

MODELS: Mapping[str, HealingModel] = MappingProxyType(
    {
        model.name: model
        for model in (CALLUS, LACROIX_PRENDERGAST, CLAES_HEIGELE, BAILON_PLAZA, TREJO, ULM)
    }
)
"""Every healing model by the name that ``--model`` takes."""

HOST = ("inflammation", "host", "trejo")
"""Sections of the catalogue that a model with host and inflammation takes besides its own."""


def model_named(name: str) -> HealingModel:
    """Return a healing model.

    Raises
    ------
    InputError
        If there is none of the name; lists those there are.
    """
    if name not in MODELS:
        known = ", ".join(MODELS)
        raise InputError(f"there is no model '{name}'; {did_you_mean(name, MODELS)} ({known})")
    return MODELS[name]


def numbers_of(model: HealingModel, used: Mapping[str, float]) -> dict[str, float]:
    """Return those of some numbers, by record id, that a run under a model holds.

    Parameters
    ----------
    model
        The healing model.
    used
        Numbers of all models.
    """
    every = {section for other in MODELS.values() for section in (*other.sections, *HOST)}
    idle = every - set(model.sections) - set(HOST if model.takes_host else ())
    return {key: value for key, value in used.items() if key.split(".")[0] not in idle}


def notices_of(model: HealingModel, *, is_injected: bool) -> tuple[str, ...]:
    """Return what a reader of a run under a model must be told.

    Parameters
    ----------
    model
        The healing model.
    is_injected
        Whether the plan injects anything.
    """
    said = []
    if model is not CALLUS:
        said.append(f"This run is under the model {model.name}. It leaves out: {model.leaves_out}")
    if is_injected and not model.receives:
        said.append(f"The model {model.name} knows no cells: the injections change nothing.")
    elif is_injected and model is not CALLUS and len(model.receives) < len(CALLUS.receives):
        taken = " and ".join(brought for brought, _ in model.receives)
        said.append(f"Of an injection the model {model.name} takes {taken} alone.")
    return tuple(said)
