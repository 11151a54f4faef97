"""A finished run as tables on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trephine.cli.paper import table

if TYPE_CHECKING:
    from rich.console import Console

    from trephine.case.run import Run, Treatment

DAY = 86400.0


def show(run: Run, console: Console) -> None:
    """Print how the course ended and what it was made with."""
    facts = run.summary()
    rows = table("Outcome", ">Value", title=run.case.name)
    week = facts["union_week"]
    rows.add_row("Week of union", "none" if week is None else f"{week:g}")
    rows.add_row("mRUST at the last visit (4 to 16)", f"{facts['mrust']:g}")
    rows.add_row("Cortices bridged, of four", str(facts["bridged_cortices"]))
    rows.add_row("Mineralised new bone", f"{facts['callus_volume_mL']:.3g} mL")
    rows.add_row("Stiffness of the tissue", f"{facts['tissue_stiffness_N_per_mm']:.3g} N/mm")
    for number, injection in enumerate(facts["injections"], start=1):
        words = f"Progenitors kept of injection {number} (day {injection['day']:g})"
        rows.add_row(words, f"{injection['progenitors_retained']:.3g}")
    rows.add_row("Largest imbalance of a budget", f"{facts['largest_imbalance']:.1e}")
    rows.add_row("Provisional numbers used", str(facts["provisional_records"]))
    rows.add_row("Seed", str(facts["seed"]))
    rows.add_row("trephine, catalogue", f"{facts['version']}, {facts['catalogue_digest']}")
    console.print(rows)
    for notice in run.notices:
        console.print(f"Note: {notice}", markup=False)
    console.print(str(facts["sentence"]), markup=False, style="bold")


def show_more(run: Run, console: Console) -> None:
    """Print the way of the cells from needle to lesion, the course and the budgets."""
    for number, treatment in enumerate(run.treatments, start=1):
        console.print(_funnel(treatment, number))
    console.print(_course(run))
    rows = table("Budget", ">In", ">Out", ">Imbalance")
    for budget in run.budgets:
        came, went = sum(budget.incoming.values()), sum(budget.outgoing.values())
        unit = "" if budget.unit == "1" else f" {budget.unit}"
        name = budget.quantity
        rows.add_row(name, f"{came:.4g}{unit}", f"{went:.4g}{unit}", f"{budget.imbalance:.1e}")
    console.print(rows)


def _funnel(treatment: Treatment, number: int) -> object:
    drawn, made = treatment.aspirate.pool, treatment.concentrate
    title = (
        f"Injection {number}, day {treatment.graft.day / DAY:g}: {made.method}, "
        f"{made.product.volume * 1e6:.3g} mL"
    )
    rows = table("Step", ">Progenitors", ">Nucleated cells", title=title)
    rows.add_row(
        f"drawn, {drawn.volume * 1e6:.3g} mL", *_counts(drawn.progenitors, drawn.nucleated)
    )
    for loss in treatment.graft.funnel:
        rows.add_row(loss.name, *_counts(loss.progenitors, loss.nucleated))
    return rows


def _counts(progenitors: float, nucleated: float) -> tuple[str, str]:
    return f"{progenitors:.3g}", f"{nucleated:.3g}"


def _course(run: Run) -> object:
    seen, course = run.follow_up, run.course
    rows = table(
        ">Week", ">mRUST", ">Cortices bridged", ">New bone mL", ">Stiffness N/mm", ">Movement mm",
        title="Course",
    )  # fmt: skip
    for visit, week in enumerate(seen.week):
        rows.add_row(
            f"{week:g}",
            f"{seen.mrust[visit]:g}",
            f"{seen.bridged[visit]:g}",
            f"{seen.callus_volume[visit] * 1e6:.2f}",
            f"{course.stiffness[visit] * 1e-3:.3g}",
            f"{course.movement[visit] * 1e3:.3f}",
        )
    return rows
