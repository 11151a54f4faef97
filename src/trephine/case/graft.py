"""What stays at the lesion: the product of delivery."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from trephine.core.types import Budget, Voxels, frozen_array


@dataclass(frozen=True)
class Loss:
    """One line of the funnel from needle to lesion.

    Parameters
    ----------
    name
        What happened, in words.
    progenitors
        Progenitors left after it [-].
    nucleated
        Nucleated cells left after it [-].
    """

    name: str
    progenitors: float
    nucleated: float


@dataclass(frozen=True)
class Passage:
    """How the product went through the needle.

    Parameters
    ----------
    stress
        Shear stress at the wall of the needle [Pa].
    pressure
        Pressure that the flow through the needle needs [Pa].
    resting_pressure
        Pressure within resting bone, which the injection must exceed besides [Pa].
    """

    stress: float
    pressure: float
    resting_pressure: float


@dataclass(frozen=True)
class Graft:
    """One injection as it settles on the grid.

    Parameters
    ----------
    day
        Day of the injection [s].
    fill
        Fraction of each voxel that the injected volume takes up, (x, y, z) [-].
    progenitors
        Progenitors that stay, per volume of voxel, (x, y, z) [1/m^3].
    nucleated
        Other nucleated cells that stay, per volume of voxel, (x, y, z) [1/m^3].
    clot, demineralised_bone
        Fraction of each voxel that is clot, or demineralised bone matrix, (x, y, z) [-].
    cultured
        Whether the progenitors were expanded in culture.
    funnel
        Progenitors and nucleated cells after each step from needle to lesion.
    budgets
        One for each class of cells, and one for the volume.
    allograft, ceramic
        Fraction of each voxel that is solid allograft, or solid ceramic, (x, y, z) [-]; a single
        number holds everywhere.
    tips
        Where the needle tip was for each portion, three coordinates each [m].
    passage
        Stress and pressures of the injection; None where nothing was injected.
    notices
        What a reader must be told of the numbers behind it, in sentences.
    """

    day: float
    fill: Voxels
    progenitors: Voxels
    nucleated: Voxels
    clot: Voxels
    demineralised_bone: Voxels
    cultured: bool
    funnel: tuple[Loss, ...]
    budgets: tuple[Budget, ...]
    allograft: Voxels = field(default_factory=lambda: np.zeros(()))
    ceramic: Voxels = field(default_factory=lambda: np.zeros(()))
    tips: tuple[tuple[float, float, float], ...] = ()
    passage: Passage | None = None
    notices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        solids = ("demineralised_bone", "allograft", "ceramic")
        for name in ("fill", "progenitors", "nucleated", "clot", *solids):
            value = np.broadcast_to(getattr(self, name), self.fill.shape)
            if not np.isfinite(value).all() or value.min() < 0:
                raise ValueError(f"{name} must be finite and not negative")
            object.__setattr__(self, name, frozen_array(value))
