"""Owns the steps of any plan told in words, for people who are not told of voxels."""

from __future__ import annotations

from trephine.case.comparator import Exercise, Needled, Operation
from trephine.case.decompression import CoreDecompression
from trephine.case.distraction import Distraction
from trephine.case.loading import Loading
from trephine.case.medication import Medication
from trephine.case.plan import Injection, Plan, Step
from trephine.case.surgery import Surgery
from trephine.report.operations import surgery_words
from trephine.report.words import measure, time_span

DAY = 86400.0
MADE = {
    "none": "marrow as drawn",
    "concentrate": "marrow concentrate",
    "centrifuge": "marrow concentrate",
    "culture": "cultured cells",
    "stromal_vascular_fraction": "cells of fat",
    "microfragmented_fat": "fragmented fat",
}
"""What an injection holds, by how it is processed."""


def steps(plan: Plan) -> list[tuple[float, str, str]]:
    """Return day [s], title and words of each step of a plan, in the order of the days."""
    ordered = sorted(plan.steps, key=lambda step: (step.day, step.kind))
    return [(step.day, *words(step)) for step in ordered]


def words(step: Step) -> tuple[str, str]:
    """Return a step in a few words, and in a sentence; the sentence may be empty."""
    if isinstance(step, Injection):
        made = MADE.get(step.process.method, step.process.method.replace("_", " "))
        drawn = measure(step.harvest.volume, "m^3", "mL")
        given = measure(step.deliver.volume, "m^3", "mL")
        return f"Injection of {made}", f"{given} is injected, made of {drawn} that was drawn."
    if isinstance(step, Surgery):
        return surgery_words(step)
    return step.kind.replace("_", " ").capitalize(), _text(step)


def _text(step: Step) -> str:
    """Return what a step is in a sentence, where its name alone says too little."""
    text = ""
    if isinstance(step, CoreDecompression):
        width = measure(step.diameter, "m", "mm")
        text = f"A track {width} wide is drilled through the neck of the femur into the head."
    elif isinstance(step, Distraction):
        text = distracted(step)
    elif isinstance(step, Loading):
        weights = "body weight" if step.body_weights == 1 else "body weights"
        text = f"At most {step.body_weights:.2g} {weights} in a step of walking."
    elif isinstance(step, Medication):
        name = {"nsaid": "An ibuprofen-like drug (NSAID)", "corticosteroid": "A corticosteroid"}
        until = "to the end" if step.until is None else f"until day {step.until / DAY:g}"
        text = f"{name[step.drug]}, {until}."
    elif isinstance(step, Exercise):
        text = "At home or guided; nothing is injected."
    elif isinstance(step, Operation):
        text = f"{step.what.replace('_', ' ').capitalize()}."
    elif isinstance(step, Needled) and step.times > 1 and step.every is not None:
        every = time_span(step.every).removeprefix("1 ")
        text = f"{step.times} times, one every {every}."
    return text


def distracted(step: Distraction) -> str:
    """Return a distraction in a sentence."""
    pace = measure(step.rate * DAY, "m", "mm")
    gained = measure(step.length, "m", "mm")
    turns = "turn" if step.rhythm == 1 else "turns"
    return (
        f"The bone ends are drawn apart by {pace} a day in {step.rhythm} {turns}, {gained} in all, "
        f"until day {step.end / DAY:g}."
    )
