"""What the tissue feels of the load: displacement, strain, stiffness and movement."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from trephine.case.anatomy import Anatomy
from trephine.case.course import MOTIONS
from trephine.case.fixation import Fixation
from trephine.case.patient import Patient
from trephine.case.plan import Plan
from trephine.case.settings import Settings
from trephine.models.healing import HealParameters
from trephine.models.model import HealingModel, Strain
from trephine.models.stiffness import Fixed, moduli
from trephine.models.term import Numbers
from trephine.models.tissue import Box
from trephine.numerics.elasticity import respond
from trephine.numerics.strain import invariants
from trephine.stages.heal.moment import Moment

DAY = 86400.0
EXAMINED_WITHIN = 1e-3
"""Relative error of the displacement in an examination; its square is that of the stiffness."""

TO_SI = np.sqrt([1e3, 1e3, 1e3, 1e-3, 1e-3, 1e-3])
"""Twice this of N/mm, N and N mm is N/m, N and N m."""


class Mechanics:
    """Implant, load and old bone of one course; asked on every day what the tissue feels.

    Motions of the bone ends that the plan loads are free, and the others are held.
    """

    def __init__(
        self,
        patient: Patient,
        fixation: Fixation,
        anatomy: Anatomy,
        plan: Plan,
        p: HealParameters,
        numbers: Numbers,
        s: Settings,
        model: HealingModel,
        box: Box,
    ) -> None:
        self.plan, self.s, self.p, self.model, self.box = plan, s, numbers, model, box
        grid = anatomy.grid
        self.shape, self.spacing = grid.shape, grid.spacing * 1e3
        x, y, z = (self.spacing / 2 - origin * 1e3 for origin in grid.origin)
        self.centre = (x, y, z)
        self.weight = patient.mass * p.fixation.gravity
        given = fixation.axial_stiffness
        self.fixation = p.fixation.axial_stiffness[fixation.kind] if given is None else given
        self.fixed = Fixed(
            bone=jnp.asarray(anatomy.bone),
            metal=jnp.asarray(anatomy.metal),
            removed=jnp.asarray(anatomy.cortex_removed),
            healing=jnp.asarray(anatomy.healing),
        )
        self.motions = ("axial",)

    def whole(self, u: Any) -> Any:  # noqa: ANN401
        """Return a field on the whole grid, zero beyond the part that heals."""
        return jnp.zeros(self.shape, u.dtype).at[self.box].set(u)

    def feel(self, now: Moment, day: float) -> None:
        """Bring strain, stiffness and movement up to a day."""
        state = {name: self.whole(u) for name, u in now.state.items()}
        stiff, concentration = moduli(state, self.fixed, self.p)
        weight = np.asarray(self.fixed.healing)
        before, after = np.asarray(now.solved_modulus), np.asarray(stiff)
        changed = float(np.sum(weight * np.abs(after - before)) / np.sum(weight * after))
        waited = (day - now.solved_day) * DAY
        if changed > self.s.stiffness_change or waited >= self.s.mechanics_interval - 1e-3:
            self._solve(now, day, stiff)
        moved = self._moved(now, day)
        length = float(np.linalg.norm(moved))
        if length > 0:
            self._strain_along(now, moved / length)
        keep = float(np.exp(-(day - now.felt_day) / self.p["strain_memory"]))
        now.strain = Strain(
            *(
                keep * old + (1.0 - keep) * concentration[self.box] * length * unit
                for old, unit in zip(now.strain, now.unit_strain, strict=True)
            )
        )
        now.felt_day = day

    def _solve(self, now: Moment, day: float, stiff: Any) -> None:  # noqa: ANN401
        """Solve for the displacement anew."""
        solved = respond(
            stiff,
            spacing=self.spacing,
            poisson=self.p["poisson_modulus"],
            motions=self.motions,
            centre=self.centre,
            guess=now.unit_displacement if now.tissue_stiffness.any() else None,
            tolerance=self.s.mechanics_tolerance,
        )
        now.unit_displacement, now.solved_modulus = solved.displacement, stiff
        now.tissue_stiffness, now.solved_day = solved.stiffness, day
        now.direction = np.zeros(len(self.motions))

    def _strain_along(self, now: Moment, direction: NDArray[np.float64]) -> None:
        """Find the strain per unit of movement in a direction, unless it is known."""
        if np.allclose(direction, now.direction, rtol=0.0, atol=1e-9):
            return
        displacement = jnp.tensordot(direction, now.unit_displacement, axes=1)
        distortion, dilatation = invariants(displacement, self.spacing)
        bulk = now.solved_modulus / (1.0 - 2.0 * self.p["poisson_modulus"])
        now.unit_strain = Strain(
            distortion[self.box], dilatation[self.box], -(bulk * dilatation)[self.box]
        )
        now.direction = direction

    def examine(self, now: Moment, day: float) -> None:
        """Load the tissue in all six ways and note its stiffness."""
        state = {name: self.whole(u) for name, u in now.state.items()}
        stiff, _ = moduli(state, self.fixed, self.p)
        found = respond(
            stiff,
            spacing=self.spacing,
            poisson=self.p["poisson_modulus"],
            motions=MOTIONS,
            centre=self.centre,
            tolerance=EXAMINED_WITHIN,
        )
        now.examined.append(day)
        now.matrices.append(found.stiffness * np.outer(TO_SI, TO_SI))

    def force(self, day: float) -> float:
        """Return the peak axial force of a day [N]."""
        return self.plan.body_weights(day * DAY + 1.0) * self.weight

    def _moved(self, now: Moment, day: float) -> NDArray[np.float64]:
        """Return how far the bone ends move under the load of a day, (motion,) [mm, rad]."""
        resisting = now.tissue_stiffness[0, 0] + self.fixation * 1e-3
        return np.array([self.force(day) / resisting])

    def movement(self, now: Moment, day: float) -> float:
        """Return the movement of the bone ends along the bone under the load of a day [m]."""
        return float(self._moved(now, day)[0]) * 1e-3

    def axial_stiffness(self, now: Moment) -> float:
        """Return the axial stiffness of the tissue at the last solve [N/m]."""
        return float(now.tissue_stiffness[0, 0]) * 1e3
