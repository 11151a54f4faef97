"""Write the pages on published evidence: studies, effects, claims, contradictions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from trephine.catalogue.claims import DESCRIPTIONS, claims
from trephine.catalogue.cohorts import Dose, Endpoint, Study, cohorts, endpoints, values
from trephine.catalogue.effects import Patient, effects
from trephine.catalogue.effects import values as effect_values
from trephine.catalogue.load import catalogue
from trephine.catalogue.printed import Printed
from trephine.catalogue.quality import contradictions
from trephine.catalogue.second_entry import provisional, second_entries, typed
from trephine.catalogue.vocabulary import Condition

FOLDER = "evidence"
TABLES = {
    "risk_factors": "Risk factors",
    "harms": "Harms",
    "least_differences": "Least differences that matter, and scores taken as united",
    "patients": "Patients told of one by one",
}

Table = Callable[[Iterable[str], Iterable[Iterable[str]]], Iterator[str]]


def pages(made: str, table: Table) -> dict[Path, str]:
    """Return the text of each page by its path below the folder of reference pages.

    Parameters
    ----------
    made
        The remark that a page is made, with a place for what it is made from.
    table
        Yields the lines of a table from its head and rows.
    """
    kinds = {
        "studies": (studies_page, "cohorts/"),
        "effects": (effects_page, "effects/"),
        "claims": (claims_page, "claims/"),
        "contradictions": (contradictions_page, "cohorts/` and `src/trephine/catalogue/quality.py"),
    }
    return {
        Path(FOLDER) / f"{name}.md": "\n".join(
            page(made.format(source=f"`src/trephine/catalogue/data/{source}`"), table)
        )
        + "\n"
        for name, (page, source) in kinds.items()
    }


def studies_page(made: str, table: Table) -> Iterator[str]:
    """Yield the page on every published study."""
    studies = cohorts()
    first = values(studies)
    open_ones = provisional(first, second_entries())
    yield "# Published studies\n"
    yield made
    yield (
        f"{len(studies)} studies with {sum(len(s.arms) for s in studies.values())} arms and "
        f"{len(endpoints(studies))} outcomes, as their sources print them; nothing is worked out "
        f"anew. {told_twice(first)} Roles: *calibrate* may "
        "set a parameter, *holdout* only tests a prediction, *context* does neither "
        "([why and how](../../explanation/evidence-and-catalogue.md)). What does not fit "
        "together: [contradictions](contradictions.md).\n"
    )
    for condition in Condition:
        own = {name: s for name, s in studies.items() if s.condition == condition}
        if not own:
            continue
        yield f"## {condition.capitalize()}\n"
        for name, study in own.items():
            yield from study_section(name, study, open_ones, table)


def told_twice(first: Mapping[str, Printed]) -> str:
    """Return how many numbers two readers agree on, in a sentence."""
    numbers = sum(typed(value) is not None for value in first.values())
    still_open = len(provisional(first, second_entries()))
    return (
        f"Of {numbers} numbers a second reader has typed {numbers - still_open} again from the "
        "evidence tables without sight of the first entry, and the two agree; what only one has "
        "read is provisional (○). That says nothing on whether a table tells its publication "
        "right: for this, see *seen* and *recalled*."
    )


def study_section(
    name: str, study: Study, open_ones: frozenset[str], table: Table
) -> Iterator[str]:
    """Yield the section on a study."""
    year = f" ({study.year})" if study.year else ""
    yield f'### <a id="{name.lower()}"></a>{name}{year}\n'
    size = ", ".join(f"{n} {counted}" for counted, n in study.sizes.items())
    told = [f"{study.site}; {study.design}; {study.population}", size, linked(study.source)]
    yield "; ".join(part for part in told if part) + ".\n"
    for reason in study.inconsistencies:
        yield f"*Does not fit:* {reason}.\n"
    for note in study.notes:
        yield f"*Note:* {note}.\n"
    rows = []
    for key, arm in study.arms.items():
        who = f"{arm.label}, {arm.n}" if arm.n else arm.label
        who += f" ({arm.product})"
        entries: list[tuple[str, Dose | Endpoint]] = [*arm.doses.items(), *arm.endpoints.items()]
        for own, value in entries:
            mark = "○ " if f"{name}.{key}.{own}" in open_ones else ""
            rows.append((f"{mark}`{key}.{own}`", who, *value_cells(value)))
    if rows:
        yield from table(("value", "patients", "what", "printed", "certainty", "grounds"), rows)


def value_cells(value: Printed) -> tuple[str, str, str, str]:
    """Return what, value, certainty and grounds of a published value."""
    time = f", {value.time}" if isinstance(value, Endpoint) and value.time else ""
    note = f" *({safe(value.note)})*" if value.note else ""
    grounds = f"{value.role}, {value.access} {value.confidence:g}"
    return safe(value.what + time) + note, safe(value.value), safe(value.certainty), grounds


def effects_page(made: str, table: Table) -> Iterator[str]:
    """Yield the page on risk factors, harms, least differences and patients."""
    yield "# Published effects\n"
    yield made
    first = effect_values(effects())
    open_ones = provisional(first, second_entries())
    yield (
        "Risk factors, harms and least differences as their sources print them. They set no "
        "parameter of the model of one patient; marginal odds ratios must not be multiplied. "
        f"{told_twice(first)}\n"
    )
    for name, entries in effects():
        yield f"## {TABLES[name]}\n"
        if name == "patients":
            yield from table(
                ("patient", "got", "problem", "outcome", "grade", "source"),
                (patient_row(key, patient) for key, patient in entries.items()),
            )
            continue
        yield from table(
            ("name", "what", "printed", "certainty", "grounds", "source"),
            (
                (
                    f"{'○ ' if f'{name}.{key}' in open_ones else ''}`{key}`",
                    *value_cells(value),
                    linked(value.source),
                )
                for key, value in entries.items()
            ),
        )


def patient_row(name: str, patient: Patient) -> tuple[str, ...]:
    """Return the cells of a patient's row."""
    grades = " or ".join(map(str, patient.grades)) or "not told"
    problem = f"{patient.population}, {patient.site}"
    return (
        f"`{name}`",
        patient.arm,
        problem,
        patient.outcome,
        grades,
        linked(patient.source),
    )


def claims_page(made: str, table: Table) -> Iterator[str]:
    """Yield the page on the ledger of claims."""
    ledger = claims()
    verdicts = [claim.verdict for claim in ledger.values()]
    count = ", ".join(f"{verdicts.count(v)} {v}" for v in dict.fromkeys(sorted(verdicts)))
    yield "# The ledger of claims\n"
    yield made
    yield (
        f"What five public descriptions of the therapy claim, in other words, and what the "
        f"evidence says: {count}. Where a simulation can test a claim, the experiment is named; "
        "its result stands beside it once it has been run.\n"
    )
    for letter, about in DESCRIPTIONS.items():
        yield f"## Description {letter}, {about}\n"
        yield from table(
            ("claim", "says", "evidence", "verdict", "known", "source"),
            (
                (
                    f'<a id="claim-{key.lower()}"></a>{key}',
                    safe(claim.claim),
                    safe(claim.evidence),
                    f"**{claim.verdict}**",
                    f"{' and '.join(claim.basis) or 'not found'}, {claim.confidence:g}",
                    linked(claim.source),
                )
                for key, claim in ledger.items()
                if claim.description == letter
            ),
        )
    yield "## Claims that a simulation can test\n"
    yield from table(
        ("claim", "command", "vary", "look at", "result"),
        (
            (
                f"[{key}](#claim-{key.lower()}): {safe(claim.claim)}",
                f"`trephine {claim.experiment.command}`",
                claim.experiment.vary,
                claim.experiment.look_at,
                claim.experiment.result or "not yet run",
            )
            for key, claim in ledger.items()
            if claim.experiment
        ),
    )


def contradictions_page(made: str, table: Table) -> Iterator[str]:
    """Yield the page on what does not fit together."""
    studies = cohorts()
    found = contradictions(studies, effects(), catalogue().sources)
    yield "# What published numbers contradict\n"
    yield made
    yield (
        f"Checks go through every study and between studies: counts against percentages, "
        "percentages that no whole number of patients gives, arms against the whole, spreads "
        "against their value, shares over time, doses against volume and concentration, changes "
        "against before and after, one source quoted twice, one series told twice, studies of one "
        f"question whose intervals do not touch. They find {len(found)}; a test holds the list, so "
        "that a new one is seen.\n"
    )
    yield "## Found by the checks\n"
    yield from table(
        ("check", "how hard", "where", "what"),
        (
            (
                c.check,
                c.strength,
                " and ".join(place(p, studies) for p in dict.fromkeys((c.first, c.second))),
                safe(c.why),
            )
            for c in found
        ),
    )
    yield "## Told of a study itself\n"
    yield from table(
        ("study", "what"),
        (
            (place(name, studies), safe(reason))
            for name, study in studies.items()
            for reason in study.inconsistencies
        ),
    )


def place(name: str, studies: Mapping[str, Study]) -> str:
    """Return a name, linked to its study where it is of one."""
    study = name.split(".", maxsplit=1)[0]
    return f"[`{name}`](studies.md#{study.lower()})" if study in studies else f"`{name}`"


def linked(source: str) -> str:
    """Return identifiers and addresses as they are read, none of them a link that could rot."""
    return "; ".join(
        f"`{part}`" if re.match(r"10\.|https?://", part) else safe(part)
        for part in re.split(r" ; ", source)
        if part
    )


def safe(text: str) -> str:
    """Return text that Markdown leaves as it is."""
    return re.sub(r"([<>*_~\[\]])", r"\\\1", text)
