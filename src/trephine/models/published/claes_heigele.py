"""The callus model under the thresholds of Claes and Heigele 1999."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Annotated, ClassVar

import jax
import jax.numpy as jnp

from trephine.core.units import Fraction, Unit
from trephine.models import callus
from trephine.models.callus import CALLUS
from trephine.models.model import Fast, Strain
from trephine.models.term import Numbers
from trephine.models.tissue import Conditions, Tissue
from trephine.numerics.stepping import State


@dataclass(frozen=True)
class ClaesHeigeleParameters:
    """Thresholds of strain and pressure; the catalogue's section ``claes_heigele``."""

    SECTION: ClassVar[str] = "claes_heigele"

    intramembranous_strain: Fraction
    endochondral_strain: Fraction
    pressure_limit: Annotated[float, Unit("Pa", "MPa", gt=0)]


def bins(strain: Strain, p: Numbers) -> tuple[jax.Array, jax.Array]:
    r"""Return how far strain lets bone and cartilage form: one or none, each (x, y, z) [-].

    .. math::
        \psi_b = [\varepsilon \le 5\,\%][|p| \le 0.15\,\mathrm{MPa}], \qquad
        \psi_c = [\varepsilon \le 15\,\%][p > 0.15\,\mathrm{MPa}]

    with the distortional strain and the pressure positive in compression. Everything else stays
    fibrous, the default. [ClaesHeigele1999]
    """
    deformed, pressed = strain.distortion, strain.pressure
    is_bone = (deformed <= p["intramembranous_strain"]) & (jnp.abs(pressed) <= p["pressure_limit"])
    is_cartilage = (deformed <= p["endochondral_strain"]) & (pressed > p["pressure_limit"])
    return is_bone.astype(deformed.dtype), is_cartilage.astype(deformed.dtype)


def feel(s: State, fast: Fast, strain: Strain, tissue: Tissue, p: Numbers) -> Conditions:
    """Return what the cells feel, with :func:`bins` in place of the smooth weights of (U14)."""
    bone, cartilage = bins(strain, p)
    felt = callus.feel(s, fast, strain, tissue, p)
    return felt._replace(bone_favoured=bone, cartilage_favoured=cartilage)


CLAES_HEIGELE = dataclasses.replace(
    CALLUS,
    name="claes-heigele",
    about="The callus model, with strain and pressure sorted into bone, cartilage and fibrous.",
    sections=(*CALLUS.sections, "claes_heigele"),
    feel=feel,
    sources=("ClaesHeigele1999",),
    leaves_out=(
        "The direction of the strain: its distortional invariant stands for the local strain of "
        "the paper; the resorption of bone that nothing loads, an addition of later programs."
    ),
)
"""Strain and pressure in bins, as published in 1999, acting on the callus model."""
