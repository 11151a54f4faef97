"""Watching a run: what one frame says, how it follows, how it leaves, and the page it renews."""

from __future__ import annotations

import io
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from rich.console import Console

from synthetic_run import synthetic_anatomy, synthetic_run
from trephine import pipeline
from trephine.case.run import Run
from trephine.cli import glyphs, watch
from trephine.cli.main import main
from trephine.core.errors import InputError, StoreError
from trephine.intake import site
from trephine.models.beliefs import Beliefs
from trephine.pipeline import shaft
from trephine.store import peek
from trephine.store.runs import RunFolder

VISITS = 4


def short_run() -> Run:
    """Return the first visits of the made-up run, with a callus on the patient's left."""
    run = synthetic_run()
    fields = {name: values[20 : 20 + VISITS].copy() for name, values in run.course.fields.items()}
    fields["mineralised"][:, :17] = 0.0
    course = replace(
        run.course,
        fields=fields,
        spent={name: values[:VISITS] for name, values in run.course.spent.items()},
        **{
            name: getattr(run.course, name)[:VISITS]
            for name in ("day", "stiffness", "movement", "force")
        },
    )
    made = replace(run.provenance, beliefs_digest=Beliefs.printed().digest)
    return replace(run, course=course, provenance=made)


RUN = short_run()


class Writer:
    """Write a run's folder visit by visit, as the healing stage does."""

    def __init__(self, path: Path) -> None:
        self.path, self.done = path, 0
        self.folder = RunFolder.create(
            path,
            case=RUN.case,
            settings=RUN.settings,
            seed=RUN.provenance.seed,
            provenance=RUN.provenance,
        )
        self.keeper = self.folder.watch(RUN.anatomy.grid)

    def visit(self) -> None:
        """Write the next visit."""
        k, course = self.done, RUN.course
        series = {n: getattr(course, n)[: k + 1] for n in ("stiffness", "movement", "force")}
        state: dict[str, Any] = {f"series/{name}": values for name, values in series.items()}
        state |= {f"spent/{name}": values[: k + 1] for name, values in course.spent.items()}
        state |= {"examined": course.examined[:1], "matrices": course.stiffness_matrix[:1]}
        fields = {name: values[k] for name, values in course.fields.items()}
        self.keeper.keep(k, float(course.day[k]), fields, state)
        self.done += 1

    def finish(self) -> None:
        """Write what is left, and the products."""
        while self.done < VISITS:
            self.visit()
        self.folder.finish(RUN, 1.0)

    def written(self, ago: float, apart: float = 10.0) -> None:
        """Pretend that the last visit was written some seconds ago, and the others before it."""
        for index in range(self.done):
            at = time.time() - ago - apart * (self.done - 1 - index)
            os.utime(self.path / "fields.zarr" / "time" / "c" / str(index), (at, at))


@pytest.fixture(autouse=True)
def known_site(monkeypatch: pytest.MonkeyPatch) -> None:
    def known(*_: object) -> object:
        return synthetic_anatomy()

    monkeypatch.setattr(site, "anatomy", known)
    monkeypatch.setattr(shaft, "place", known)


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return Writer(tmp_path / "run")


def once(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["watch", str(path), "--once"]) == 0
    return capsys.readouterr().out


def test_a_frame_says_where_the_run_is(writer: Writer, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        writer.visit()
    writer.written(ago=1.0)
    told = once(writer.path, capsys)
    assert "Femoral shaft non-union" in told
    assert "week 2 of 26" in told
    assert "6 weeks a minute, about 4 min left" in told
    volume = (RUN.course.fields["mineralised"][2] * RUN.anatomy.open).sum() * 1.5**3 * 1e-3
    assert f"{volume:.3g} mL" in told
    assert "N/mm" in told
    assert "▓ new bone with mineral" in told


def test_a_run_without_a_visit_says_so(writer: Writer, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no visit yet of 26 weeks" in once(writer.path, capsys)


def test_a_silent_run_says_how_to_go_on(writer: Writer, capsys: pytest.CaptureFixture[str]) -> None:
    writer.visit()
    writer.visit()
    writer.written(ago=7200.0)
    assert "nothing new for 2.0 h; if it was stopped, go on with trephine run and --resume" in once(
        writer.path, capsys
    )


def test_a_finished_run_is_shown_and_left(
    writer: Writer, capsys: pytest.CaptureFixture[str]
) -> None:
    writer.finish()
    assert main(["watch", str(writer.path)]) == 0
    told = capsys.readouterr().out
    assert "finished" in told
    assert "a minute" not in told


def test_it_follows_until_the_run_ends(
    writer: Writer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.visit()
    todo = [writer.visit, writer.finish]
    monkeypatch.setattr(watch.time, "sleep", lambda _: todo.pop(0)())
    assert main(["watch", str(writer.path)]) == 0
    assert todo == []
    assert "finished" in capsys.readouterr().out


def test_ctrl_c_leaves_cleanly_and_the_run_untouched(
    writer: Writer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.visit()
    before = sorted(p.stat().st_mtime_ns for p in writer.path.rglob("*") if p.is_file())

    def stop(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(watch.time, "sleep", stop)
    assert main(["watch", str(writer.path)]) == 0
    said = capsys.readouterr()
    assert "The run goes on" in said.out
    assert "Traceback" not in said.err
    assert sorted(p.stat().st_mtime_ns for p in writer.path.rglob("*") if p.is_file()) == before


def test_a_site_that_cannot_be_read_costs_the_picture_alone(
    writer: Writer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise InputError("scan.nii.gz: there is no such file")

    monkeypatch.setattr(site, "anatomy", refuse)
    writer.visit()
    told = once(writer.path, capsys)
    assert "no picture, because the site cannot be read here: scan.nii.gz" in told
    assert "Stiffness" in told


def test_the_page_is_renewed_with_the_visits_so_far(
    writer: Writer, capsys: pytest.CaptureFixture[str]
) -> None:
    writer.visit()
    writer.visit()
    assert main(["watch", str(writer.path), "--once", "--page"]) == 0
    page = (writer.path / "report.html").read_text(encoding="utf-8")
    assert "This run has not ended: 1 of 26 weeks are computed." in page
    assert "week 1" in capsys.readouterr().out
    run = pipeline.so_far(writer.path)
    assert np.array_equal(run.course.fields["oxygen"], RUN.course.fields["oxygen"][:2])
    assert np.array_equal(run.course.stiffness, RUN.course.stiffness[:2])
    assert run.course.fixation_matrix[0, 0] == run.course.fixation_stiffness > 0
    assert len(run.treatments) == 2


def test_a_finished_run_so_far_is_the_run(writer: Writer) -> None:
    writer.finish()
    assert pipeline.so_far(writer.path).summary() == RUN.summary()


def test_a_half_written_snapshot_does_not_count(writer: Writer) -> None:
    writer.visit()
    writer.visit()
    group = zarr.open_group(writer.path / "fields.zarr", mode="r+", use_consolidated=False)
    group["time"].resize((3,))
    assert peek.look(writer.path).day.tolist() == [0.0, 7.0]


def test_a_damaged_state_is_told(writer: Writer) -> None:
    writer.visit()
    (writer.path / "checkpoint.npz").write_bytes(b"half")
    with pytest.raises(StoreError, match="damaged"):
        peek.look(writer.path)


def test_curves_stand_on_zero_or_span_a_decade() -> None:
    assert glyphs.sparkline([0.0, 1.0, 2.0, 4.0], 8) == "▁▃▅█"
    assert glyphs.sparkline([4.0, 4.0], 8) == "██"
    assert glyphs.sparkline([0.0, 0.0], 8) == "▁▁"
    assert glyphs.sparkline(range(100), 10)[-1] == "█"
    assert len(glyphs.sparkline(range(100), 10)) == 10
    assert glyphs.sparkline([1.0, 10.0, 100.0], 8, log=True) == "▁▅█"
    assert glyphs.sparkline([9.0, 10.0], 8, log=True) == "██"
    assert glyphs.sparkline([], 8) == ""


def test_a_picture_is_averaged_to_its_size() -> None:
    picture = np.arange(12.0).reshape(4, 3)
    assert glyphs.smaller(picture, 3, 2) == pytest.approx(
        np.array([[1.5, 2.5, 3.5], [7.5, 8.5, 9.5]])
    )
    assert glyphs.smaller(picture, 6, 8).shape == (8, 6)
    assert glyphs.smaller(picture, 1, 1) == pytest.approx(np.array([[5.5]]))


def test_the_section_is_seen_from_the_front() -> None:
    """The callus of the run lies on the patient's left, which is the right of the picture."""
    fields = {name: values[-1] for name, values in RUN.course.fields.items()}
    rows = glyphs.shaded(RUN.anatomy, fields).plain.splitlines()
    middle = rows[len(rows) // 2].ljust(34)
    assert "▓" in middle[17:]
    assert "▓" not in middle[:17]
    assert "│" in middle[12:22]


def test_colours_are_those_of_the_report() -> None:
    fields = {name: values[-1] for name, values in RUN.course.fields.items()}
    picture = glyphs.coloured(RUN.anatomy, fields)
    lines = picture.plain.splitlines()
    assert {len(line) for line in lines} == {34}
    assert set(picture.plain) == {glyphs.UPPER_HALF, "\n"}
    metal = picture.spans[17].style
    assert not isinstance(metal, str)
    assert metal.color is not None
    assert metal.color.triplet == pytest.approx((141, 150, 158), abs=2)
    told = glyphs.legend(fields, is_coloured=True).plain
    assert "Implant" in told
    assert "Ceramic" not in told, "there is none in this run"


def test_waits_are_told_as_a_person_would() -> None:
    assert [watch.span(s) for s in (5.0, 240.0, 7200.0)] == ["5 s", "4 min", "2.0 h"]


def test_a_narrow_terminal_gets_a_narrow_picture(writer: Writer) -> None:
    writer.visit()
    console = Console(width=60, record=True, file=io.StringIO())
    console.print(watch.View(writer.path).drawn(peek.look(writer.path), console))
    assert max(map(len, console.export_text().splitlines())) <= 60
