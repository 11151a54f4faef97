"""A fresh injury: the clot it leaves in the gap, and the living surfaces it rouses."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from trephine.core.units import Duration, Fraction, Positive, Unit
from trephine.models.callus import in_engine_units

CellDensity = Annotated[float, Unit("1/m^3", "Mcell/mL", ge=0)]
Array = NDArray[np.float64]

SWEPT = (
    "progenitor_host", "progenitor_injected", "fibroblast", "chondrocyte", "osteoblast",
    "inert_nucleated", "fibrous", "cartilage", "clot", "demineralised_bone", "allograft", "ceramic",
)  # fmt: skip
"""Fields of the callus that an opened gap loses with its tissue; new bone stays."""


@dataclass(frozen=True)
class MarrowAndBlood:
    """Cells of the marrow and the blood that a clot is made of, as the harvest has them."""

    SECTION: ClassVar[str] = "aspiration"

    marrow_progenitors: CellDensity
    marrow_nucleated: CellDensity
    blood_nucleated: CellDensity


@dataclass(frozen=True)
class InjuryParameters:
    """What a fresh injury brings and rouses.

    Parameters
    ----------
    marrow_share
        Share of the clot that is marrow, the rest being blood [-].
    shaft_marrow
        Progenitors per volume of marrow of a shaft over that of the crest [-].
    surface_level
        Progenitors at living surfaces that an injury has roused [1/m^3].
    roused
        Time for which they stay so [s].
    made_of
        Cells of marrow at the crest and of blood.
    """

    SECTION: ClassVar[str] = "injury"

    marrow_share: Fraction
    shaft_marrow: Positive
    surface_level: CellDensity
    roused: Duration
    made_of: MarrowAndBlood


def numbers(p: InjuryParameters) -> dict[str, float]:
    """Return the numbers by name, in engine units."""
    own = {"marrow_share": p.marrow_share, "shaft_marrow": p.shaft_marrow}
    levels = {"surface_level": p.surface_level * 1e-12, "roused": p.roused / 86400.0}
    return own | levels | in_engine_units(p.made_of)


def cells_of_clot(living_marrow: float, p: Mapping[str, float]) -> tuple[float, float]:
    r"""Return progenitors and other nucleated cells per volume of fresh clot [1e6/mL].

    .. math:: m = \mu\,\nu_{marrow}\,r\,m_{marrow}, \quad
              n = \mu\,\nu_{marrow}\,n_{marrow} + (1-\mu)\,n_{blood} - m

    Parameters
    ----------
    living_marrow
        Share of the marrow beside the gap that lives [-].
    p
        Of :func:`numbers`.
    """
    marrow = p["marrow_share"] * living_marrow
    progenitors = marrow * p["shaft_marrow"] * p["marrow_progenitors"]
    blood = (1.0 - p["marrow_share"]) * p["blood_nucleated"]
    return progenitors, marrow * p["marrow_nucleated"] + blood - progenitors


def filled_with_clot(
    state: Mapping[str, Any],
    opened: Array,
    living_marrow: float,
    potency: float,
    p: Mapping[str, float],
) -> dict[str, Array]:
    r"""Return the state of the callus after part of its tissue has given way to fresh clot.

    .. math:: u' = (1-\omega)\,u, \quad s_{clot}' = (1-\omega)\,s_{clot} + \omega\,
              (1-\phi_w-\phi_l), \quad m' = (1-\omega)\,m + \omega\,\lambda\,m_{clot}

    with the opened share :math:`\omega`. New bone stays where it is; vessels are torn with the
    tissue. The progenitors of the clot are the patient's own and count as of the host.

    Parameters
    ----------
    state
        Of :data:`trephine.models.callus.FIELDS`, (x, y, z) each.
    opened
        Share of the tissue of each voxel that gives way, (x, y, z) [-].
    living_marrow
        Share of the marrow that lives [-].
    potency
        Functional progenitors for each colony, with what the patient's age and habits make of
        them [-].
    p
        Of :func:`numbers`.
    """
    new = {name: np.asarray(u) for name, u in state.items()}
    room = np.clip(1.0 - new["woven"] - new["lamellar"], 0.0, 1.0)
    for name in (*SWEPT, "perfusion"):
        new[name] = (1.0 - opened) * new[name]
    progenitors, others = cells_of_clot(living_marrow, p)
    new["clot"] = new["clot"] + opened * room
    new["progenitor_host"] = new["progenitor_host"] + opened * room * potency * progenitors
    new["inert_nucleated"] = new["inert_nucleated"] + opened * room * others
    return new


def rousing(day: float, injuries: Iterable[float], level: float, p: Mapping[str, float]) -> float:
    r"""Return the factor on the progenitors of living surfaces on a day [-].

    .. math:: 1 + \left(\frac{m_{roused}}{m_{host}} - 1\right) e^{-(t-t_0)/\tau}

    since the last injury at :math:`t_0`; 1 before any.

    Parameters
    ----------
    day
        The day [d].
    injuries
        Days of the injuries [d].
    level
        Progenitors at surfaces at rest [1e6/mL].
    p
        Of :func:`numbers`.
    """
    past = [one for one in injuries if one <= day + 1e-9]
    if not past or level <= 0.0:
        return 1.0
    more = max(p["surface_level"] / level, 1.0) - 1.0
    return 1.0 + more * math.exp(-max(day - max(past), 0.0) / p["roused"])
