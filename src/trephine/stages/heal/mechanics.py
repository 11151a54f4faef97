"""What the tissue feels of the load: displacement, strain, stiffness and movement."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from trephine.case.anatomy import Anatomy
from trephine.case.fixation import Fixation
from trephine.case.patient import Patient
from trephine.case.plan import Plan
from trephine.case.settings import Settings
from trephine.models.healing import HealParameters
from trephine.models.model import HealingModel, Strain
from trephine.models.stiffness import Fixed, moduli
from trephine.models.term import Numbers
from trephine.models.tissue import Box
from trephine.numerics.elasticity import compress
from trephine.numerics.strain import invariants
from trephine.stages.heal.moment import Moment

DAY = 86400.0


class Mechanics:
    """Implant, load and old bone of one course; asked on every day what the tissue feels."""

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
        self.spacing = anatomy.grid.spacing * 1e3
        self.weight = patient.mass * p.fixation.gravity
        given = fixation.axial_stiffness
        self.fixation = p.fixation.axial_stiffness[fixation.kind] if given is None else given
        self.fixed = Fixed(
            bone=jnp.asarray(anatomy.bone),
            metal=jnp.asarray(anatomy.metal),
            removed=jnp.asarray(anatomy.cortex_removed),
            healing=jnp.asarray(anatomy.healing),
        )
        self.shape = anatomy.grid.shape

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
        moved = self.movement(now, day) * 1e3
        keep = float(np.exp(-(day - now.felt_day) / self.p["strain_memory"]))
        now.strain = Strain(
            *(
                keep * old + (1.0 - keep) * concentration[self.box] * moved * unit
                for old, unit in zip(now.strain, now.unit_strain, strict=True)
            )
        )
        now.felt_day = day

    def _solve(self, now: Moment, day: float, stiff: Any) -> None:  # noqa: ANN401
        """Solve for the displacement anew."""
        solved = compress(
            stiff,
            spacing=self.spacing,
            poisson=self.p["poisson_modulus"],
            guess=now.unit_displacement,
            tolerance=self.s.mechanics_tolerance,
        )
        now.unit_displacement, now.solved_modulus = solved.displacement, stiff
        distortion, dilatation = invariants(solved.displacement, self.spacing)
        bulk = stiff / (1.0 - 2.0 * self.p["poisson_modulus"])
        now.unit_strain = Strain(
            distortion[self.box], dilatation[self.box], -(bulk * dilatation)[self.box]
        )
        now.tissue_stiffness, now.solved_day = float(solved.stiffness) * 1e3, day

    def force(self, day: float) -> float:
        """Return the peak axial force of a day [N]."""
        return self.plan.body_weights(day * DAY + 1.0) * self.weight

    def movement(self, now: Moment, day: float) -> float:
        """Return the movement between the platens under the load of a day [m]."""
        return self.force(day) / (self.fixation + now.tissue_stiffness)
