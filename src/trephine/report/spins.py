"""Owns the spun tubes of a run: one film strip for each injection whose marrow was spun."""

from __future__ import annotations

from dataclasses import dataclass

from trephine.case.processing import Centrifuge, Concentrate, Spin
from trephine.case.run import Run, Treatment
from trephine.catalogue.load import catalogue
from trephine.models.processing import ProcessParameters
from trephine.models.reading import Reading
from trephine.models.settling import layers_of_spin, recoveries_of_spin
from trephine.report.tube import film_strip
from trephine.report.words import rounded

FORCE = 1000.0
"""Force at which a device's spin is shown; only force times time is known of it [-]."""


@dataclass(frozen=True)
class Spun:
    """One spun tube: its title, its picture and what it is.

    Parameters
    ----------
    title
        Which injection.
    svg
        The film strip.
    said
        What the picture shows and where it stands beside the dose.
    """

    title: str
    svg: str
    said: str


def spun(run: Run) -> list[Spun]:
    """Return the tubes of a run in the order of its injections."""
    if not any(isinstance(i.process, Concentrate | Centrifuge) for i in run.case.plan.injections):
        return []
    p = Reading(catalogue()).fill(ProcessParameters)
    made = []
    for number, (step, treatment) in enumerate(
        zip(run.case.plan.injections, run.treatments, strict=True), start=1
    ):
        if isinstance(step.process, Concentrate | Centrifuge):
            title = f"Injection {number}: the marrow in the spun tube"
            made.append(_tube(title, step.process, treatment, p))
    return made


def _tube(
    title: str, plan: Concentrate | Centrifuge, treatment: Treatment, p: ProcessParameters
) -> Spun:
    pool, shares = treatment.aspirate.pool, p.separation.shares()
    if isinstance(plan, Centrifuge):
        spin, part = plan.spin, plan.product_volume / pool.volume
        slice_ = recoveries_of_spin(spin, pool.haematocrit, plan.red_cells, p.settling, part)
        taken = (float(slice_.bottom), float(slice_.top))
        said = "The bracket is the slice that was taken; the dose is computed from it."
    else:
        spin, taken = of_device(plan, p), None
        said = (
            f"The dose is computed from the record of the device class, and not from this picture: "
            f"a plain tube of {rounded(100 * (spin.column or 0.0), 2)} cm under the same force "
            "times time."
        )
    drawn = film_strip(layers_of_spin(spin, pool.haematocrit, p.settling), spin, shares, taken)
    return Spun(title, drawn, said)


def of_device(plan: Concentrate, p: ProcessParameters) -> Spin:
    """Return the spin of a device, or of the plan where it has its own."""
    device = p.separation.devices[plan.device]
    column = f"{device.column_height * 100:.6g} cm"
    if plan.spin is not None:
        told = {"column": column} | plan.spin.as_written()
        return Spin.model_validate(told)
    minutes = f"{device.spin_dose / FORCE / 60.0:.6g} min"
    return Spin.model_validate({"g": FORCE, "duration": minutes, "column": column})
