"""What a person who asks for a procedure should know, as one page."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trephine.catalogue.candidacy import WEIGHTS
from trephine.catalogue.load import catalogue
from trephine.report import harms
from trephine.report.page import environment, style
from trephine.report.trial import ROLES, raised
from trephine.report.words import NO_BREAK, listed
from trephine.store.files import replacing
from trephine.study.candidacy import ASKED, NO_ADVICE, Candidacy, Weighed, grounds
from trephine.study.foretold import UNTOLD, Foretold
from trephine.study.options import Option
from trephine.study.studied import DESIGNS

COUNTED = (
    "Counted is every study of this problem in the catalogue in which it was given or compared, "
    "whatever was measured and whether the program may learn from it. In the fit are those of "
    "whose pain or function the model learned. The report of a run counts these, product by "
    "product, so that there concentrate with platelets stands apart. A series that another holds "
    "is counted once."
)
"""What the number of studies is, beside that of a run's report."""
READ = {"seen": "read", "seen_secondary": "as another page tells it", "recalled": "recalled"}
"""How the values of an arm were read, in a word or few."""
STANDINGS = {
    "applies": "Applies to this person",
    "not stated": "Not stated: ask",
    "does not apply": "Stated, and does not apply",
}


def html(found: Candidacy, case_harms: harms.Harms | None) -> str:
    """Return the whole page; it needs nothing else.

    Parameters
    ----------
    found
        What there is to know.
    case_harms
        What the plan may do; None where it does nothing that could harm.
    """
    known = catalogue().sources
    used = dict.fromkeys(key for one in found.weighed for key in one.caution.sources)
    words = {
        "found": found,
        "lead": lead(found),
        "not_advice": NO_ADVICE,
        "rows": rows(found),
        "foretold": [_row(one) for one in apart(found)],
        "has_column": has_column(found),
        "same": same(found),
        "roles": ROLES,
        "read": READ,
        "raised": raised,
        "counted": COUNTED if is_fitted(found) else "",
        "notes": [note for one in found.foretold for note in one.notes],
        "cautions": [
            (title, [_caution(one) for one in found.standing(standing)])  # type: ignore[arg-type]
            for standing, title in STANDINGS.items()
        ],
        "designs": DESIGNS,
        "harms": case_harms,
        "harms_title": harms.TITLE,
        "sources": [(key, known[key].title, known[key].where) for key in used],
        "style": style(),
    }
    return environment().get_template("candidacy.html").render(words)


@dataclass(frozen=True)
class Row:
    """A line of the table of options.

    Parameters
    ----------
    name
        Which option, or which ones that nobody has studied.
    is_planned
        Whether the plan does it.
    studied, rests_on
        How far it was studied, and how much of that a run's report counts.
    computed
        What the program computes of it for the person.
    """

    name: str
    is_planned: bool
    studied: str
    rests_on: str
    computed: str


def rows(found: Candidacy) -> list[Row]:
    """Return the table of options; those that nobody has studied share the last line."""
    told = [one for one in found.options if not _is_unknown(one)]
    others = [one.name for one in found.options if _is_unknown(one)]
    table = [
        Row(one.name, one.is_planned, one.certainty, rests_on(one), one.computed or "Not computed.")
        for one in told
    ]
    if others:
        which = "them" if len(others) > 1 else "it"
        studied = f"Not in this catalogue, which holds no study of {which} for this problem."
        table.append(Row(listed(others), False, studied, "", "No study, so no number."))
    return table


def _is_unknown(option: Option) -> bool:
    return not (option.studies or option.is_planned) and option.computed in UNTOLD


def has_column(found: Candidacy) -> bool:
    """Return whether a number that is computed stands beside any option."""
    return any(option.computed not in UNTOLD for option in found.options)


def apart(found: Candidacy) -> list[Foretold]:
    """Return the ways whose endings were counted, which have a table of their own."""
    return [one for one in found.foretold if one.endings]


def same(found: Candidacy) -> set[tuple[str, str]]:
    """Return studies and products of which several arms must be told apart by name."""
    arms = Counter((one.study, one.product) for one in found.results)
    return {key for key, count in arms.items() if count > 1}


def is_fitted(found: Candidacy) -> bool:
    """Return whether a model was fitted to studies of the problem, which a report counts too."""
    return any(option.fitted is not None for option in found.options)


def lead(found: Candidacy) -> str:
    """Return in a sentence or two how far what is planned has been studied for this problem."""
    planned = [option for option in found.options if option.is_planned]
    told = " ".join(f"{o.name[:1].upper()}{o.name[1:]}: {_lower(o.certainty)}" for o in planned)
    applying = list(dict.fromkeys(one.caution.named for one in found.standing("applies")))
    asked = list(dict.fromkeys(ASKED[one.caution.asks] for one in found.standing("not stated")))
    cares = f"this applies: {listed(applying)}" if applying else "nothing is known to apply"
    said = f"{told} Of what asks for care {cares}."
    if asked:
        said += f" Not stated, and to be asked: {listed(asked)}."
    return said


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


def _caution(one: Weighed) -> dict[str, Any]:
    caution = one.caution
    return {
        "named": caution.named,
        "weight": f"{caution.weight}: {WEIGHTS[caution.weight]}",
        "text": caution.text,
        "grounds": grounds(caution),
    }


def _row(one: Foretold) -> dict[str, Any]:
    return {"name": one.name, "runs": one.runs, "endings": endings(one)}


def endings(one: Foretold) -> list[str]:
    """Return how the runs of one way ended, counted, then what else they tell."""
    counted = [
        f"{number} of {one.runs} runs ({between(one.intervals[sentence])}): {sentence}"
        for sentence, number in one.endings.items()
    ]
    return [*counted, *one.told]


def between(interval: tuple[float, float]) -> str:
    """Return an interval of a share in whole per cent; no number of runs tells always or never."""
    low, high = (100.0 * end for end in interval)
    least = f"<{NO_BREAK}1" if 0.0 < low < 0.5 else f"{low:.0f}"
    most = f">{NO_BREAK}99" if 99.5 < high < 100.0 else f"{high:.0f}"
    return f"{least} to {most}{NO_BREAK}%"


def rests_on(option: Option) -> str:
    """Return how many of the studies of an option a run's report counts; empty where none does."""
    if option.fitted is None or not option.studies:
        return ""
    whole = sum(option.studies.values())
    if not option.fitted:
        return f"None of these {whole} is in the fit." if whole > 1 else "It is not in the fit."
    if option.fitted == whole:
        return "All are in the fit." if whole > 1 else "It is in the fit."
    are = "is" if option.fitted == 1 else "are"
    return f"{option.fitted} of these {whole} {are} in the fit."


def write(found: Candidacy, case_harms: harms.Harms | None, folder: Path) -> Path:
    """Write ``candidacy.html`` into a folder, which is made where it is not there, return it."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "candidacy.html"
    with replacing(page) as part:
        part.write_text(html(found, case_harms), encoding="utf-8")
    return page
