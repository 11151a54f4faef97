"""Owns the case, the plan and the outcome told in sentences, from the documents alone."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from trephine.case.case import Case
from trephine.case.loading import Loading
from trephine.case.patient import Patient
from trephine.case.plan import Concentrate, Culture, Delivery, Harvest, Injection
from trephine.case.run import Run
from trephine.case.site import Site
from trephine.report.words import (
    NO_BREAK,
    article,
    count,
    day,
    key_words,
    listed,
    measure,
    new_bone,
    percent,
    ratio,
    rounded,
    time_span,
)

ADJECTIVES = {"femur": "femoral", "tibia": "tibial", "humerus": "humeral"}
IMPLANTS = {
    "plate": "A plate holds",
    "unilateral_fixator": "A unilateral external fixator holds",
    "ring_fixator": "A ring fixator holds",
    "cast": "A cast holds",
}
CARRIERS = {"none": "without a carrier", "clot": "held by its own clot"}
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


def case_sentences(run: Run) -> list[str]:
    """Return patient, bone, gap, fixation and biology of a run's case, a sentence or two each."""
    return [_patient(run.case.patient), *_site(run.case.site, run)]


def _patient(patient: Patient) -> str:
    noun = {"male": "man", "female": "woman"}[patient.sex]
    parts = [f"A {noun} of {rounded(patient.age_years)} years", measure(patient.mass, "kg", "kg")]
    if patient.height is not None and patient.body_mass_index is not None:
        parts.append(measure(patient.height, "m", "cm"))
        parts.append(f"body mass index {rounded(patient.body_mass_index)}{NO_BREAK}kg/m²")
    parts.append("who smokes" if patient.smoker else "who does not smoke")
    text = ", ".join(parts) + "."
    if patient.osteonecrosis_risk:
        text += " Steroid, alcohol or known osteonecrosis lowers the yield of marrow."
    if patient.earlier_harvest:
        text += " The same crest was aspirated within a year."
    if patient.blood_nucleated is not None:
        cells = count(patient.blood_nucleated * 1e-6)
        text += f" Blood holds {cells} nucleated cells per mL."
    return text


def _site(site: Site, run: Run) -> list[str]:
    where = f"{site.side} {ADJECTIVES[site.bone]} shaft"
    sentences = [f"{site.diagnosis.capitalize()} of the {where}."]
    if site.shaft is not None:
        sentences[0] += (
            f" The bone is an idealised tube {measure(site.shaft.outer_diameter, 'm', 'mm')} "
            f"across with a canal of {measure(site.shaft.canal_diameter, 'm', 'mm')}."
        )
    if site.scan is not None:
        outer, canal = (2 * r for r in (run.anatomy.outer_radius, run.anatomy.canal_radius))
        sentences[0] += (
            f" The bone comes from a scan; at the gap it is {measure(outer, 'm', 'mm')} across "
            f"with a canal of {measure(canal, 'm', 'mm')}."
        )
    gap = f"The gap is {measure(site.gap.width, 'm', 'mm')} wide"
    if site.gap.tilt:
        gap += f" and lies {measure(site.gap.tilt, 'rad', 'deg').replace('deg', 'degrees')}"
        gap += " off transverse"
    if site.gap.virtual:
        gap += "; it was placed by the program in an intact shaft"
    sentences.append(gap + ".")
    fixation = site.fixation
    if fixation.nail_diameter is not None:
        nail = article(measure(fixation.nail_diameter, "m", "mm"))
        holds = f"{nail[0].upper()}{nail[1:]} intramedullary nail holds"
    else:
        holds = IMPLANTS[fixation.kind]
    given = "as stated in the case" if fixation.axial_stiffness is not None else "a catalogue value"
    stiffness = measure(run.course.fixation_stiffness, "N/m", "N/mm")
    sentences.append(f"{holds} the bone ends, with {stiffness} along the shaft ({given}).")
    biology = site.biology
    ends = (
        "all of the bone ends bleed"
        if biology.living_ends == 1
        else (f"{percent(biology.living_ends)} of the bone ends bleeds")
    )
    sentences.append(
        f"At day 0 the tissue in the gap is perfused at {percent(biology.perfusion)} of living "
        f"bone and is {percent(biology.fibrous)} fibrous; {ends} when freshened."
    )
    return sentences


def plan_events(case: Case) -> list[Event]:
    """Return the steps of the plan in the order of their days."""
    events = []
    for step in sorted(case.plan.steps, key=lambda s: (s.day, s.kind != "injection")):
        if isinstance(step, Injection):
            title = (
                "Injection of cultured cells"
                if isinstance(step.process, Culture)
                else "Injection of marrow concentrate"
                if isinstance(step.process, Concentrate)
                else "Injection of marrow"
            )
            events.append(Event(step.day, title, injection_sentences(step)))
        else:
            events.append(Event(step.day, "Loading", _loading(step)))
    return events


def _loading(step: Loading) -> str:
    if step.body_weights == 0:
        return "No load along the bone."
    return f"Up to {rounded(step.body_weights)} times body weight along the bone in each step."


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


def _harvest(harvest: Harvest, step: Injection) -> str:
    text = f"{_draws(harvest.draws)}"
    if len(harvest.draws) > 1:
        text += f" ({measure(harvest.volume, 'm^3', 'mL')} in all)"
    needle = article(f"{rounded(harvest.needle.gauge)}-gauge needle")
    text += f" from the {key_words(harvest.bone)} through {needle}"
    text += " with side holes" if harvest.side_holes else ""
    text += f" into {measure(harvest.syringe, 'm^3', 'mL')} syringes"
    if harvest.anticoagulant:
        text += f", with {measure(harvest.anticoagulant, 'm^3', 'mL')} of anticoagulant"
    if abs(step.harvest_day - step.day) > 1e-6:
        text += f", on {day(step.harvest_day)}"
    return f"{text[0].upper()}{text[1:]}."


def _process(step: Injection) -> str:
    process = step.process
    if isinstance(process, Concentrate):
        volume = measure(process.product_volume, "m^3", "mL")
        return f"Concentrated to {volume} ({key_words(process.device)})."
    if isinstance(process, Culture):
        dose = "" if process.dose is None else f", {count(process.dose)} of them taken"
        volume = measure(process.product_volume, "m^3", "mL")
        time = f"{rounded(process.duration / 86400)} days"
        return f"Progenitors grown in culture for {time}{dose} and suspended in {volume}."
    return "Not processed."


def _deliver(deliver: Delivery) -> str:
    carrier = CARRIERS.get(deliver.carrier) or (
        f"with {measure(deliver.carrier_volume, 'm^3', 'mL')} of demineralised bone matrix"
    )
    needle = article(f"{rounded(deliver.needle.gauge)}-gauge needle")
    return (
        f"{measure(deliver.volume, 'm^3', 'mL')} injected at "
        f"{measure(deliver.flow, 'm^3/s', 'mL/min')} through {needle} "
        f"{GUIDANCE[deliver.guidance]}, {carrier}, reaching "
        f"{measure(deliver.reach, 'm', 'mm')} around the gap."
    )


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
            f"bridged and stayed so; {tail}, with {cortices} bridged."
        )
    return f"Not united by week {last}, with {cortices} bridged; {tail}."


def tiles(run: Run) -> list[Tile]:
    """Return the key numbers of a run."""
    seen, course = run.follow_up, run.course
    last = f"week {rounded(float(seen.week[-1]))}"
    union = "Week " + rounded(seen.union_week) if seen.union_week is not None else "None"
    stiffness = float(course.stiffness[-1])
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
        Tile(
            "Tissue stiffness",
            measure(stiffness, "N/m", "N/mm"),
            f"{rounded(stiffness / course.fixation_stiffness)} times the fixation",
        ),
    ]


def _dose(run: Run) -> Tile:
    if not run.treatments:
        return Tile("Progenitors retained", "0", "no injection in the plan")
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
