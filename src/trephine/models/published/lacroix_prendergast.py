"""The callus model under the thresholds of Lacroix and Prendergast 2002."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import jax

from trephine.core.units import Positive
from trephine.models import callus
from trephine.models.callus import CALLUS
from trephine.models.model import Fast, Strain
from trephine.models.term import Numbers
from trephine.models.tissue import Conditions, Tissue
from trephine.numerics.stepping import State


@dataclass(frozen=True)
class LacroixPrendergastParameters:
    """Thresholds of the stimulus; the catalogue's section ``lacroix_prendergast``."""

    SECTION: ClassVar[str] = "lacroix_prendergast"

    shear_scale: Positive
    bone_stimulus: Positive
    cartilage_stimulus: Positive


def stimulus(distortion: jax.Array, p: Numbers) -> jax.Array:
    r"""Return the stimulus without its part of fluid flow, (x, y, z) [-].

    .. math:: S = \frac{\gamma_{oct}}{0.0375}, \quad
        \gamma_{oct} = \tfrac{2\sqrt2}{3}\,\varepsilon_{dist}

    Parameters
    ----------
    distortion
        Distortional strain, (x, y, z) [-].
    p
        ``shear_scale`` [-]; [Lacroix2002].
    """
    return 2.0 * 2.0**0.5 / 3.0 * distortion / p["shear_scale"]


def bins(strain: Strain, p: Numbers) -> tuple[jax.Array, jax.Array]:
    r"""Return how far strain lets bone and cartilage form: one or none, each (x, y, z) [-].

    .. math:: \psi_b = [S \le 1], \qquad \psi_c = [1 < S \le 3]

    Above three neither is favoured and fibrous tissue stays the default.
    """
    at = stimulus(strain.distortion, p)
    is_bone = at <= p["bone_stimulus"]
    is_cartilage = (at <= p["cartilage_stimulus"]) & ~is_bone
    return is_bone.astype(at.dtype), is_cartilage.astype(at.dtype)


def feel(s: State, fast: Fast, strain: Strain, tissue: Tissue, p: Numbers) -> Conditions:
    """Return what the cells feel, with :func:`bins` in place of the smooth weights of (U14)."""
    bone, cartilage = bins(strain, p)
    felt = callus.feel(s, fast, strain, tissue, p)
    return felt._replace(bone_favoured=bone, cartilage_favoured=cartilage)


LACROIX_PRENDERGAST = dataclasses.replace(
    CALLUS,
    name="lacroix-prendergast",
    about="The callus model, with octahedral shear sorted into bone, cartilage and fibrous tissue.",
    sections=(*CALLUS.sections, "lacroix_prendergast"),
    feel=feel,
    sources=("Lacroix2002",),
    leaves_out=(
        "The part of the stimulus that is fluid velocity, which needs a poroelastic solve; the "
        "resorption of bone that nothing strains, whose rate is in no table; the bin of mature "
        "bone; the ten days over which the paper averages moduli."
    ),
)
"""Octahedral shear in bins, as published in 2002, acting on the callus model."""
