"""Owns the case, the plan and the outcome told in sentences, from the documents alone."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from trephine.case.case import Case
from trephine.case.delivery import Delivery
from trephine.case.harvesting import FatHarvest, Harvest
from trephine.case.loading import Loading
from trephine.case.medication import Medication
from trephine.case.plan import Injection
from trephine.case.processing import (
    Centrifuge,
    Concentrate,
    Culture,
    FragmentedFat,
    Processing,
    Spin,
    StromalFraction,
    Unspun,
)
from trephine.case.run import Run
from trephine.case.surgery import Autograft, ExchangeNail, Surgery
from trephine.core.units import in_unit
from trephine.models.delayed_union import definition, delayed_score
from trephine.report.operations import surgery_words
from trephine.report.words import (
    article,
    count,
    day,
    key_words,
    listed,
    measure,
    new_bone,
    ratio,
    rounded,
    time_span,
)

DRUGS = {
    "nsaid": "Non-steroidal anti-inflammatory drug",
    "corticosteroid": "Corticosteroid",
}
CARRIERS = {"none": "without a carrier", "clot": "held by its own clot"}
SOLIDS = {
    "demineralised_bone": "demineralised bone matrix",
    "allograft": "allograft bone",
    "ceramic": "ceramic",
}
GUIDANCE = {
    "blind": "without imaging",
    "ultrasound": "under ultrasound",
    "fluoroscopy": "under fluoroscopy",
    "ct": "under CT",
}


class Event(NamedTuple):
    """A dated step of the plan in words."""

    day: float
    title: str
    text: str


class Tile(NamedTuple):
    """A key number: what it is, the number, and a line under it."""

    label: str
    value: str
    note: str


def plan_events(case: Case) -> list[Event]:
    """Return the steps of the plan in the order of their days."""
    events = []
    for step in sorted(case.plan.steps, key=lambda s: (s.day, s.kind != "injection")):
        if isinstance(step, Injection):
            title = f"Injection of {_product(step.process)}"
            events.append(Event(step.day, title, injection_sentences(step)))
        elif isinstance(step, Medication):
            events.append(Event(step.day, DRUGS[step.drug], _medication(step)))
        elif isinstance(step, Surgery):
            events.append(Event(step.day, *surgery_words(step)))
        elif isinstance(step, Loading):
            events.append(Event(step.day, "Loading", _loading(step)))
    return events


def _product(process: Processing) -> str:
    """Return what is injected, in two or three words."""
    match process:
        case Culture():
            return "cultured cells"
        case Concentrate() | Centrifuge():
            return "marrow concentrate"
        case StromalFraction():
            return "cells of fat"
        case FragmentedFat():
            return "micro-fragmented fat"
        case _:
            return "marrow"


def _medication(step: Medication) -> str:
    until = "to the end" if step.until is None else f"until {day(step.until)}"
    return f"Taken from {day(step.day)} {until}, at the usual dose."


def _loading(step: Loading) -> str:
    """Return the peak load of a step of walking in words."""
    along, across = (abs(v) for v in (step.body_weights, step.shear))
    told = []
    if along:
        told.append(f"{rounded(along)} times body weight along the bone")
    if across:
        told.append(f"{rounded(across)} times body weight across it")
    if step.bending:
        told.append(f"{measure(abs(step.bending), 'N*m', 'N*m').replace('N*m', 'Nm')} of bending")
    if step.torsion:
        told.append(f"{measure(abs(step.torsion), 'N*m', 'N*m').replace('N*m', 'Nm')} of torsion")
    return f"Up to {listed(told)} in each step." if told else "No load along the bone."


def injection_sentences(step: Injection) -> str:
    """Return one injection from needle to lesion, in sentences."""
    return " ".join([_harvest(step.harvest, step), _process(step), _deliver(step.deliver)])


def _draws(draws: list[float]) -> str:
    groups = [(volume, len(list(run))) for volume, run in groupby(draws)]
    words = [
        f"{number} draw{'s' if number > 1 else ''} of {measure(volume, 'm^3', 'mL')}"
        for volume, number in groups
    ]
    return listed(words)


def _harvest(harvest: Harvest | FatHarvest, step: Injection) -> str:
    text = _liposuction(harvest) if isinstance(harvest, FatHarvest) else _needle(harvest)
    if abs(step.harvest_day - step.day) > 1e-6:
        text += f", on {day(step.harvest_day)}"
    return f"{text[0].upper()}{text[1:]}."


def _liposuction(harvest: FatHarvest) -> str:
    return f"{measure(harvest.volume, 'm^3', 'mL')} of fat drawn by liposuction"


def _needle(harvest: Harvest) -> str:
    text = f"{_draws(harvest.draws)}"
    if len(harvest.draws) > 1:
        text += f" ({measure(harvest.volume, 'm^3', 'mL')} in all)"
    needle = article(f"{rounded(harvest.needle.gauge)}-gauge needle")
    text += f" from the {key_words(harvest.bone)} through {needle}"
    text += " with side holes" if harvest.side_holes else ""
    text += f" into {measure(harvest.syringe, 'm^3', 'mL')} syringes"
    if harvest.anticoagulant:
        text += f", with {measure(harvest.anticoagulant, 'm^3', 'mL')} of anticoagulant"
    return text


def _process(step: Injection) -> str:
    process = step.process
    if isinstance(process, Unspun):
        return "Not processed."
    volume = measure(process.product_volume, "m^3", "mL")
    match process:
        case Concentrate():
            spun = f", {_spin(process.spin)}" if process.spin else ""
            return f"Concentrated to {volume} ({key_words(process.device)}){spun}."
        case Centrifuge():
            taken = rounded(100 * process.red_cells)
            spun = _spin(process.spin)
            return (
                f"{spun[0].upper()}{spun[1:]}, in open tubes; the buffy coat taken with {taken} % "
                f"of the red cells, in {volume}."
            )
        case Culture():
            dose = "" if process.dose is None else f", {count(process.dose)} of them taken"
            time = f"{rounded(process.duration / 86400)} days"
            fed = " in serum" if process.medium == "serum" else ""
            return f"Progenitors grown in culture{fed} for {time}{dose} and suspended in {volume}."
        case StromalFraction():
            return f"Cells set free by collagenase and suspended in {volume}."
        case _:
            return f"Cut into clusters and washed, {volume} of them."


def _spin(spin: Spin) -> str:
    """Return a spin in words, its force always, its speed and radius where they were written."""
    text = f"spun at {rounded(spin.force)} g"
    if spin.rpm is not None and spin.radius is not None:
        text += f" ({rounded(spin.rpm)} rpm at {measure(spin.radius, 'm', 'cm')})"
    text += f" for {rounded(spin.duration / 60)} minutes"
    if spin.column is not None:
        text += f" in a column of {measure(spin.column, 'm', 'cm')}"
    return text


def _deliver(deliver: Delivery) -> str:
    carrier = CARRIERS.get(deliver.carrier) or (
        f"with {measure(deliver.carrier_volume, 'm^3', 'mL')} of {SOLIDS[deliver.carrier]}"
    )
    if deliver.loading == "filtered":
        carrier += " that it was passed through"
    needle = article(f"{rounded(deliver.needle.gauge)}-gauge needle")
    portions = ""
    if deliver.portions > 1:
        apart = measure(deliver.apart, "m", "mm")
        portions = f" in {deliver.portions} portions, {apart} from the middle of the gap,"
    where = ", into a gap cut open" if deliver.opened else ""
    return (
        f"{_kept(deliver)}{measure(deliver.volume, 'm^3', 'mL')} injected{portions} at "
        f"{measure(deliver.flow, 'm^3/s', 'mL/min')} through {needle} "
        f"{GUIDANCE[deliver.guidance]}, {carrier}, reaching "
        f"{measure(deliver.reach, 'm', 'mm')} around the gap{where}."
    )


def _kept(deliver: Delivery) -> str:
    """Return how the product waited and was drawn up, where the plan says so."""
    told = []
    if deliver.wait is not None:
        told.append(f"kept for {measure(deliver.wait, 's', 'min')}")
    if deliver.kept != "room":
        told.append("kept cool" if deliver.kept == "cool" else "kept at body temperature")
    if deliver.drawn_up is not None:
        told.append(f"drawn up through {rounded(deliver.drawn_up)} gauge")
    words = listed(told)
    return f"{words[0].upper()}{words[1:]}. " if words else ""


def outcome(run: Run) -> str:
    """Return the ending in one sentence with its key numbers."""
    seen = run.follow_up
    last = rounded(float(seen.week[-1]))
    tail = (
        f"at week {last} mRUST is {rounded(float(seen.mrust[-1]))} of 16 and the "
        f"mineralised new bone {new_bone(float(seen.callus_volume[-1]))}"
    )
    cortices = f"{int(seen.bridged[-1])} of 4 cortices"
    if seen.union_week is not None:
        return (
            f"United at week {rounded(seen.union_week)}, when at least three cortices were "
            f"bridged and stayed so; {tail}, with {cortices} bridged.{_delayed(run)}"
        )
    return f"Not united by week {last}, with {cortices} bridged; {tail}."


def _delayed(run: Run) -> str:
    """Return that the union of a fracture was delayed, in a sentence, or nothing."""
    if run.case.site.diagnosis != "fracture":
        return ""
    told = definition()
    score = delayed_score(run.follow_up, told)
    if score is None:
        return ""
    months = in_unit(told.delayed_union_time, "s", "mo")
    return (
        f" This is a delayed union: RUST was {rounded(score)} of 12 after {rounded(months)} "
        f"months, under {rounded(told.delayed_union_score)}."
    )


def tiles(run: Run) -> list[Tile]:
    """Return the key numbers of a run."""
    seen = run.follow_up
    last = f"week {rounded(float(seen.week[-1]))}"
    union = "Week " + rounded(seen.union_week) if seen.union_week is not None else "None"
    return [
        Tile("Union", union, f"followed to {last}"),
        Tile(
            "mRUST",
            f"{rounded(float(seen.mrust[-1]))} / 16",
            f"{int(seen.bridged[-1])} of 4 cortices bridged at {last}",
        ),
        Tile(
            "Mineralised new bone",
            new_bone(float(seen.callus_volume[-1])),
            f"at {last}",
        ),
        _dose(run),
        _stiffness(run),
    ]


def _stiffness(run: Run) -> Tile:
    course = run.course
    told = measure(float(course.stiffness[-1]), "N/m", "N/mm")
    if run.case.site.fixation.locking == "press_fit":
        return Tile("Stiffness of tissue and nail", told, "the nail is wedged in the bone")
    if course.fixation_stiffness > 0:
        times = rounded(float(course.stiffness[-1]) / course.fixation_stiffness)
        return Tile("Tissue stiffness", told, f"{times} times the fixation")
    return Tile("Tissue stiffness", told, "the fixation gives way along the shaft")


def _dose(run: Run) -> Tile:
    if not run.treatments:
        packs = any(isinstance(step, Autograft | ExchangeNail) for step in run.case.plan.surgeries)
        own = "; what the operation packs has cells of its own" if packs else " in the plan"
        return Tile("Progenitors retained", "0", f"no injection{own}")
    kept = sum(t.graft.funnel[-1].progenitors for t in run.treatments)
    number = len(run.treatments)
    if number > 3:
        return Tile("Progenitors retained", count(kept), f"of {number} injections")
    each = [
        ratio(t.graft.funnel[-1].progenitors, t.concentrate.product.progenitors)
        for t in run.treatments
    ]
    whose = "the product" if number == 1 else "the products"
    return Tile("Progenitors retained", count(kept), f"{listed(each)} of {whose}")


def follow_up(case: Case) -> str:
    """Return the schedule of visits in a sentence, and when no load acts in another."""
    plan = case.plan.follow_up
    every = time_span(plan.interval).removeprefix("1 ")
    text = (
        f"Seen every {every} for {time_span(plan.duration)}, with anteroposterior and lateral "
        "radiographs."
    )
    loadings = case.plan.loadings
    if not loadings:
        return f"{text} The plan names no loading, so no load acts along the bone."
    if loadings[0].day > 0:
        return f"{text} No load acts along the bone before {day(loadings[0].day)}."
    return text
