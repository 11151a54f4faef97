"""Owns the operations of a plan told in sentences."""

from __future__ import annotations

from trephine.case.surgery import Autograft, ExchangeNail, RevisionPlating, Surgery
from trephine.report.words import article, key_words, measure


def surgery_words(step: Surgery) -> tuple[str, str]:
    """Return an operation in a few words, and in a sentence or two."""
    left = getattr(step, "gap_left", None)
    ends = "" if left is None else f" The bone ends are brought to {measure(left, 'm', 'mm')}."
    match step:
        case ExchangeNail():
            nail = article(measure(step.nail_diameter, "m", "mm"))
            text = f"The canal is reamed and {nail} nail put in; what held the bone is taken out."
            return "Exchange nailing", text + ends
        case RevisionPlating():
            stays = "stays" if step.earlier == "stays" else "is taken out"
            text = f"The gap is opened and cleaned and a plate put on; what held before {stays}."
            return "Revision plating", text + ends
        case Autograft():
            packed = measure(step.volume, "m^3", "mL")
            return "Autograft", (
                f"The gap is opened and cleaned, and {packed} of the patient's own bone from the "
                f"{key_words(step.bone)} packed in and around it."
            )
