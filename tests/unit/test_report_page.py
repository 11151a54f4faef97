"""Funnel, tables, graphs, the overview figure, and the page as text."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from synthetic_run import synthetic_run
from trephine.catalogue.load import catalogue
from trephine.catalogue.records import Record, Spread
from trephine.core.errors import InputError
from trephine.core.types import Budget
from trephine.report import figures, funnel, graphs, page, tables
from trephine.report.frames import Frames
from trephine.report.svg import Scale, decades, nice_top, tick_labels
from trephine.report.words import NO_BREAK

RUN = synthetic_run()
FRAMES = Frames.of(RUN)


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314  (our own drawing)


def test_scales_put_ends_on_ends() -> None:
    linear = Scale(0, 26, 50, 500)
    assert [linear(v) for v in (0, 13, 26)] == [50, 275, 500]
    assert linear.ticks(7) == [0, 5, 10, 15, 20, 25]
    log = Scale(1, 1e6, 0, 60, log=True)
    assert [log(v) for v in (1, 1e3, 1e6)] == pytest.approx([0, 30, 60])
    assert log(0.0) == 0
    assert len(log.ticks(3)) <= 4


def test_axis_ends_are_round() -> None:
    assert nice_top(0.156) == pytest.approx(0.2)
    assert nice_top(13.1) == 15
    assert decades([np.array([0.0, 3.0, 4e5])], 1e9) == (1.0, 1e6)
    assert decades([np.array([1e-9, 4e5])], 1e6) == (1.0, 1e6)
    assert decades([np.zeros(3)], 1e6) == (0.1, 1.0)


def test_the_ticks_of_one_axis_are_written_alike() -> None:
    assert tick_labels([1.0, 10.0, 100.0], log=True) == ["1", "10", "100"]
    assert tick_labels([100.0, 1e3, 1e4], log=True) == ["10\u00b2", "10\u00b3", "10\u2074"]
    assert tick_labels([0.0, 1000.0], log=False) == ["0", "1,000"]


def test_films_of_coarse_voxels_are_told_to_be_rough() -> None:
    settings = RUN.settings.model_copy(update={"voxel": 2.5e-3})
    told = page.html(replace(RUN, settings=settings))
    assert f"as coarse as the voxels, 2.5{NO_BREAK}mm" in told
    fine = RUN.settings.model_copy(update={"voxel": 1.5e-3})
    assert "as coarse as the voxels" not in page.html(replace(RUN, settings=fine))


def test_the_funnel_goes_from_needle_to_lesion() -> None:
    first = RUN.treatments[0]
    told = funnel.steps(first)
    assert told[0].progenitors == first.aspirate.pool.progenitors
    assert told[1].progenitors == first.concentrate.product.progenitors
    assert told[-1].progenitors == first.graft.funnel[-1].progenitors
    names = [step.name for step in told]
    assert "Marrow drawn" not in names, "the marrow drawn is told once"
    assert len(set(names)) == len(names)


def test_each_injection_has_a_funnel_with_what_is_kept() -> None:
    found = funnel.funnels(RUN)
    assert [f.title for f in found] == [
        "Injection 1: marrow on day 0",
        "Injection 2: cultured cells on day 30",
    ]
    name, left, kept, nucleated = found[0].rows[-1]
    assert (name, left, kept) == ("Retained after a day", "20,100", f"40.7{NO_BREAK}%")
    assert nucleated == "138 million"
    facts = dict(found[0].facts)
    assert facts["Against those drawn"] == f"21.9{NO_BREAK}%"
    assert funnel.funnels(synthetic_run(injections=False)) == []


def test_bars_shrink_with_what_is_left() -> None:
    drawing = parsed(funnel.funnels(RUN)[0].svg)
    bars = [
        float(r.get("width", "0")) for r in drawing.iter("rect") if r.get("fill-opacity") is None
    ]
    assert len(bars) == len(funnel.steps(RUN.treatments[0]))
    assert bars == sorted(bars, reverse=True)


@pytest.mark.parametrize("graph", graphs.over_time(RUN, FRAMES), ids=lambda g: g.title)
def test_graphs_are_well_formed_and_say_their_units(graph: graphs.Graph) -> None:
    drawing = parsed(graph.svg)
    assert drawing.get("aria-label")
    words = [text.text or "" for text in drawing.iter("text")]
    assert "weeks from day 0" in words
    assert re.search(r"%|mL|mm|N/mm|Nm/deg|mRUST", words[0])
    cursor = next(line for line in drawing.iter("line") if line.get("class") == "cursor")
    assert float(cursor.get("data-high", "nan")) == 26
    for key in graph.keys:
        assert len(key.readings) == len(FRAMES)
    assert "nan" not in graph.svg


def test_tissue_fractions_stack_to_the_top() -> None:
    drawing = parsed(graphs.tissue(RUN, FRAMES).svg)
    top = [
        float(p.split(",")[1]) for p in list(drawing.iter("polygon"))[-1].get("points", "").split()
    ]
    assert min(top) == pytest.approx(31.0, abs=0.11)


def test_a_model_with_other_fields_still_gives_a_page() -> None:
    kept = {n: RUN.course.fields[n] for n in ("woven", "mineralised", "cartilage", "fibrous")}
    kept["connective_matrix"] = RUN.course.fields["fibrous"] * 2
    course = replace(RUN.course, fields=kept, spent={"bone_matrix/osteoblasts": np.ones(27)})
    text = page.html(replace(RUN, course=course))
    assert "Connective matrix" in text
    assert "Cells in the gap" not in text
    assert "Strain in the gap" not in text


def test_every_parameter_used_is_listed_with_its_source() -> None:
    listed = [row for section in tables.parameters(RUN) for row in section.rows]
    assert [row.identifier for row in listed] == sorted(RUN.used)
    for row in listed:
        record = catalogue().records[row.identifier]
        assert row.kind == record.kind
        assert row.role == record.role
        assert row.source.startswith(catalogue().sources[record.source].title)
        assert row.printed == "", "a number used as printed is shown once"
        chosen, unread = catalogue().chosen, RUN.provisional
        assert (row.standing == "chosen") == (row.identifier in chosen)
        assert (row.standing == "provisional") == (row.identifier in unread)


def test_choices_are_told_apart_from_unread_numbers() -> None:
    chosen = catalogue().chosen & set(RUN.used)
    assert chosen
    now = tables.standings(RUN.used, RUN.provisional)
    kept = tables.standings(RUN.used, [*RUN.provisional, *chosen])
    assert kept == now, "a run kept before choices were told apart"
    told = f"{len(RUN.provisional)} are provisional.* {len(chosen)} are choices"
    assert re.search(told, page.html(RUN))


def test_a_sampled_number_is_shown_beside_the_printed_one() -> None:
    key = next(k for k, r in catalogue().records.items() if r.unit == "mm^2/d")
    used = dict(RUN.used) | {key: 2 * RUN.used[key]}
    rows = [r for s in tables.parameters(replace(RUN, used=used)) for r in s.rows]
    row = next(r for r in rows if r.identifier == key)
    printed = catalogue().records[key].printed
    assert row.printed == f"{tables.number_words(printed, 'mm^2/d')}"
    assert row.value == f"{tables.number_words(2 * printed, 'mm^2/d')}"


def test_a_number_used_goes_back_to_the_unit_of_its_record() -> None:
    record = Record(
        about="dynamic", printed=40, unit="mmHg", kind="assumed", source="design",
        access="chosen", role="prior",
    )  # fmt: skip
    assert tables.used_value(record, 2 * 40 * 133.322387415) == pytest.approx(80)


def test_a_catalogue_that_changed_since_the_run_is_announced() -> None:
    assert tables.another_catalogue(RUN) == ""
    old = replace(RUN, provenance=replace(RUN.provenance, catalogue_digest="0ld"))
    assert "used catalogue 0ld" in tables.another_catalogue(old)
    lost = replace(old, used={**RUN.used, "aspiration.forgotten": 2.5})
    rows = [r for s in tables.parameters(lost) for r in s.rows]
    row = next(r for r in rows if r.identifier == "aspiration.forgotten")
    assert row.value == "2.5 in SI"
    assert row.standing == "provisional"
    assert "used catalogue 0ld" in page.html(lost)


def test_spreads_are_told_in_words() -> None:
    assert tables.spread_words(None, "mm") == "none stated"
    assert tables.spread_words(Spread(law="normal", sd=0.2), "mm") == f"± 0.2{NO_BREAK}mm"
    assert "logarithm" in tables.spread_words(Spread(law="lognormal", sd=0.35), "1")
    assert tables.spread_words(Spread(law="range", low=1, high=3), "1") == "1 to 3"
    uniform = tables.spread_words(Spread(law="uniform", low=0, high=3), "d")
    assert uniform == f"0 to 3{NO_BREAK}d, uniform"


def test_an_open_budget_is_marked() -> None:
    leak = Budget("volume", "mL", {"in": 1.0}, {"out": 0.9})
    run = replace(RUN, course=replace(RUN.course, budgets=(*RUN.course.budgets, leak)))
    rows = tables.budgets(run)
    assert [row.is_closed for row in rows].count(False) == 1
    assert rows[-1].imbalance == "0.1"
    assert '<td class="number bad">0.1</td>' in page.html(run)


def test_amounts_are_told_in_units_people_use() -> None:
    assert tables.amount_words(6.8e-5, "m^3") == f"68{NO_BREAK}mL"
    assert tables.amount_words(0.892, "1e6 cells") == "892,000"
    assert tables.amount_words(1.49e9, "1") == "1.49 billion"
    assert tables.amount_words(5.35e-12, "m^3") == f"<{NO_BREAK}0.01{NO_BREAK}mL"
    assert tables.amount_words(1.84e-37, "1e6 cells") == f"<{NO_BREAK}0.01"


def test_budgets_name_injection_and_step() -> None:
    stages = list(dict.fromkeys(row.stage for row in tables.budgets(RUN)))
    steps = [
        f"Injection {number}, {step}"
        for number, treatment in enumerate(RUN.treatments, start=1)
        for step, product in (
            ("harvest", treatment.aspirate),
            ("processing", treatment.concentrate),
            ("delivery", treatment.graft),
        )
        if product.budgets
    ]
    assert stages == [*steps, "Healing"]


def test_the_run_digest_follows_everything_that_made_the_run() -> None:
    made = RUN.provenance
    other = {tables.run_digest(replace(RUN, provenance=replace(made, seed=2)))}
    for name in ("case_digest", "settings_digest", "beliefs_digest", "anatomy_digest", "version"):
        changed = replace(RUN, provenance=replace(made, **{name: "other"}))
        other.add(tables.run_digest(changed))
    assert len(other) == 6
    assert tables.run_digest(RUN) not in other


class Outline(HTMLParser):
    """Collect what a page refers to and how it is laid out."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.unnamed: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag in {"h1", "h2", "h3"}:
            self.headings.append(tag)
        if tag in {"img", "script", "iframe", "source"} and given.get("src"):
            self.loads.append(given["src"] or "")
        if tag == "link" and given.get("href"):
            self.loads.append(given["href"] or "")
        if given.get("id"):
            self.ids.append(given["id"] or "")
        is_picture = tag in {"img", "canvas"} or (tag == "svg" and given.get("role") == "img")
        named = given.get("alt") or given.get("aria-label") or given.get("aria-hidden") == "true"
        if is_picture and not named:
            self.unnamed.append(tag)


@pytest.fixture(scope="module")
def text() -> str:
    return page.html(RUN)


def test_the_page_holds_everything_itself(text: str) -> None:
    outline = Outline()
    outline.feed(text)
    assert all(load.startswith("data:") for load in outline.loads), outline.loads
    assert outline.headings[0] == "h1"
    assert outline.headings.count("h1") == 1
    assert outline.unnamed == []
    assert len(set(outline.ids)) == len(outline.ids)
    assert not re.search(r"@import|url\((?!data:)", text)
    assert len(text) < 6e6


def test_the_page_says_what_it_must(text: str) -> None:
    assert "Research tool, not a medical device" in text
    assert "no second reader has confirmed" in text or "confirmed by a second reader" in text
    assert RUN.notices[0] in text
    assert tables.run_digest(RUN) in text
    assert RUN.provenance.catalogue_digest in text
    for identifier in RUN.used:
        assert f"<code>{identifier}</code>" in text


def test_the_same_run_gives_the_same_page(text: str) -> None:
    assert page.html(RUN) == text


def test_words_of_the_case_cannot_break_the_page() -> None:
    case = RUN.case.changed({"name": "</script><b>x", "about": "a <i> & </script>"})
    text = page.html(replace(RUN, case=case))
    assert "</script><b>x" not in text
    assert text.count("</script>") == len(re.findall("<script", text))


def test_a_plan_without_injections_still_gives_a_page() -> None:
    text = page.html(synthetic_run(heals=False, injections=False))
    assert "The plan holds no injection" in text
    assert "Not united by week 26" in text


def test_the_data_for_the_script_is_json(text: str) -> None:
    found = re.search(r'id="page-data">(.*?)</script>', text, re.DOTALL)
    assert found
    data = json.loads(found[1])
    assert len(data["visits"]) == len(data["weeks"]) == 27
    assert {"progenitors", "oxygen", "strain", "lamellar"} <= set(data["scales"])
    assert "ceramic" not in data["scales"]
    blocks = set(re.findall(r'data-block="(\w+)"', text))
    assert blocks == {"first", "solid", *data["scales"]}
    assert {place["block"] for place in data["contents"].values()} == blocks


def test_write_leaves_page_and_films(tmp_path: Path) -> None:
    written = page.write(RUN, tmp_path / "new")
    assert written == tmp_path / "new" / "report.html"
    assert len(list((tmp_path / "new" / "radiographs").glob("*.png"))) == 54


def test_the_overview_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    figures.course(RUN, tmp_path / "one.svg")
    figures.course(RUN, tmp_path / "two.svg")
    one = (tmp_path / "one.svg").read_bytes()
    assert one == (tmp_path / "two.svg").read_bytes()
    assert b"<svg" in one
    other = figures.course(synthetic_run(heals=False), tmp_path / "three.svg")
    assert (tmp_path / "three.svg").read_bytes() != one
    assert len(other.subfigs) == 2


def test_an_overview_in_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="change the ending"):
        figures.course(RUN, tmp_path / "course.docx")
    with pytest.raises(InputError, match="there is no folder"):
        figures.course(RUN, tmp_path / "absent" / "course.png")
