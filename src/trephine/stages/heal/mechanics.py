"""What the tissue feels of the load: displacement, strain, stiffness and movement."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from trephine.case.anatomy import Anatomy
from trephine.case.course import MOTIONS
from trephine.case.fixation import Fixation
from trephine.case.patient import Patient
from trephine.case.plan import Plan
from trephine.case.settings import Settings
from trephine.models.fixation import force, in_si, metal, movement, stiffness_matrix
from trephine.models.healing import HealParameters
from trephine.models.model import Elastic, HealingModel, Strain
from trephine.models.stiffness import Fixed, Voxels, voxels
from trephine.models.term import Numbers
from trephine.models.tissue import Box
from trephine.numerics.elasticity import respond
from trephine.numerics.strain import invariants, pressure
from trephine.stages.heal.moment import Moment

DAY = 86400.0
EXAMINED_WITHIN = 1e-3
"""Relative error of the displacement in an examination; its square is that of the stiffness."""


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
        self.plan, self.s, self.model, self.box = plan, s, model, box
        grid = anatomy.grid
        self.shape, self.spacing = grid.shape, grid.spacing * 1e3
        x, y, z = (self.spacing / 2 - origin * 1e3 for origin in grid.origin)
        self.centre = (x, y, z)
        self.weight = patient.mass * p.fixation.gravity
        self.plain, self.implants = numbers, p.fixation
        self.refit((fixation,), anatomy)
        loads = [force(step.load, self.weight) for step in plan.loadings]
        self.motions = tuple(
            motion for n, motion in enumerate(MOTIONS) if n == 0 or any(load[n] for load in loads)
        )

    def refit(self, holds: Sequence[Fixation], anatomy: Anatomy) -> None:
        """Take the implants that hold the bone from now on, side by side, and old bone as it is."""
        first, *others = (stiffness_matrix(one, self.implants) for one in holds)
        self.fixation = sum(others, first)
        self.numbers = {**self.plain, **metal(holds[0], self.implants)}
        self.gap = np.asarray(anatomy.gap)
        self.fixed = Fixed(
            bone=jnp.asarray(anatomy.bone),
            metal=jnp.asarray(anatomy.metal),
            removed=jnp.asarray(anatomy.cortex_removed),
            healing=jnp.asarray(anatomy.healing),
        )

    def _resisting(self, tissue: Elastic) -> Voxels:
        """Return what the voxels of the whole grid resist, of healing tissue and the rest."""
        ground = Elastic(self.numbers["ground_modulus"], self.numbers["ground_poisson"])
        whole = Elastic(
            *(
                jnp.full(self.shape, around).at[self.box].set(inside)
                for inside, around in zip(tissue, ground, strict=True)
            )
        )
        found: Voxels = voxels(whole, self.fixed, self.numbers)
        return found

    def feel(self, now: Moment, day: float, *, anew: bool) -> None:
        """Bring strain, stiffness and movement up to a day.

        Parameters
        ----------
        now
            Where the course stands; changed.
        day
            Up to which [d].
        anew
            Whether to solve for the displacement even if the tissue changed little.
        """
        tissue = self.model.elastic(now.state, self.numbers)
        found = self._resisting(tissue)
        if anew or self._has_changed(now, found) or self._is_due(now, day):
            self._solve(now, day, found)
        moved = self._moved(now, day)
        length = float(np.linalg.norm(moved))
        if length > 0:
            self._strain_along(now, moved / length)
        keep = float(np.exp(-(day - now.felt_day) / self.numbers["strain_memory"]))
        felt = found.concentration[self.box] * length
        dilatation = felt * now.unit_strain[1]
        today = Strain(
            distortion=felt * now.unit_strain[0],
            dilatation=dilatation,
            pressure=pressure(dilatation, tissue.modulus, tissue.poisson),
        )
        now.strain = Strain(
            *(keep * old + (1.0 - keep) * new for old, new in zip(now.strain, today, strict=True))
        )
        now.felt_day = day

    def _has_changed(self, now: Moment, found: Voxels) -> bool:
        """Return whether the gap is stiffer or softer, in the mean of the logarithm."""
        before, after = np.asarray(now.solved_modulus), np.asarray(found.modulus)
        live = (self.gap > 0) & (before > 0) & (after > 0)
        if not live.any():
            return False
        change = np.abs(np.log(after[live] / before[live]))
        return bool(np.average(change, weights=self.gap[live]) > self.s.stiffness_change)

    def _is_due(self, now: Moment, day: float) -> bool:
        """Return whether the last solve is too long ago, or an injection has made it void."""
        return (day - now.solved_day) * DAY >= self.s.mechanics_interval - 1e-3

    def _solve(self, now: Moment, day: float, found: Voxels) -> None:
        """Solve for the displacement anew."""
        solved = respond(
            np.asarray(found.modulus),
            spacing=self.spacing,
            poisson=np.asarray(found.poisson),
            motions=self.motions,
            centre=self.centre,
            guess=now.unit_displacement if now.tissue_stiffness.any() else None,
            tolerance=self.s.mechanics_tolerance,
        )
        now.unit_displacement = solved.displacement
        now.solved_modulus = found.modulus
        now.tissue_stiffness, now.solved_day = solved.stiffness, day
        now.direction = np.zeros(len(self.motions))

    def _strain_along(self, now: Moment, direction: NDArray[np.float64]) -> None:
        """Find the strain per unit of movement in a direction, unless it is known."""
        if np.allclose(direction, now.direction, rtol=0.0, atol=1e-9):
            return
        displacement = jnp.tensordot(direction, now.unit_displacement, axes=1)
        now.unit_strain = tuple(u[self.box] for u in invariants(displacement, self.spacing))
        now.direction = direction

    def examine(self, now: Moment, day: float) -> None:
        """Load the tissue in all six ways and note its stiffness."""
        found = self._resisting(self.model.elastic(now.state, self.numbers))
        examined = respond(
            np.asarray(found.modulus),
            spacing=self.spacing,
            poisson=np.asarray(found.poisson),
            motions=MOTIONS,
            centre=self.centre,
            tolerance=EXAMINED_WITHIN,
        )
        now.examined.append(day)
        now.matrices.append(in_si(examined.stiffness))

    def load(self, day: float) -> NDArray[np.float64]:
        """Return the load of a day in the order of the motions, (6,) [N and N mm]."""
        return force(self.plan.load(day * DAY + 1.0), self.weight)

    def _moved(self, now: Moment, day: float) -> NDArray[np.float64]:
        """Return how far the bone ends move under the load of a day, (motion,) [mm and rad]."""
        return movement(now.tissue_stiffness, self.fixation, self.load(day), self.motions)

    def movement(self, now: Moment, day: float) -> float:
        """Return the movement of the bone ends along the bone under the load of a day [m]."""
        return float(self._moved(now, day)[0]) * 1e-3

    def axial_stiffness(self, now: Moment) -> float:
        """Return the axial stiffness of the tissue at the last solve [N/m]."""
        return float(now.tissue_stiffness[0, 0]) * 1e3
