"""Owns the patient, the bone and its fixation told in sentences, from the case."""

from __future__ import annotations

from trephine.case.patient import Patient
from trephine.case.run import Run
from trephine.case.site import Site
from trephine.report.words import NO_BREAK, article, count, listed, measure, percent, rounded

ADJECTIVES = {"femur": "femoral", "tibia": "tibial", "humerus": "humeral"}
IMPLANTS = {
    "plate": "A plate holds",
    "unilateral_fixator": "A unilateral external fixator holds",
    "ring_fixator": "A ring fixator holds",
    "cast": "A cast holds",
}
LOCKING = {
    "sliding": ", free to slide along the shaft,",
    "press_fit": ", wedged in the canal without bolts,",
}


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
    if patient.diabetes:
        text += f" {'She' if patient.sex == 'female' else 'He'} has diabetes."
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
    fresh = "Fresh fracture" if site.diagnosis == "fracture" else site.diagnosis.capitalize()
    sentences = [f"{fresh} of the {where}."]
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
        how = LOCKING.get(fixation.locking or "", "")
        holds = f"{nail[0].upper()}{nail[1:]} intramedullary nail{how} holds"
    else:
        holds = IMPLANTS[fixation.kind]
    sentences.append(f"{holds} the bone ends, {_stiffness(site, run)}.")
    biology = site.biology
    ends = (
        "all of the bone ends bleed"
        if biology.living_ends == 1
        else (f"{percent(biology.living_ends)} of the bone ends bleeds")
    )
    clot = f"{percent(biology.clot)} clot of blood and marrow" if biology.clot else ""
    fibrous = f"{percent(biology.fibrous)} fibrous" if biology.fibrous or not clot else ""
    held = " and ".join(word for word in (clot, fibrous) if word)
    what = "what fills" if clot else "the tissue in"
    sentences.append(
        f"At day 0 {what} the gap is perfused at {percent(biology.perfusion)} of living "
        f"bone and is {held}; {ends} when freshened."
    )
    hurt = {"periosteum": biology.periosteum, "marrow": biology.marrow}
    told = [f"{percent(v)} of the {name}" for name, v in hurt.items() if v < 1]
    if told:
        sentences.append(f"Beside the gap {listed(told)} lives.")
    if biology.debris:
        sentences.append(
            f"Fresh debris amounts to {percent(biology.debris)} of that of a severe fracture."
        )
    return sentences


def _stiffness(site: Site, run: Run) -> str:
    """Return how stiff the implant is along the shaft, and who says so."""
    if site.fixation.locking == "press_fit":
        return "bonded to the bone where it touches"
    if run.course.fixation_stiffness <= 0:
        return "and gives way along the shaft"
    if run.case.plan.surgeries:
        return "until an operation changes that"
    is_stated = site.fixation.axial_stiffness is not None
    given = "as stated in the case" if is_stated else "from the catalogue"
    stiffness = measure(run.course.fixation_stiffness, "N/m", "N/mm")
    return f"with {stiffness} along the shaft ({given})"
