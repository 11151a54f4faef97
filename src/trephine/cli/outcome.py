"""A finished run as tables on a terminal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from trephine.case.kinds import kind_of, part
from trephine.case.run import Run
from trephine.cli.paper import table
from trephine.core.errors import InputError
from trephine.report.funnel import drawn_words
from trephine.report.tables import budgets, standings
from trephine.report.words import count, new_bone, rounded

if TYPE_CHECKING:
    from rich.console import Console

    from trephine.case.course_run import CourseRun
    from trephine.case.run import Treatment

DAY = 86400.0


def show(run: CourseRun, console: Console) -> None:
    """Print how the course ended and what it was made with."""
    facts = run.summary()
    rows = table("Outcome", ">Value", title=run.case.name)
    told = _told(run) if isinstance(run, Run) else part(kind_of(run.case).report).facts(run)
    for label, value in told:
        rows.add_row(label, value)
    held = Counter(standings(run.used, run.provisional).values())
    unread = f"{held['provisional']} of {len(run.used)}"
    rows.add_row("Numbers of the models without a second reader", unread)
    rows.add_row("Numbers chosen, that no source prints", f"{held['chosen']} of {len(run.used)}")
    rows.add_row("Seed", str(run.provenance.seed))
    made = run.provenance
    rows.add_row("trephine, catalogue", f"{made.version}, {made.catalogue_digest}")
    console.print(rows)
    for notice in run.notices:
        console.print(f"Note: {notice}", markup=False)
    console.print(str(facts["sentence"]), markup=False, style="bold")


def _told(run: Run) -> list[tuple[str, str]]:
    """Return the outcome of a shaft, label and value."""
    facts = run.summary()
    week = facts["union_week"]
    return [
        ("Week of union", "none" if week is None else f"{week:g}"),
        ("mRUST at the last visit (4 to 16)", f"{facts['mrust']:g}"),
        ("Cortices bridged, of four", str(facts["bridged_cortices"])),
        ("Mineralised new bone", new_bone(facts["callus_volume_mL"] * 1e-6)),
        ("Stiffness of the tissue", f"{rounded(facts['tissue_stiffness_N_per_mm'])} N/mm"),
        *(
            (
                f"Progenitors kept of injection {number} (day {injection['day']:g})",
                count(injection["progenitors_retained"]),
            )
            for number, injection in enumerate(facts["injections"], start=1)
        ),
        ("Largest imbalance of a budget", f"{facts['largest_imbalance']:.1e}"),
    ]


def show_more(run: CourseRun, console: Console) -> None:
    """Print the way of the cells from needle to lesion, where there is one, and the course."""
    if not isinstance(run, Run):
        heads, visits = part(kind_of(run.case).report).visits(run)
        rows = table(*heads, title="Course")
        for visit in visits:
            rows.add_row(*visit)
        console.print(rows)
        return
    for number, treatment in enumerate(run.treatments, start=1):
        console.print(_funnel(treatment, number))
    console.print(_course(run))


def show_budgets(run: CourseRun, console: Console) -> None:
    """Print every budget, what came in and what went out, by stage.

    Raises
    ------
    InputError
        If the run is not of a shaft, the one kind of site that keeps budgets by stage.
    """
    if not isinstance(run, Run):
        raise InputError(f"a run on a site of kind '{run.case.site.kind}' has no budgets by stage")
    rows = table("Stage", "Budget", "In", "Out", ">Imbalance")
    for row in budgets(run):
        rows.add_row(
            row.stage, row.quantity, _side(row.incoming), _side(row.outgoing), row.imbalance
        )
    console.print(rows)


def _side(amounts: list[tuple[str, str]]) -> str:
    return "\n".join(f"{amount} {name}" for name, amount in amounts)


def _funnel(treatment: Treatment, number: int) -> object:
    drawn, made = treatment.aspirate.pool, treatment.concentrate
    title = (
        f"Injection {number}, day {treatment.graft.day / DAY:g}: {made.method}, "
        f"{made.product.volume * 1e6:.3g} mL"
    )
    rows = table("Step", ">Progenitors", ">Nucleated cells, progenitors included", title=title)
    rows.add_row(drawn_words(drawn), *_counts(drawn.progenitors, drawn.nucleated))
    for loss in treatment.graft.funnel:
        rows.add_row(loss.name, *_counts(loss.progenitors, loss.nucleated))
    return rows


def _counts(progenitors: float, nucleated: float) -> tuple[str, str]:
    return count(progenitors), count(nucleated)


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
            rounded(course.stiffness[visit] * 1e-3),
            f"{course.movement[visit] * 1e3:.3f}",
        )
    return rows
