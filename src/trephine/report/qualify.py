"""Owns the page of a qualification: what is inside, what misses and why, and with what it ran."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from trephine.report.forest import forest, title_of
from trephine.report.trial import NOTHING, number, raised
from trephine.report.words import NO_BREAK, rounded
from trephine.store.files import replacing

Plain = dict[str, Any]

PAGE = "qualify.html"
KINDS = {"not fitted": "not fitted", "fitted": "may be fitted"}
UNEXPLAINED = "not explained yet"
MISSED = ("outside", "no value")


def coverage_words(told: Plain) -> str:
    """Return a coverage with its interval, in words.

    Examples
    --------
    ``"5 of 6 inside, 83.3 % (35.9 to 99.6)"``.
    """
    if not told["of"]:
        return "none to compare"
    share = rounded(100 * told["inside"] / told["of"])
    ends = f"{rounded(100 * told['low'])} to {rounded(100 * told['high'])}"
    return f"{told['inside']} of {told['of']} inside, {share}{NO_BREAK}% ({ends})"


def alone_words(told: Plain) -> str:
    """Return the coverages without an allowance for a model that is off, where that matters."""
    said = [
        f"{words}, {coverage_words(told[f'{kind}, alone'])}"
        for kind, words in KINDS.items()
        if told.get(f"{kind}, alone", told[kind]) != told[kind]
    ]
    return f"without the allowance for a model that is off: {'; '.join(said)}" if said else ""


def shown(said: Plain | None, unit: str) -> str:
    """Return a prediction with its interval, and the share of patients it leaves out, in words."""
    if said is None or said["predicted"] is None or said["low"] is None:
        return NOTHING
    ends = f"{rounded(said['low'])} to {rounded(said['high'])}"
    words = f"{number(said['predicted'], unit)} ({ends})"
    left = said.get("left_out", 0.0)
    return f"{words}; {rounded(100 * left)}{NO_BREAK}% of patients left out" if left else words


def verdict(said: Plain | None) -> str:
    """Return where a published value lies, in a word or two."""
    return NOTHING if said is None else said["verdict"] or NOTHING


def lead(told: Plain) -> str:
    """Return what came out, in a few sentences."""
    words = []
    for column in told["columns"]:
        found = told["coverage"][column["name"]]
        if column["absent"] and not found["not fitted"]["of"] + found["fitted"]["of"]:
            words.append(f"{column['title']}: nothing is predicted; {column['absent']}.")
            continue
        alone = alone_words(found)
        said = [f"{KINDS[kind]}, {coverage_words(found[kind])}" for kind in KINDS]
        words.append(f"{column['title']}: {'; '.join([*said, *filter(None, [alone])])}.")
    missed = misses(told)
    open_ = sum(not one["why"] for one in missed)
    words.append(f"{len(missed)} endpoints are missed, {open_} of them without an explanation.")
    return " ".join(words)


def misses(told: Plain) -> list[Plain]:
    """Return the endpoints that any column misses, those that were not fitted first."""
    return sorted((one for one in told["endpoints"] if one["is_missed"]), key=_fitted)


def _fitted(one: Plain) -> bool:
    return bool(one["is_fitted"])


def missing_columns(one: Plain, columns: Sequence[Plain]) -> str:
    """Return by which columns an endpoint is missed."""
    found = [
        column["title"]
        for column in columns
        if one["columns"].get(column["name"], {"verdict": ""})["verdict"] in MISSED
    ]
    return " and ".join(found)


def agreement(said: Plain) -> str:
    """Return whether a statement of a series holds, in words."""
    if said["predicted"] is None:
        return "cannot be told"
    word = "holds" if said["holds"] else "does not hold"
    if said["agrees"] is None:
        return word
    return f"{word}; so in {rounded(100 * said['agrees'])}{NO_BREAK}% of trials of that size"


def html(told: Plain) -> str:
    """Return the whole page of a qualification, given as plain data."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("trephine.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    style = (resources.files("trephine.report") / "templates" / "page.css").read_text("utf-8")
    return environment.get_template(PAGE).render(
        told=told,
        lead=lead(told),
        misses=misses(told),
        columns=[
            column
            for column in told["columns"]
            if any(column["name"] in one["columns"] for one in told["endpoints"])
        ],
        picture=Markup(forest(told)),  # noqa: S704  (text is escaped there)
        scores=told.get("scores", []),
        conditions=told.get("conditions", []),
        kinds=KINDS,
        nothing=NOTHING,
        unexplained=UNEXPLAINED,
        agreement=agreement,
        coverage_words=coverage_words,
        missing_columns=missing_columns,
        number=number,
        raised=raised,
        shown=shown,
        title_of=title_of,
        verdict=verdict,
        style=Markup(style),  # noqa: S704  (our own file)
    )


def write(told: Plain, folder: Path) -> Path:
    """Write the page into a folder and return it."""
    page = folder / PAGE
    with replacing(page) as part:
        part.write_text(html(told), encoding="utf-8")
    return page
