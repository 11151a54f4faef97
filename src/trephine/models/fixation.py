"""From an implant to its stiffness, and from a load to the movement of the bone ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from trephine.case.course import MOTIONS
from trephine.case.fixation import Fixation
from trephine.case.loading import Load
from trephine.case.plan import Plan
from trephine.core.errors import Problem, SolverError
from trephine.core.units import Unit
from trephine.models import implants
from trephine.models.implants import (
    Alloy,
    NailGeometry,
    PlateGeometry,
    RingGeometry,
    Springs,
    UnilateralGeometry,
)

Matrix = NDArray[np.float64]

LOOSE = 1e-12
"""Smallest eigenvalue, of a stiffness scaled to a unit diagonal, that still counts as held."""

UNKNOWN = {
    "shear_stiffness": ("in shear", "100 N/mm"),
    "bending_stiffness": ("in bending", "5 N*m/deg"),
    "torsional_stiffness": ("in torsion", "0.5 N*m/deg"),
}
"""Stiffnesses that nobody published for a cast, and how a case would state them."""


@dataclass(frozen=True)
class FixationParameters:
    """Stiffness of implants with their anchorage, and what they are made of.

    Parameters
    ----------
    axial_stiffness
        Published stiffness along the shaft, by kind of implant [N/m].
    torsional_stiffness
        Published stiffness about the shaft, by kind of implant [N*m/rad].
    alloy
        Alloys by name.
    nail, plate, unilateral_fixator, ring_fixator
        Geometry, from which comes what is not published.
    gravity
        Standard acceleration of free fall, to turn body mass into weight [m/s^2].
    """

    SECTION: ClassVar[str] = "fixation"
    axial_stiffness: Annotated[Mapping[str, float], Unit("N/m", "N/mm", gt=0)]
    torsional_stiffness: Annotated[Mapping[str, float], Unit("N*m/rad", "N*m/deg", gt=0)]
    alloy: Mapping[str, Alloy]
    nail: NailGeometry
    plate: PlateGeometry
    unilateral_fixator: UnilateralGeometry
    ring_fixator: RingGeometry
    gravity: Annotated[float, Unit("m/s^2", "m/s^2", gt=0)]


def springs(fixation: Fixation, p: FixationParameters) -> Springs:
    """Return the stiffness of an implant with its anchorage: as measured, published or derived.

    What the case states goes before what is published for the kind, and that before what follows
    from its geometry. A sliding nail has none along the shaft. A press-fit nail has none at all:
    it is metal in the voxels. What nobody knows of a cast is zero; :func:`problems` refuses a
    load on it.

    Parameters
    ----------
    fixation
        The implant.
    p
        Published stiffness, alloys and geometry.

    Raises
    ------
    InputError
        If a nail is no wider than its bore.
    """
    if fixation.locking == "press_fit":
        return Springs(0.0, 0.0, 0.0, 0.0)
    usual = _of_its_kind(fixation, p)
    given = Springs(
        axial=_first(fixation.axial_stiffness, usual.axial),
        shear=_first(fixation.shear_stiffness, usual.shear),
        bending=_first(fixation.bending_stiffness, usual.bending),
        torsion=_first(fixation.torsional_stiffness, usual.torsion),
    )
    return given._replace(axial=0.0) if fixation.locking == "sliding" else given


def _first(given: float | None, usual: float) -> float:
    return usual if given is None else given


def _of_its_kind(fixation: Fixation, p: FixationParameters) -> Springs:
    """Return what is published for a kind of implant, and what follows from its geometry."""
    axial, torsional = p.axial_stiffness, p.torsional_stiffness
    if fixation.alloy is None:
        return Springs(0.0, 0.0, 0.0, 0.0)
    alloy = p.alloy[fixation.alloy]
    if fixation.nail_diameter is not None:
        shear, bending = implants.nail(fixation.nail_diameter, p.nail, alloy)
        return Springs(axial["nail"], shear, bending, torsional["nail"])
    if fixation.kind == "plate":
        return Springs(axial["plate"], *implants.plate(p.plate, alloy))
    if fixation.kind == "unilateral_fixator":
        shear, bending = implants.unilateral(p.unilateral_fixator, alloy)
        return Springs(axial[fixation.kind], shear, bending, torsional[fixation.kind])
    return implants.ring(p.ring_fixator, alloy)


def stiffness_matrix(fixation: Fixation, p: FixationParameters) -> Matrix:
    r"""Return the stiffness of an implant between the bone ends, (6, 6).

    .. math:: K = \operatorname{diag}(k_a, k_s, k_s, k_b, k_b, k_t)

    in the order of :data:`MOTIONS`, about the middle of the gap, in the units of the engine:
    [N/mm] for the three displacements and [N*mm/rad] for the three rotations. It acts beside the
    tissue. Symmetric, no eigenvalue below zero. A measured stiffness is that of a construct whose
    other motions were free or held as in its test; the ways in which an eccentric implant couples
    them are not published, and are left out.

    Parameters
    ----------
    fixation
        The implant.
    p
        Published stiffness, alloys and geometry.
    """
    k = springs(fixation, p)
    along = np.array([k.axial, k.shear, k.shear]) * 1e-3
    about = np.array([k.bending, k.bending, k.torsion]) * 1e3
    return np.diag(np.concatenate([along, about]))


def in_si(stiffness: Matrix) -> Matrix:
    """Return a stiffness in the units of the engine, (..., 6, 6), in SI.

    From [N and N*mm, per mm and rad] to [N and N*m, per m and rad].
    """
    force, motion = np.repeat([1.0, 1e-3], 3), np.repeat([1e3, 1.0], 3)
    converted: Matrix = force[:, None] * np.asarray(stiffness, dtype=np.float64) * motion
    return converted


def metal(fixation: Fixation, p: FixationParameters) -> dict[str, float]:
    """Return modulus [MPa] and Poisson's ratio [-] of metal voxels, as numbers of the engine.

    A press-fit nail carries load through the voxels. Any other nail slides in the canal or is
    held by its bolts: its voxels carry nothing, and its stiffness is that of :func:`springs`.
    """
    if fixation.locking != "press_fit" or fixation.alloy is None:
        return {"metal_modulus": 0.0, "metal_poisson": 0.0}
    alloy = p.alloy[fixation.alloy]
    return {"metal_modulus": alloy.modulus * 1e-6, "metal_poisson": alloy.poisson}


def force(load: Load, weight: float) -> Matrix:
    """Return the force on the bone ends in the order of :data:`MOTIONS`, (6,) [N and N*mm].

    Parameters
    ----------
    load
        The load of a day; its shear acts along y, from front to back, its bending about x.
    weight
        Body weight [N].
    """
    across = load.shear * weight
    turning = np.array([load.bending, 0.0, load.torsion]) * 1e3
    return np.concatenate([[load.body_weights * weight, 0.0, across], turning])


def movement(
    tissue: Matrix, fixation: Matrix, force: Matrix, motions: Sequence[str] = MOTIONS
) -> Matrix:
    r"""Return the movement of the bone ends under a load, (m,) [mm and rad].

    .. math:: (K_{tissue} + K_{implant})\, q = F

    on the motions given; the others are held, as by guided platens, and are zero. With
    the axial motion alone this is :math:`q = F / (k_{tissue} + k_{implant})`.

    Parameters
    ----------
    tissue
        Stiffness of the tissue, (m, m) [N and N*mm, per mm and rad].
    fixation
        Stiffness of the implant, (6, 6), in the same units.
    force
        In the order of :data:`MOTIONS`, (6,) [N and N*mm].
    motions
        The motions of ``tissue``, in order; all that carry load must be among them.

    Raises
    ------
    SolverError
        If nothing holds the bone ends against a motion that is loaded.
    ValueError
        If a load acts on a motion whose tissue stiffness is missing.
    """
    place = [MOTIONS.index(motion) for motion in motions]
    if np.delete(force, place).any():
        raise ValueError("a motion is loaded whose tissue stiffness was not asked for")
    load = np.asarray(force, dtype=np.float64)[place]
    if not load.any():
        return np.zeros(len(place))
    both = np.asarray(tissue) + np.asarray(fixation)[np.ix_(place, place)]
    _refuse_loose(both, motions)
    return np.asarray(np.linalg.solve(both, load), dtype=np.float64)


def _refuse_loose(stiffness: Matrix, motions: Sequence[str]) -> None:
    """Raise SolverError when neither tissue nor implant resists a motion."""
    diagonal = np.diag(stiffness)
    loose = [motion for motion, k in zip(motions, diagonal, strict=True) if not k > 0.0]
    if not loose:
        scale = 1.0 / np.sqrt(diagonal)
        values, vectors = np.linalg.eigh(scale[:, None] * stiffness * scale)
        if values[0] > LOOSE:
            return
        loose = [motions[int(np.abs(vectors[:, 0]).argmax())]]
    raise SolverError(
        f"nothing holds the bone ends against {', '.join(loose)}: the tissue does not join them "
        "and the implant does not resist it"
    )


def carried_by_tissue(tissue: Matrix, moved: Matrix, force: Matrix) -> float:
    r"""Return the share of the load's work that the tissue takes, 0 to 1; 0 without load [-].

    .. math:: \frac{q^T K_{tissue}\, q}{q^T F}

    With one axial load this is :math:`k_{tissue} / (k_{tissue} + k_{implant})`.

    Parameters
    ----------
    tissue, moved, force
        Stiffness of the tissue, movement and load in the same motions, (m, m), (m,) and (m,).
    """
    work = float(moved @ force)
    return float(moved @ tissue @ moved) / work if work > 0.0 else 0.0


def problems(fixation: Fixation, plan: Plan, p: FixationParameters) -> list[Problem]:
    """Return what keeps an implant from bearing the loads of a plan, with the place of each.

    Parameters
    ----------
    fixation
        The implant.
    plan
        Its loads.
    p
        Geometry of nails.
    """
    found = []
    if fixation.nail_diameter is not None and fixation.nail_diameter <= p.nail.bore:
        bore = f"{p.nail.bore * 1e3:.3g} mm"
        if fixation.locking != "press_fit":
            said = f"a nail with bolts must be wider than its bore of {bore}"
            found.append(Problem("site.fixation.nail_diameter", said))
    if fixation.kind == "cast":
        loads = [step.load for step in plan.loadings]
        loaded = {
            "shear_stiffness": any(load.shear for load in loads),
            "bending_stiffness": any(load.bending for load in loads),
            "torsional_stiffness": any(load.torsion for load in loads),
        }
        for key, (how, example) in UNKNOWN.items():
            if loaded[key] and getattr(fixation, key) is None:
                said = (
                    f"the plan loads the bone {how}, and no such stiffness of a cast is "
                    f"published; give {key}, for example '{example}'"
                )
                found.append(Problem(f"site.fixation.{key}", said))
    return found
