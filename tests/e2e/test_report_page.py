"""The report in a real browser, from the disk, with nothing else to reach for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Request, sync_playwright

from synthetic_run import synthetic_run
from trephine.report import page as report

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((path for path in map(shutil.which, BROWSERS) if path), None)
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason=f"no browser here; any of {', '.join(BROWSERS)} would do"
)
READY = "document.documentElement.dataset.ready"
CANVASES = ("film-ap", "film-lateral", "section-coronal", "section-sagittal", "section-axial")


class Faults:
    """What a page must not do: reach off the disk, or complain."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def hear_request(self, request: Request) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.found.append(f"request for {request.url}")

    def hear_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.found.append(message.text)


@pytest.fixture(scope="module")
def play() -> Iterator[Playwright]:
    with sync_playwright() as play:
        yield play


@pytest.fixture(scope="module")
def browser(play: Playwright) -> Iterator[Browser]:
    chromium = play.chromium.launch(
        executable_path=CHROMIUM, args=["--no-sandbox", "--enable-unsafe-swiftshader"]
    )
    yield chromium
    chromium.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return report.write(synthetic_run(), tmp_path_factory.mktemp("run")).as_uri()


def opened(browser: Browser, address: str, faults: Faults, width: int = 1280) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.on("request", faults.hear_request)
    page.on("console", faults.hear_console)
    page.on("pageerror", lambda error: faults.found.append(str(error)))
    page.goto(address)
    page.wait_for_function(f"{READY} !== undefined")
    assert page.evaluate(READY) == "yes"
    return page


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    faults = Faults()
    page = opened(browser, address, faults)
    yield page
    page.close()
    assert faults.found == []


def pixels(page: Page, canvas: str) -> tuple[str, int]:
    """Return a canvas as text, and how many grey levels it holds."""
    found = page.evaluate(
        """id => {
          const from = document.getElementById(id);
          const copy = new OffscreenCanvas(from.width, from.height).getContext("2d");
          copy.drawImage(from, 0, 0);
          const data = copy.getImageData(0, 0, from.width, from.height).data;
          const levels = new Set();
          for (let k = 0; k < data.length; k += 4) levels.add(data[k] + data[k + 1] + data[k + 2]);
          return [from.toDataURL(), levels.size];
        }""",
        canvas,
    )
    return found[0], found[1]


def show_week(page: Page, frame: int) -> None:
    page.evaluate(
        """frame => {
          const slider = document.getElementById("week");
          slider.value = frame;
          slider.dispatchEvent(new Event("input"));
        }""",
        frame,
    )


def rested(page: Page) -> None:
    """Bring the solid view into sight and wait until it has drawn its fine picture."""
    page.locator("#solid-canvas").scroll_into_view_if_needed()
    page.wait_for_function("document.getElementById('solid-canvas').dataset.rest === 'yes'")


def test_every_picture_is_drawn(page: Page) -> None:
    rested(page)
    for canvas in CANVASES:
        assert pixels(page, canvas)[1] > 40, f"{canvas} is blank"
    assert page.evaluate("document.documentElement.dataset.solid") == "yes"
    assert pixels(page, "solid-canvas")[1] > 100
    assert page.locator(".fallback:visible").count() == 0
    assert page.title().startswith("Femoral shaft non-union")


def test_the_slider_changes_pictures_numbers_and_graphs(page: Page) -> None:
    rested(page)
    watched = (*CANVASES, "solid-canvas")
    last = {canvas: pixels(page, canvas)[0] for canvas in watched}
    cursor = page.locator(".cursor").first.get_attribute("x1")
    show_week(page, 6)
    rested(page)
    for canvas in watched:
        assert pixels(page, canvas)[0] != last[canvas], f"{canvas} stays the same"
    assert page.locator("#week-now").inner_text() == "6"
    assert page.locator(".cursor").first.get_attribute("x1") != cursor
    assert page.locator("[data-number=mrust]").inner_text() == "7 of 16"
    assert page.locator("[data-cortex='1'] .on").count() == 2
    show_week(page, 26)
    rested(page)
    assert pixels(page, "film-ap")[0] == last["film-ap"]


def test_arrow_keys_and_the_play_button_move_the_week(page: Page) -> None:
    page.keyboard.press("ArrowLeft")
    assert page.locator("#week-now").inner_text() == "25"
    show_week(page, 3)
    page.click("#play")
    page.wait_for_function("Number(document.getElementById('week-now').textContent) > 4")
    page.click("#play")
    assert page.locator("#play").get_attribute("aria-pressed") == "false"
    stopped = page.locator("#week-now").inner_text()
    page.wait_for_timeout(800)
    assert page.locator("#week-now").inner_text() == stopped


def shown(page: Page, field: str) -> None:
    """Wait until the sections show a field."""
    page.wait_for_function(f"document.documentElement.dataset.shown === '{field}'")


def test_fields_have_one_scale_with_units(page: Page) -> None:
    tissue = pixels(page, "section-coronal")[0]
    for field, unit in (("oxygen", "mmHg"), ("progenitors", "cells per mL"), ("strain", "%")):
        page.click(f"[data-show={field}]")
        shown(page, field)
        assert unit in page.locator("#colourbar-title").inner_text()
        assert page.locator("#field").input_value() == field
        ticks = page.locator("#colourbar-ticks").inner_text()
        show_week(page, 5)
        early = pixels(page, "section-coronal")[0]
        show_week(page, 20)
        assert pixels(page, "section-coronal")[0] != early
        assert page.locator("#colourbar-ticks").inner_text() == ticks
        assert not page.locator("#tissue-legend").is_visible()
    assert "bone ≤" in page.locator("#colourbar-marks").inner_text()
    page.click("[data-show=tissue]")
    shown(page, "tissue")
    show_week(page, 26)
    assert pixels(page, "section-coronal")[0] == tissue
    assert page.locator("#tissue-legend").is_visible()


def test_any_field_of_the_course_can_be_chosen_and_read(page: Page) -> None:
    fields = set(synthetic_run().course.fields)
    offered = page.locator("#field option").evaluate_all("all => all.map((one) => one.value)")
    assert fields <= set(offered)
    assert page.locator("#field option[value=ceramic]").is_disabled(), "there is none in this run"
    show_week(page, 8)
    seen = set()
    for field in sorted(fields - {"ceramic"}):
        page.select_option("#field", field)
        shown(page, field)
        seen.add(pixels(page, "section-axial")[0])
        page.locator("#section-axial").hover(position={"x": 110, "y": 180})
        unit = page.locator("#colourbar-title").inner_text().split("[")[1].rstrip("]")
        assert page.locator("#pointed").inner_text().endswith(unit)
    assert len(seen) == len(fields) - 1
    assert page.locator("[data-show][aria-pressed=true]").count() <= 1


def test_the_value_read_is_that_of_the_run(page: Page) -> None:
    run = synthetic_run()
    woven = run.course.fields["woven"][20] * 100
    show_week(page, 20)
    page.select_option("#field", "woven")
    shown(page, "woven")
    canvas = page.locator("#section-axial")
    box = canvas.bounding_box()
    assert box
    nx, ny, nz = run.anatomy.grid.shape
    column, row = 6, 15
    across, down = (column + 0.5) / nx * box["width"], (row + 0.5) / ny * box["height"]
    canvas.hover(position={"x": across, "y": down})
    told = float(page.locator("#pointed").inner_text().split()[0])
    middle = slice(nz // 2 - 1, nz // 2 + 1)
    assert told == pytest.approx(woven[column, row, middle].mean(), abs=1.2)
    assert told != pytest.approx(woven[nx - 1 - column, row, middle].mean(), abs=5), "left is left"


def test_the_budget_of_any_field_can_be_chosen(page: Page) -> None:
    offered = page.locator("#other-fate option").evaluate_all("all => all.map((o) => o.value)")
    assert offered == ["woven", "oxygen"]
    assert page.locator("[data-fate]:visible").count() == 1
    page.select_option("#other-fate", "oxygen")
    assert page.locator("[data-fate=oxygen]").is_visible()
    assert not page.locator("[data-fate=woven]").is_visible()


def test_the_level_of_the_surface_can_be_chosen(page: Page) -> None:
    rested(page)
    before = pixels(page, "solid-canvas")[0]
    page.locator("#level").fill("70")
    rested(page)
    assert pixels(page, "solid-canvas")[0] != before
    assert page.locator("#level-now").inner_text() == "70"


def test_the_page_is_light(page: Page) -> None:
    """What makes it open at once, and what a slow machine does not change."""
    size = len(page.evaluate("document.documentElement.outerHTML"))
    assert size < 3_000_000


def test_the_solid_view_turns_and_opens(page: Page) -> None:
    rested(page)
    seen = [pixels(page, "solid-canvas")[0]]
    box = page.locator("#solid-canvas").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 120, y + 30, steps=3)
    page.mouse.up()
    rested(page)
    seen.append(pixels(page, "solid-canvas")[0])
    page.check("#cut")
    rested(page)
    seen.append(pixels(page, "solid-canvas")[0])
    page.locator("#solid-canvas").focus()
    page.keyboard.press("ArrowUp")
    rested(page)
    seen.append(pixels(page, "solid-canvas")[0])
    assert len(set(seen)) == 4
    assert page.locator("#week-now").inner_text() == "26", "the keys turn the view, not the week"


def test_parameters_unfold_and_filter(page: Page) -> None:
    rows = page.locator(".parameters tbody tr")
    assert rows.count() == len(synthetic_run().used)
    assert not rows.first.is_visible()
    page.click("#parameters summary")
    page.fill("#filter", "motility")
    shown = page.locator(".parameters tbody tr:visible")
    assert 0 < shown.count() < rows.count()
    assert all("motility" in text.lower() for text in shown.all_inner_texts())


@pytest.mark.parametrize("width", [1280, 800, 390])
def test_nothing_is_wider_than_the_window(browser: Browser, address: str, width: int) -> None:
    faults = Faults()
    page = opened(browser, address, faults, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
    assert faults.found == []


@pytest.mark.parametrize("width", [1280, 390])
def test_words_in_a_graph_do_not_collide(browser: Browser, address: str, width: int) -> None:
    """Texts of one drawing must not overlap, nor reach out of it."""
    page = opened(browser, address, Faults(), width)
    for hidden in page.locator("[data-fate]").all():
        hidden.evaluate("graph => { graph.hidden = false; }")
    clashes = page.evaluate(
        """() => [...document.querySelectorAll("svg[role=img]")].flatMap((svg) => {
          const frame = svg.getBoundingClientRect();
          const texts = [...svg.querySelectorAll("text")];
          const boxes = texts.map((text) => text.getBoundingClientRect());
          const found = [];
          boxes.forEach((a, i) => {
            const isOut = a.left < frame.left - 1 || a.right > frame.right + 1;
            if (isOut) found.push(texts[i].textContent);
            boxes.slice(i + 1).forEach((b, j) => {
              const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
              const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
              if (wide > 1 && high > 3) {
                found.push(`${texts[i].textContent} | ${texts[i + 1 + j].textContent}`);
              }
            });
          });
          return found;
        })"""
    )
    page.close()
    assert clashes == []


@pytest.mark.parametrize("width", [1280, 390])
def test_words_at_the_colour_bar_do_not_collide(browser: Browser, address: str, width: int) -> None:
    page = opened(browser, address, Faults(), width)
    for field in synthetic_run().course.fields.keys() - {"ceramic"}:
        page.select_option("#field", field)
        shown(page, field)
        boxes = page.locator("#colourbar span:not(#colourbar-title)").evaluate_all(
            "all => all.map((one) => one.getBoundingClientRect().toJSON())"
        )
        assert len(boxes) >= 2
        for number, a in enumerate(boxes):
            assert a["left"] >= 0, field
            assert a["right"] <= width, field
            for b in boxes[number + 1 :]:
                wide = min(a["right"], b["right"]) - max(a["left"], b["left"])
                high = min(a["bottom"], b["bottom"]) - max(a["top"], b["top"])
                assert min(wide, high) < 3, field
    page.close()


def test_without_webgl_the_page_still_works(play: Playwright, address: str) -> None:
    faults = Faults()
    bare = play.chromium.launch(
        executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-3d-apis"]
    )
    page = opened(bare, address, faults)
    assert page.locator("#solid-fallback").is_visible()
    assert pixels(page, "section-axial")[1] > 40
    bare.close()
    assert faults.found == []


def test_a_page_that_reaches_out_is_caught(browser: Browser, tmp_path: Path) -> None:
    """Sabotage: the checks above must fail on a page that loads something from elsewhere."""
    bad = tmp_path / "bad.html"
    bad.write_text(
        "<script>document.documentElement.dataset.ready = 'yes'; console.error('broken')</script>"
        "<img src='http://127.0.0.1:9/x.png'>"
    )
    faults = Faults()
    page = opened(browser, bad.as_uri(), faults)
    page.wait_for_load_state("load")
    page.close()
    assert any("request for http://127.0.0.1:9" in fault for fault in faults.found)
    assert "broken" in faults.found
