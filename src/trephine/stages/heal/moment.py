"""One moment of a course: everything it needs to go on, saved and restored as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from trephine.models.model import Fast, Strain

Arrays = Mapping[str, np.ndarray[Any, Any]]
SCALARS = ("solved_day", "felt_day", "step", "visits", "day")
HELD = ("unit_displacement", "solved_modulus", "tissue_stiffness", "direction")


@dataclass
class Moment:
    """Where a course stands.

    Parameters
    ----------
    state, fast, strain
        Of the healing model, on its part of the grid.
    unit_displacement
        Displacement of the nodes per unit of each free motion; starts the next solve.
    solved_modulus, solved_day
        What it was solved for, and when.
    tissue_stiffness
        Stiffness of the tissue against the free motions, (motion, motion) [N/mm, N, N mm].
    unit_strain, direction
        Distortion and dilatation per unit of movement in a direction of the free motions; a
        direction of zero where they are unknown.
    felt_day
        Day up to which the strain is averaged.
    step
        Length of the next step of the biology [d].
    inflammation
        State of the inflammation [1e6/mL]; empty where the model has none.
    ledger
        What each term did so far, by ``"field/term"``.
    visits, day
        Visits done, and the day.
    series, spent
        Values at each visit.
    examined, matrices
        Days of the examinations, and the stiffness found [SI].
    """

    state: dict[str, Any]
    fast: Fast
    strain: Strain
    unit_displacement: Any
    unit_strain: tuple[Any, ...]
    solved_modulus: Any
    tissue_stiffness: NDArray[np.float64]
    direction: NDArray[np.float64]
    solved_day: float = -np.inf
    felt_day: float = -np.inf
    step: float = 0.05
    visits: int = 0
    day: float = 0.0
    inflammation: dict[str, float] = field(default_factory=dict)
    ledger: dict[str, float] = field(default_factory=dict)
    series: dict[str, list[float]] = field(default_factory=dict)
    spent: dict[str, list[float]] = field(default_factory=dict)
    examined: list[float] = field(default_factory=list)
    matrices: list[NDArray[np.float64]] = field(default_factory=list)

    def record(self, values: Mapping[str, float]) -> None:
        """Add a value to each series."""
        for name, value in values.items():
            self.series.setdefault(name, []).append(value)

    def saved(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return everything as named arrays."""
        arrays = {name: np.asarray(getattr(self, name)) for name in SCALARS}
        arrays |= {name: np.asarray(getattr(self, name)) for name in HELD}
        arrays |= {"examined": np.asarray(self.examined), "matrices": np.asarray(self.matrices)}
        for group in ("state", "inflammation", "ledger", "series", "spent"):
            arrays |= {f"{group}/{n}": np.asarray(v) for n, v in getattr(self, group).items()}
        arrays |= {f"strain/{n}": np.asarray(v) for n, v in self.strain._asdict().items()}
        arrays["unit_strain"] = np.stack([np.asarray(u) for u in self.unit_strain])
        arrays |= {f"fast/{n}": np.asarray(u) for n, u in self.fast.fields.items()}
        arrays |= {f"history/{n}": np.asarray(u) for n, u in self.fast.history.items()}
        return arrays | {"residual": np.asarray(self.fast.residual)}

    @classmethod
    def restored(cls, arrays: Arrays) -> Moment:
        """Return what :meth:`saved` gave."""

        def below(group: str) -> dict[str, np.ndarray[Any, Any]]:
            start = f"{group}/"
            return {k.removeprefix(start): v for k, v in arrays.items() if k.startswith(start)}

        def held(group: str) -> dict[str, Any]:
            return {name: jnp.asarray(u) for name, u in below(group).items()}

        def listed(group: str) -> dict[str, list[float]]:
            return {name: [float(x) for x in v] for name, v in below(group).items()}

        return cls(
            state=held("state"),
            fast=Fast(held("fast"), jnp.asarray(arrays["residual"]), held("history")),
            strain=Strain(**held("strain")),
            unit_displacement=jnp.asarray(arrays["unit_displacement"]),
            unit_strain=tuple(jnp.asarray(u) for u in arrays["unit_strain"]),
            solved_modulus=jnp.asarray(arrays["solved_modulus"]),
            solved_day=float(arrays["solved_day"]),
            felt_day=float(arrays["felt_day"]),
            tissue_stiffness=np.asarray(arrays["tissue_stiffness"]),
            direction=np.asarray(arrays["direction"]),
            step=float(arrays["step"]),
            visits=int(arrays["visits"]),
            day=float(arrays["day"]),
            inflammation={name: float(v) for name, v in below("inflammation").items()},
            ledger={name: float(v) for name, v in below("ledger").items()},
            series=listed("series"),
            spent=listed("spent"),
            examined=[float(day) for day in arrays["examined"]],
            matrices=list(arrays["matrices"]),
        )
