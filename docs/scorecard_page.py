"""Makes the scorecard: its words by hand, its tables and picture from what `make qualify` found."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from trephine.cli.qualify import MOST
from trephine.core.shares import clopper_pearson
from trephine.report.forest import forest, standalone, title_of
from trephine.report.qualify import (
    KINDS,
    MISSED,
    UNEXPLAINED,
    agreement,
    alone_words,
    coverage_words,
    missing_columns,
    shown,
)
from trephine.report.qualify import misses as missed
from trephine.report.trial import NOTHING
from trephine.report.words import rounded
from trephine.study import misses

DOCS = Path(__file__).parent
VALIDATION = DOCS.parent / "validation"
FOUND = VALIDATION / "qualification.json"
WHYS = VALIDATION / "misses.toml"
PICTURE = DOCS / "images" / "scorecard.svg"
WORDS = {"outside": "**outside**", "no value": "**no value**", "inside": "inside", "": NOTHING}

Table = Callable[[Iterable[str], Iterable[Iterable[str]]], Iterator[str]]
Plain = dict[str, Any]


def found() -> Plain:
    """Return what the last `make qualify` found, with the explanations as they are written now.

    Raises
    ------
    ValueError
        If something is explained that was not missed.
    """
    told: Plain = json.loads(FOUND.read_text(encoding="utf-8"))
    whys = {
        (trial, key): why for trial, some in misses.read(WHYS).items() for key, why in some.items()
    }
    for one in told["endpoints"]:
        one["why"] = whys.pop((one["trial"], one["key"]), "")
        if one["why"] and not one["is_missed"]:
            raise ValueError(f"{WHYS.name} explains {one['trial']}.{one['key']}, which is no miss")
    if whys:
        raise ValueError(f"{WHYS.name} explains what no trial holds: {sorted(whys)}")
    return told


def scores() -> Mapping[str, tuple[Any, ...]]:
    """Return the scores of the laws of each stage, from the module that the tests share."""
    by_stage: Mapping[str, tuple[Any, ...]] = _validation("cell_scores").STAGES
    return by_stage


def conditions() -> list[Plain]:
    """Return what the checks of other conditions than the shaft found, by condition."""
    kept: list[Plain] = _validation("condition_scores").kept()
    return kept


def _validation(name: str) -> ModuleType:
    """Return a module of the validation, which is no package."""
    if str(VALIDATION) not in sys.path:
        sys.path.append(str(VALIDATION))
    return importlib.import_module(name)


def picture() -> str:
    """Return the picture of the published values on the predicted intervals."""
    return standalone(forest(found())) + "\n"


def blocks(table: Table) -> dict[str, Iterable[str]]:
    """Return what stands between the marks of the page."""
    told, by_stage = found(), scores()
    columns = [
        c for c in told["columns"] if any(c["name"] in e["columns"] for e in told["endpoints"])
    ]
    head = ("stage", "quantity", "model", "published", "kind", "source")
    return {
        "glance": glance(told, by_stage, table),
        "missed": missed_block(told, columns, table),
        "cohorts": cohorts(told, columns, table),
        "coverage": coverage(told, table),
        "dose": dose(told, table),
        "patients": patients(told, table),
        "verification": verification(told, table),
        "conditions": conditions_block(table),
        "laws": laws(by_stage, table),
        "misses": table((*head, "why"), rows(by_stage, "miss")),
        "near": table(head, (row[:6] for row in rows(by_stage, "near"))),
        "within": table(head, (row[:6] for row in rows(by_stage, "within"))),
        "made": made(told),
    }


def glance(told: Plain, by_stage: Mapping[str, tuple[Any, ...]], table: Table) -> Iterator[str]:
    """Yield the whole page in a few lines."""
    lines = []
    for column in told["columns"]:
        counts = told["coverage"][column["name"]]
        for kind, words in KINDS.items():
            said = (
                coverage_words(counts[kind]) if counts[kind]["of"] else column["absent"] or "none"
            )
            lines.append((f"endpoints of trials, {words}", column["title"], said))
    for one in conditions():
        for words in KINDS.values():
            some = [score for score in one["scores"] if score["role"] == words]
            if some:
                lines.append((f"{one['condition']}, {words}", "a model of its own", counted(some)))
    tests = told["verification"]
    if tests:
        said = f"{tests['passed']} passed, {tests['failed']} failed, {tests['skipped']} skipped"
        lines.append(("verification", f"{tests['twins']} tests are twins", said))
    every = [score for some in by_stage.values() for score in some]
    for kind, is_fit in (("tests", False), ("fits", True)):
        some = [score.verdict for score in every if score.fit == is_fit]
        said = ", ".join(f"{some.count(v)} {v}" for v in ("within", "near", "miss"))
        lines.append(("laws of harvest, processing and delivery", kind, said))
    yield from table(("what", "by", "result"), lines)


def missed_block(told: Plain, columns: list[Plain], table: Table) -> Iterator[str]:
    """Yield what lies outside, with the reason where one was written down."""
    lines = [
        (
            title_of(one["trial"]),
            one["name"],
            one["observed"]["shown"],
            *(shown(one["columns"].get(c["name"]), one["unit"]) for c in columns),
            missing_columns(one, columns),
            KINDS["fitted" if one["is_fitted"] else "not fitted"],
            one["why"] or f"*{UNEXPLAINED}*",
        )
        for one in missed(told)
    ]
    titles = [c["title"] for c in columns]
    yield from table(("trial", "endpoint", "published", *titles, "missed by", "role", "why"), lines)


def cohorts(told: Plain, columns: list[Plain], table: Table) -> Iterator[str]:
    """Yield every endpoint with its predictions."""
    head = ["trial", "endpoint", "week", "n", "published"]
    for column in columns:
        head += [f"{column['title']}: mean (90 %)", "it lies"]
    lines = []
    for one in told["endpoints"]:
        line = [title_of(one["trial"]), one["name"], rounded(one["week"] or 0)]
        line += [
            " and ".join(map(str, one["n"])),
            one["observed"]["shown"] if one["observed"] else NOTHING,
        ]
        for column in columns:
            said = one["columns"].get(column["name"])
            line += [shown(said, one["unit"]), word(said)]
        role = KINDS["fitted" if one["is_fitted"] else "not fitted"] if one["observed"] else ""
        lines.append((*line, role))
    yield from table((*head, "role"), lines)


def word(said: Plain | None) -> str:
    """Return where a published value lies, a miss in bold."""
    if said is None:
        return NOTHING
    return f"refused: {said['reason']}" if said["verdict"] == "refused" else WORDS[said["verdict"]]


def coverage(told: Plain, table: Table) -> Iterator[str]:
    """Yield how many published values the intervals of each column hold, and which they do not."""
    lines = []
    for column in told["columns"]:
        counts = told["coverage"][column["name"]]
        lines.append(
            (column["title"], *(coverage_words(counts[kind]) for kind in KINDS), column["absent"])
        )
        if alone_words(counts):
            alone = (counts[f"{kind}, alone"] for kind in KINDS)
            title = f"{column['title']}, without the allowance for a model that is off"
            lines.append((title, *map(coverage_words, alone), ""))
    yield from table(("intervals of", *KINDS.values(), "absent because"), lines)
    for column in told["columns"]:
        for kind, words in KINDS.items():
            outside = [
                f"{title_of(one['trial'])}, {one['name']}"
                for one in told["endpoints"]
                if one["is_fitted"] == (kind == "fitted")
                and one["columns"].get(column["name"], {"verdict": ""})["verdict"] in MISSED
            ]
            if outside:
                yield f"{column['title']}, {words}, outside: {'; '.join(outside)}.\n"


def dose(told: Plain, table: Table) -> Iterator[str]:
    """Yield what each series says of its dose, and whether it holds."""
    for stem, said in told["statements"].items():
        yield f"{title_of(stem)}:\n"
        yield from table(
            ("the series says", "published", "quantity", "predicted, 90 % of such trials", ""),
            (
                (
                    one["words"],
                    one["published"],
                    one["quantity"],
                    shown(one, ""),
                    agreement(one),
                )
                for one in said
            ),
        )


def patients(told: Plain, table: Table) -> Iterator[str]:
    """Yield how many virtual patients there were and how many gave no outcome."""
    lines = [
        (
            title_of(trial["trial"]),
            arm["name"],
            *(str(arm[k]) for k in ("virtual", "united", "failed")),
        )
        for trial in told["trials"]
        for arm in trial["arms"]
    ]
    yield from table(("trial", "arm", "virtual patients", "united", "without outcome"), lines)
    for trial in told["trials"]:
        errors = [*trial["errors"], *([trial["lacks"]] if trial["lacks"] else [])]
        if errors:
            yield f"{title_of(trial['trial'])}: {'; '.join(errors)}.\n"


def verification(told: Plain, table: Table) -> Iterator[str]:
    """Yield the results of the verification by subject."""
    tests = told["verification"]
    if not tests:
        yield "The last qualification ran no verification.\n"
        return
    keys = ("passed", "failed", "skipped", "twins")
    lines = [(one["kind"], *(str(one[key]) for key in keys)) for one in tests["files"]]
    yield from table(("subject", *keys), [*lines, ("all", *(str(tests[key]) for key in keys))])


def counted(some: list[Plain]) -> str:
    """Return how many published values lie where, and how many directions hold."""
    verdicts = [score["verdict"] for score in some]
    ranges = [v for v in verdicts if v in {"inside", *MISSED}]
    directions = [v for v in verdicts if v in {"holds", "fails"}]
    words = []
    if ranges:
        hits, of = ranges.count("inside"), len(ranges)
        low, high = clopper_pearson(hits, of)
        words.append(coverage_words({"inside": hits, "of": of, "low": low, "high": high}))
    if directions:
        words.append(f"{directions.count('holds')} of {len(directions)} directions hold")
    return "; ".join(words)


def conditions_block(table: Table) -> Iterator[str]:
    """Yield the published values of each condition beside what its model predicts."""
    words = WORDS | {"holds": "holds", "fails": "**fails**"}
    for one in conditions():
        yield f"### {one['condition'].capitalize()}\n"
        yield f"{one['how']}\n"
        lines = [
            (
                score["study"],
                score["endpoint"],
                score["published"],
                score["predicted"],
                words[score["verdict"]],
                score["role"],
                score["why"],
            )
            for score in one["scores"]
        ]
        yield from table(
            ("study", "endpoint", "published", "predicted, 90 %", "it lies", "role", "why"), lines
        )


def laws(by_stage: Mapping[str, tuple[Any, ...]], table: Table) -> Iterator[str]:
    """Yield how many quantities of each stage came out how, tests and fits apart."""

    def counted(some: Iterable[Any], verdict: str) -> str:
        hits = [score for score in some if score.verdict == verdict]
        fits = sum(score.fit for score in hits)
        return f"{len(hits) - fits} + {fits}"

    every = [score for some in by_stage.values() for score in some]
    lines = [*by_stage.items(), ("all", every)]
    yield "Tests + fits:\n"
    yield from table(
        ("stage", "miss", "near", "within"),
        ((stage, *(counted(some, v) for v in ("miss", "near", "within"))) for stage, some in lines),
    )


def rows(by_stage: Mapping[str, tuple[Any, ...]], verdict: str) -> Iterator[tuple[str, ...]]:
    """Yield a row for each score of a verdict, tests before fits."""
    for stage, some in by_stage.items():
        for score in sorted(some, key=lambda one: one.fit):
            if score.verdict == verdict:
                yield (stage, *score_row(score), score.source, score.why)


def score_row(score: Any) -> tuple[str, ...]:  # noqa: ANN401
    """Return quantity, model, published range and kind of a score."""
    low, high = score.published
    published = number(low) if low == high else f"{number(low)} to {number(high)}"
    return score.quantity, number(score.model), published, "fit" if score.fit else "test"


def number(value: float) -> str:
    """Return a number in three figures, without an exponent below ten million."""
    if value >= 1e6:
        return f"{value / 1e6:.3g} million"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def made(told: Plain) -> Iterator[str]:
    """Yield with what the qualification ran, and whether that was enough to say anything."""
    asked = told["asked"]
    if asked["voxel_mm"] > 1.5 or asked["most_patients"] < MOST:
        yield (
            "**A quick run, coarser or with fewer patients than `make qualify` has: it shows that "
            "the tools work, and says little of the model.**\n"
        )
    yield (
        f"At most {asked['most_patients']} virtual patients in each arm, fewer where gaps ask for "
        f"fine voxels; voxels of {asked['voxel_mm']:g} mm or finer, seed {asked['seed']}. "
        + ", ".join(f"{name} `{version}`" for name, version in told["made_with"].items())
        + ".\n"
    )
