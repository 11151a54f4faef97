"""The scorecard and the cards tell every endpoint, score and record, and hide no miss."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from cell_scores import SCORES

from trephine.report.qualify import UNEXPLAINED
from trephine.study.qualify import trials_of
from trephine.study.scorecard import keys

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def maker() -> Iterator[ModuleType]:
    """Return the module that makes the tables; it stands beside the pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS)
        yield importlib.import_module("cell_pages")


@pytest.fixture(scope="module")
def sheet(maker: ModuleType) -> ModuleType:
    """Return the module that makes the tables of the scorecard."""
    found: ModuleType = maker.scorecard_page
    return found


def part(name: str) -> list[str]:
    """Return the rows of a table of the scorecard."""
    page = (DOCS / "scorecard.md").read_text(encoding="utf-8")
    table = page.partition(f"<!-- {name}: begin -->")[2].partition(f"<!-- {name}: end -->")[0]
    return [line for line in table.splitlines() if line.startswith("| ")][1:]


def test_every_endpoint_of_every_trial_stands_on_the_scorecard_once(sheet: ModuleType) -> None:
    trials = trials_of(DOCS.parent / "examples" / "trials")
    expected = {(stem, key) for stem, trial in trials.items() for key in keys(trial)}
    told = sheet.found()["endpoints"]
    assert {(one["trial"], one["key"]) for one in told} == expected
    assert len(part("cohorts")) == len(told) == len(expected)


def test_every_miss_stands_among_the_misses_with_its_reason_or_none(sheet: ModuleType) -> None:
    told = [one for one in sheet.found()["endpoints"] if one["is_missed"]]
    lines = part("missed")
    assert len(lines) == len(told)
    assert sum(UNEXPLAINED in line for line in lines) == sum(not one["why"] for one in told)
    bold = sum(line.count("**") // 2 for line in part("cohorts"))
    verdicts = [said["verdict"] for one in told for said in one["columns"].values()]
    assert bold == sum(verdict in {"outside", "no value"} for verdict in verdicts)


def test_an_explanation_of_what_is_no_miss_is_refused(
    sheet: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hit = next(one for one in sheet.found()["endpoints"] if not one["is_missed"])
    words = f'[why.{hit["trial"]}]\n"{hit["key"]}" = "it was written for another run"\n'
    (tmp_path / "misses.toml").write_text(words.replace(hit["trial"], f'"{hit["trial"]}"'))
    monkeypatch.setattr(sheet, "WHYS", tmp_path / "misses.toml")
    with pytest.raises(ValueError, match="which is no miss"):
        sheet.found()


def test_every_score_stands_on_the_scorecard_once_under_its_verdict() -> None:
    page = (DOCS / "scorecard.md").read_text(encoding="utf-8")
    misses, _, rest = page.partition("### Misses")[2].partition("### Near")
    near, _, within = rest.partition("### Within")
    parts = {"miss": misses, "near": near, "within": within}
    for score in SCORES:
        held = [name for name, part in parts.items() if f"| {score.quantity} |" in part]
        assert held == [score.verdict], score.quantity
    assert page.index("### Misses") < page.index("### Near") < page.index("### Within")


def test_a_miss_that_is_a_test_is_listed_before_one_that_is_a_fit(
    maker: ModuleType, sheet: ModuleType
) -> None:
    rows = list(sheet.rows(sheet.scores(), "miss"))
    for stage in maker.STAGES:
        kinds = [row[4] for row in rows if row[0] == stage]
        assert kinds == sorted(kinds, reverse=True)


def test_every_card_names_each_record_of_its_stage(maker: ModuleType) -> None:
    for stage in maker.STAGES:
        card = (DOCS / "reference" / "cards" / f"{stage}.md").read_text(encoding="utf-8")
        used = maker.records_of(stage)
        assert len(used) > 50
        assert f"\n{len(used)} records of" in card
        assert [key for key in used if key.partition(".")[2] not in card] == []


def test_only_what_stands_between_the_marks_is_made(maker: ModuleType) -> None:
    page = "Words.\n<!-- a: begin -->\nold\n<!-- a: end -->\nMore.\n"
    made = "Words.\n<!-- a: begin -->\nnew\n<!-- a: end -->\nMore.\n"
    assert maker.filled(page, {"a": ["new", ""]}) == made
    assert maker.filled(made, {"a": ["new"]}) == made


@pytest.mark.parametrize("blocks", [{}, {"b": ["new"]}, {"a": ["new"], "b": ["new"]}])
def test_a_page_without_its_marks_is_refused(
    maker: ModuleType, blocks: dict[str, list[str]]
) -> None:
    with pytest.raises(ValueError, match="the page has marks for"):
        maker.filled("<!-- a: begin -->\n<!-- a: end -->\n", blocks)
