"""How published evidence looks on a terminal: studies, values, effects, claims, contradictions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.padding import Padding

from trephine.catalogue.claims import DESCRIPTIONS, Claim
from trephine.catalogue.cohorts import Arm, Endpoint, Study
from trephine.catalogue.effects import Patient
from trephine.catalogue.printed import Frozen, Printed
from trephine.cli.paper import paper, table

ROLE = len("calibrate,")
"""Columns for a role, so that no word is broken where there are 80."""


def list(studies: Mapping[str, Study]) -> None:  # noqa: A001  (the word of the command)
    """Print a line for each study."""
    console = paper()
    if not studies:
        console.print("No study is of this kind.")
        return
    rows = table("study", "of what: with what", ">values", "role")
    rows.columns[0].no_wrap = True
    rows.columns[3].width = ROLE
    for name, study in studies.items():
        products = dict.fromkeys(str(arm.product) for arm in study.arms.values())
        count = sum(isinstance(value, Endpoint) for _, _, value in study.values())
        what = f"{study.condition}, {study.site}: {', '.join(products)}"
        rows.add_row(name, what, str(count), ", ".join(study.roles))
    console.print(rows)
    console.print(f"{len(studies)} studies; 'trephine evidence show STUDY' prints one.")


def show(found: Mapping[str, Frozen]) -> None:
    """Print whole entries, one below the other."""
    console = paper()
    for name, entry in found.items():
        if isinstance(entry, Study):
            _study(console, name, entry)
        elif isinstance(entry, Claim):
            _claim(console, name, entry)
        else:
            _facts(console, name, _told(entry))


def search(found: Mapping[str, Frozen]) -> None:
    """Print each entry's name on a line of its own, and below it what it says."""
    console = paper()
    if not found:
        console.print("Nothing holds all of these words.")
    for name, entry in found.items():
        what, value = line(entry)
        _named(console, name, f"{what}: {value}")


def effects(tables: Mapping[str, Mapping[str, Frozen]]) -> None:
    """Print each effect's name on a line of its own, and below it what it says, table by table."""
    console = paper()
    for title, entries in tables.items():
        console.print(title.replace("_", " ").capitalize(), style="bold")
        for name, entry in entries.items():
            what, value = line(entry)
            _named(console, f"{title}.{name}", f"{what}: {value}")
        console.print()


def claims(ledger: Mapping[str, Claim]) -> None:
    """Print the ledger of claims."""
    console = paper()
    told = ""
    for name, claim in ledger.items():
        if claim.description != told:
            told = claim.description
            console.print(f"Description {told}, {DESCRIPTIONS[claim.description]}", style="bold")
            console.print()
        _claim(console, name, claim)


def contradictions(found: Mapping[str, Any]) -> None:
    """Print what the checks find, and what is told of studies in words."""
    console = paper()
    console.print("Found by the checks", style="bold")
    for c in found["found"]:
        where = c.first if c.first == c.second else f"{c.first} and {c.second}"
        console.print(Padding(where, (1, 0, 0, 0)))
        console.print(Padding(f"{c.strength} ({c.check}): {c.why}", (0, 0, 0, 2)))
    console.print()
    console.print("Told of the study itself", style="bold")
    for name, reasons in found["stated"].items():
        console.print(Padding(name, (1, 0, 0, 0)))
        for reason in reasons:
            console.print(Padding(reason, (0, 0, 0, 2)))


def line(entry: Frozen) -> tuple[str, str]:
    """Return what an entry is about and its value, each in one piece of text."""
    if isinstance(entry, Study):
        return (
            f"{entry.condition}, {entry.site}: {entry.design}",
            f"{len(entry.arms)} arm{'s' if len(entry.arms) > 1 else ''}",
        )
    if isinstance(entry, Claim):
        return entry.claim, entry.verdict
    if isinstance(entry, Patient):
        grades = " or ".join(str(grade) for grade in entry.grades)
        return f"{entry.arm}: {entry.outcome}", grades or "not told"
    assert isinstance(entry, Printed)  # noqa: S101  (all other entries are printed values)
    time = f", {entry.time}" if isinstance(entry, Endpoint) and entry.time else ""
    return entry.what + time, "; ".join(p for p in (entry.value, entry.certainty) if p)


def _study(console: Console, name: str, study: Study) -> None:
    _facts(
        console,
        name,
        {
            "Year": str(study.year or ""),
            "Design": study.design,
            "Condition": f"{study.condition}, {study.site}",
            "Patients": study.population,
            "Size": ", ".join(f"{n} {counted}" for counted, n in study.sizes.items()),
            "Source": study.source,
            "Does not fit": "; ".join(study.inconsistencies),
            "Notes": "; ".join(study.notes),
        },
    )
    for key, arm in study.arms.items():
        console.print(_arm(arm), style="bold")
        for own, value in (*arm.doses.items(), *arm.endpoints.items()):
            what, told = line(value)
            grounds = f"{value.role}, {value.access} {value.confidence:g}"
            _named(console, f"{name}.{key}.{own}", f"{what}: {told} ({grounds})")
        console.print()


def _named(console: Console, name: str, words: str) -> None:
    """Print a name on a line that is never broken, to be copied, and words below it."""
    console.print(name, style="cyan", soft_wrap=True)
    console.print(Padding(words, (0, 0, 0, 4)))


def _arm(arm: Arm) -> str:
    """Return in words who an arm is."""
    size = f", {arm.n}" if arm.n else ""
    part = f", part of {arm.part_of}" if arm.part_of else ""
    against = f", against {arm.against}" if arm.against else ""
    return f"{arm.label} ({arm.product}{size}{part}{against})"


def _claim(console: Console, name: str, claim: Claim) -> None:
    told = {
        "Evidence": claim.evidence,
        "Source": claim.source,
        "Known": f"{' and '.join(claim.basis) or 'not found'}, confidence {claim.confidence:g}",
    }
    if claim.experiment:
        asked = claim.experiment
        told["To test it"] = f"trephine {asked.command}; vary {asked.vary}; look at {asked.look_at}"
        told["It came out"] = asked.result
    _facts(console, f"{name}  {claim.verdict.upper()}: {claim.claim}", told)


def _told(entry: Frozen) -> dict[str, str]:
    """Return the facts of an entry by their names in words."""
    facts = {key: value for key, value in entry if value not in ("", None, (), {})}
    if isinstance(entry, Printed):
        facts = {"value": entry.value, "certainty": entry.certainty} | {
            k: v
            for k, v in facts.items()
            if k not in {"printed", "sign", "low", "high", "words", "unit", "scale", "spread", "p"}
        }
    return {
        key.replace("_", " ").capitalize(): ", ".join(str(v) for v in value)
        if isinstance(value, tuple)
        else str(value)
        for key, value in facts.items()
    }


def _facts(console: Console, heading: str, facts: Mapping[str, str]) -> None:
    console.print(heading, style="bold")
    for name, words in facts.items():
        if words:
            console.print(Padding(f"{name}: {words}", (0, 0, 0, 2)))
    console.print()
