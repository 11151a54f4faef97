"""Owns creeping substitution of dead bone: the front, resorption before fill, damage and repair.

Bone of a voxel is shared out between bone that stays, dead bone that will be resorbed, cavity,
soft new bone, hard new bone and crushed bone; the shares sum to one. Distances in mm, times in d.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from trephine.models.term import Numbers, Term

Field = NDArray[np.floating[Any]]
State = Mapping[str, Any]
SHARES = ("kept", "dead", "cavity", "soft", "hard", "crushed")
"""Parts of the bone of a voxel; they sum to one."""
LONGEST_STEP = 2.0
"""Longest explicit step [d]: a ninth of the time of the fastest rate, resorption."""


class Felt(NamedTuple):
    """What a voxel feels of load, blood and graft while a step lasts, each (x, y, z).

    Parameters
    ----------
    stress
        Effective stress under the peak load of a step of walking [MPa].
    strain
        Distortional strain under it [-].
    flow
        Blood supply over that of an untreated necrotic head, one number [-].
    boost
        What the graft adds to the speed of front and fill, as a share of it [-].
    strength
        Stress that crushes sound bone of the voxel's density at once [MPa].
    """

    stress: Field
    strain: Field
    flow: float
    boost: Field
    strength: Field


@dataclass(frozen=True, eq=False)
class Place:
    """Where bone of the head is, and how wide a voxel.

    Parameters
    ----------
    bone
        Whether a voxel belongs to the bone, (x, y, z).
    spacing
        Edge of a voxel [mm].
    length
        Standard deviation of the weights with which bone bears load together [mm].
    """

    bone: NDArray[np.bool_]
    spacing: float
    length: float = 0.0

    @cached_property
    def weight(self) -> Field:
        """Bone within reach of the length, weighted, (x, y, z) [-]."""
        return self.blurred(self.bone.astype(np.float64))

    def blurred(self, values: Field) -> Field:
        """Return values averaged with a Gaussian of the length, nothing outside the grid."""
        width = self.length / self.spacing
        found: Field = ndimage.gaussian_filter(values, width, mode="constant", truncate=2.5)
        return found


def integrity(s: State, p: Numbers) -> Field:
    r"""Return how whole the bone of a voxel is, (x, y, z) [-].

    .. math:: \beta = 1 - c - l\,s - (1 - \beta_x)\,x

    with cavity :math:`c`, soft new bone :math:`s` and crushed bone :math:`x`. Between zero and
    one; [OsteonecrosisCode].
    """
    lost = s["cavity"] + p["soft_loss"] * s["soft"]
    whole: Field = 1.0 - lost - (1.0 - p["crushed_integrity"]) * s["crushed"]
    return whole


def together(values: Field, place: Place) -> Field:
    r"""Return values of bone averaged with their neighbours' within reach of a length, (x, y, z).

    .. math:: \bar f = \frac{G * (f B)}{G * B}

    with a Gaussian :math:`G` and bone :math:`B`. Trabecular bone is no continuum below a few
    millimetres, and without a length of its own damage would grow with ever finer voxels.
    """
    if place.length == 0.0:
        return values
    total = place.blurred(values * place.bone)
    return np.where(place.bone, total / np.where(place.bone, place.weight, 1.0), values)


def reached(s: State, p: Numbers) -> Field:
    r"""Return how far the front has set in, 0 ahead of it and 1 behind, (x, y, z) [-].

    .. math:: g = \min(1, \max(0, 1/2 + \varphi / w))

    with the distance :math:`\varphi` behind the front and the width :math:`w` of its zone.
    """
    setting_in: Field = np.clip(0.5 + s["passed"] / p["front_width"], 0.0, 1.0)
    return setting_in


def steepness(passed: Field, place: Place) -> Field:
    r"""Return the slope of the distance behind the front, taken from where the front comes.

    .. math:: |\nabla\varphi|^2 = \sum_i \max(D_i^+\varphi, -D_i^-\varphi, 0)^2

    Upwind after Rouy and Tourin; nothing comes from outside the bone.

    Parameters
    ----------
    passed
        Distance behind the front, negative ahead of it, (x, y, z) [mm].
    place
        The bone and the edge of a voxel.
    """
    squared = np.zeros(passed.shape)
    for axis in range(3):
        rise = np.zeros(passed.shape)
        low = (slice(None),) * axis + (slice(None, -1),)
        high = (slice(None),) * axis + (slice(1, None),)
        step = (passed[high] - passed[low]) / place.spacing
        step = np.where(place.bone[high] & place.bone[low], step, 0.0)
        np.maximum(rise[high], -step, out=rise[high])
        np.maximum(rise[low], step, out=rise[low])
        squared += rise**2
    slope: Field = np.sqrt(squared)
    return slope


def favours_bone(felt: Felt, p: Numbers) -> Field:
    r"""Return how far strain lets new bone form, (x, y, z) [-].

    .. math:: \psi = \exp\left[-\left((\varepsilon-\varepsilon_b)_+/w_b\right)^2\right]
    """
    excess = np.maximum(felt.strain - p["bone_strain"], 0.0)
    weight: Field = np.exp(-((excess / p["bone_strain_width"]) ** 2))
    return weight


def advance_front(s: State, c: Felt, place: Place, p: Numbers) -> dict[str, Field]:
    r"""Return how fast the front moves, :math:`\dot\varphi = v\,q\,(1+b)\,|\nabla\varphi|` [mm/d].

    ``c.flow`` is :math:`q`, ``c.boost`` is :math:`b`. A plane front in even bone moves at
    :math:`v q (1+b)` exactly.
    """
    if c.flow == 0.0:
        return {}
    speed = p["front_speed"] * c.flow * (1.0 + c.boost)
    return {"passed": speed * steepness(s["passed"], place)}


def resorb(s: State, c: Felt, place: Place, p: Numbers) -> dict[str, Field]:
    r"""Return resorption of dead and crushed bone behind the front, :math:`k_r g\,(d + x)`."""
    del c, place
    rate = p["resorption_rate"] * reached(s, p)
    dead, crushed = rate * s["dead"], rate * s["crushed"]
    return {"dead": -dead, "crushed": -crushed, "cavity": dead + crushed}


def fill(s: State, c: Felt, place: Place, p: Numbers) -> dict[str, Field]:
    r"""Return filling of cavities with new bone, :math:`k_f g\,\psi\,(1+b)\,c`."""
    del place
    pace = p["fill_rate"] * reached(s, p) * favours_bone(c, p) * (1.0 + c.boost)
    formed = pace * s["cavity"]
    return {"cavity": -formed, "soft": formed}


def mineralise(s: State, c: Felt, place: Place, p: Numbers) -> dict[str, Field]:
    r"""Return mineralisation of new bone, :math:`k_m s`."""
    del c, place
    hardened = p["mineralisation_rate"] * s["soft"]
    return {"soft": -hardened, "hard": hardened}


def tire(s: State, c: Felt, place: Place, p: Numbers) -> dict[str, Field]:
    r"""Return damage of daily walking, :math:`\dot D = k_d (\sigma / S\beta^{\gamma})^n`."""
    bears = np.where(place.bone, c.strength, np.inf)
    whole = together(integrity(s, p), place)
    bears = bears * np.maximum(whole, 1e-3) ** p["strength_exponent"]
    return {"damage": p["damage_rate"] * (c.stress / bears) ** p["fatigue_exponent"]}


def repair(s: State, c: Felt, place: Place, p: Numbers) -> dict[str, Field]:
    r"""Return repair by living bone and by renewal, :math:`-[k_p g + k_r g (d + x)] D`.

    Dead bone ahead of the front repairs nothing.
    """
    del c, place
    living = reached(s, p)
    renewed = p["resorption_rate"] * living * (s["dead"] + s["crushed"])
    return {"damage": -(p["repair_rate"] * living + renewed) * s["damage"]}


CODE = ("OsteonecrosisCode",)
FRONT = Term(
    "the front moves on",
    advance_front,
    ("passed",),
    None,
    r"\dot\varphi = v\,q\,(1+b)\,|\nabla\varphi|",
    CODE,
    "blood supply and graft act as factors on the speed",
)
RESORPTION = Term(
    "dead bone is resorbed",
    resorb,
    ("dead", "crushed", "cavity"),
    "volume",
    r"\dot c = k_r\,g\,(d+x)",
    CODE,
)
FILLING = Term(
    "new bone fills cavities",
    fill,
    ("cavity", "soft"),
    "volume",
    r"\dot s = k_f\,g\,\psi(\varepsilon)\,(1+b)\,c",
    CODE,
    "strain forbids bone as in a fracture gap; a graft speeds the filling",
)
MINERALISATION = Term(
    "new bone mineralises", mineralise, ("soft", "hard"), "volume", r"\dot h = k_m\,s", CODE
)
FATIGUE = Term(
    "walking damages bone",
    tire,
    ("damage",),
    None,
    r"\dot D = k_d\,(\sigma/(S\beta^{\gamma}))^n",
    CODE,
)
REPAIR = Term(
    "living bone repairs damage",
    repair,
    ("damage",),
    None,
    r"\dot D = -[k_p\,g + k_r\,g\,(d+x)]\,D",
    CODE,
    "renewed bone is undamaged, and dead bone repairs nothing",
)
NECROSIS = (FRONT, RESORPTION, FILLING, MINERALISATION, FATIGUE, REPAIR)
"""The model: its terms, in the order in which they are told."""


def begin(dead: Field, passed: Field, p: Numbers) -> dict[str, Field]:
    """Return the state of a head with dead bone.

    Parameters
    ----------
    dead
        Share of each voxel that lies in the lesion, (x, y, z) [-].
    passed
        Distance behind the front, (x, y, z) [mm]; minus the depth within the lesion.
    """
    state: dict[str, Field] = {name: np.zeros(dead.shape) for name in (*SHARES, "damage")}
    state["dead"] = p["resorbable"] * dead
    state["kept"] = 1.0 - state["dead"]
    state["passed"] = np.asarray(passed, dtype=np.float64).copy()
    return state


def advance(
    state: State,
    felt: Felt,
    place: Place,
    p: Numbers,
    duration: float,
    model: tuple[Term, ...] = NECROSIS,
) -> dict[str, Field]:
    """Return the state after a time under the same load, blood and graft.

    Explicit steps of at most :data:`LONGEST_STEP`. Bone whose damage reaches one is crushed:
    what bone there is becomes ``crushed``, and its damage stays one until the crushed bone is
    renewed. A voxel that is all but empty has nothing that could be damaged.

    Parameters
    ----------
    state
        Fields by name, (x, y, z).
    felt, place
        What voxels feel, and where bone is.
    p
        Numbers in the engine's units.
    duration
        How long [d].
    model
        The terms.

    Returns
    -------
    dict
        The new fields; the shares still sum to one.
    """
    now = dict(state)
    steps = max(1, int(np.ceil(duration / LONGEST_STEP)))
    step = duration / steps
    for _ in range(steps):
        change: dict[str, Any] = {}
        for term in model:
            for name, rate in term.rate(now, felt, place, p).items():
                change[name] = change.get(name, 0.0) + rate
        now.update({name: now[name] + step * rate for name, rate in change.items()})
        is_empty = 1.0 - now["cavity"] < LEFT
        now["damage"] = np.where(is_empty, 0.0, now["damage"])
        crush(now, place.bone & (now["damage"] >= 1.0) & (now["crushed"] <= 0.0))
        renewed = (now["crushed"] > 0.0) & (now["crushed"] < LEFT)
        now["cavity"] = np.where(renewed, now["cavity"] + now["crushed"], now["cavity"])
        now["crushed"] = np.where(renewed, 0.0, now["crushed"])
        now["damage"] = np.where(now["crushed"] > 0.0, 1.0, np.where(renewed, 0.0, now["damage"]))
    return now


LEFT = 0.05
"""Share of crushed bone below which a voxel counts as renewed, and of bone as empty."""


def crush(state: dict[str, Field], where: NDArray[np.bool_]) -> None:
    """Crush the bone of some voxels: what is there becomes crushed bone, and its damage one.

    No bone is made: a cavity stays one, and what is all but empty cannot be crushed.

    Parameters
    ----------
    state
        Fields by name; changed.
    where
        Which voxels, (x, y, z).
    """
    bone = 1.0 - state["cavity"]
    where = where & (bone >= LEFT)
    for name in SHARES:
        if name != "cavity":
            state[name] = np.where(where, bone if name == "crushed" else 0.0, state[name])
    state["damage"] = np.where(where, 1.0, state["damage"])


def blood_supply(p: Numbers, *, is_decompressed: bool) -> float:
    r"""Return the blood supply over that of an untreated necrotic head (a Starling resistor) [-].

    .. math:: q = \frac{p_a - p_i}{p_a - p_c}

    with the pressure within the bone :math:`p_i`, the congested :math:`p_c` or after drainage
    :math:`p_d`.
    """
    if not is_decompressed:
        return 1.0
    arteries = p["arterial_pressure"]
    return float((arteries - p["drained_pressure"]) / (arteries - p["congested_pressure"]))


def graft_boost(density: Field, since: float, p: Numbers) -> Field:
    r"""Return what a graft adds to the speed of front and fill, (x, y, z) [-].

    .. math:: b = b_1\, \frac{n}{n + n_{1/2}}\, e^{-t/\tau}

    A hypothesis: progenitors that stay act by speeding repair, more of them less and less.

    Parameters
    ----------
    density
        Progenitors that stayed, per volume, (x, y, z) [1/mL].
    since
        Time since the injection [d].
    """
    share = density / (density + p["graft_half"])
    boost: Field = p["graft_gain"] * np.exp(-since / p["graft_time"]) * share
    return boost
