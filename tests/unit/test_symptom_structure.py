"""Structure of a painful site: a dose beyond the disc's food, a filling defect, a sewn tendon."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from trephine import pipeline
from trephine.case.case import read
from trephine.case.concentrate import Concentrate
from trephine.case.symptom import SymptomCase
from trephine.case.symptom_run import SymptomRun
from trephine.case.symptom_structure import DefectFilling
from trephine.catalogue.cohorts import cohorts
from trephine.catalogue.load import catalogue
from trephine.core.errors import CatalogueError
from trephine.core.rng import Streams
from trephine.models.chondral_defect import ChondralParameters
from trephine.models.disc_nutrition import DiscParameters
from trephine.models.reading import Reading
from trephine.models.tendon_repair import Counted, counted, lost_by_year, whole
from trephine.report.symptom import write
from trephine.stages.symptom_structure import (
    feed,
    filling,
    own_source,
    repair,
    structure_words,
)
from trephine.store.runs import load_any

EXAMPLES = Path(__file__).parents[2] / "src" / "trephine" / "cli" / "examples"
DISC = Reading(catalogue()).fill(DiscParameters)


def case(name: str, **site: Any) -> SymptomCase:
    found = read(EXAMPLES / f"{name}.toml")
    assert isinstance(found, SymptomCase)
    return found.changed({"site": site}) if site else found


def made(cells: float, volume: float) -> list[Concentrate]:
    """Return a product of so many cells, of which the plan delivers a part."""
    product = SimpleNamespace(nucleated=cells, progenitors=1e-4 * cells, volume=volume)
    return [cast("Concentrate", SimpleNamespace(product=product))]


def test_a_dose_beyond_what_a_disc_feeds_is_told_and_a_small_one_is_not() -> None:
    disc = case("lumbar-disc")
    many, few = (feed(disc, DISC, made(n, 6e-6)) for n in (3e8, 1.2e7))
    assert many.injected == pytest.approx(1e8), "a third of the product is injected"
    assert many.room == pytest.approx(1.408e7, rel=2e-3)
    (words,) = structure_words(many, None, None)
    assert "injects 100 million nucleated cells" in words
    assert "has food for about 14.1 million more" in words
    assert structure_words(few, None, None) == ()
    assert structure_words(feed(disc, DISC, []), None, None) == ()


def can_tell(of: DefectFilling) -> bool:
    """Return whether after half a year the middle with cells leaves half of the spread without."""
    middle, half = of.fill.median[6:], of.without
    within = (half.low_half[6:] <= middle) & (middle <= half.high_half[6:])
    return not within.all()


def test_the_filling_of_a_defect_cannot_tell_cells_from_none() -> None:
    luck = Streams(1).within("cartilage").named
    drawn = Reading(catalogue(), luck=luck, count=20).fill(ChondralParameters)
    own = own_source(luck("own"), 20)
    knee = case("knee-cartilage-defect")
    with_cells = filling(knee, drawn, made(1e12, 6e-6), own)
    none = filling(knee, drawn, [], own)
    assert with_cells is not None
    assert none is not None
    assert not can_tell(with_cells)
    assert none.fill.median == pytest.approx(with_cells.without.median)
    assert with_cells.fill.low[-1] < 0.8 < with_cells.fill.high[-1], "the band is that of beliefs"
    assert with_cells.profiles.shape == (5, with_cells.height.size)
    assert filling(case("knee-osteoarthritis"), drawn, made(1e8, 6e-6), own) is None
    bare = filling(knee, drawn, made(1e12, 6e-6), 0.0 * own)  # sabotage: a joint without any
    assert bare is not None
    assert can_tell(bare)
    (words,) = structure_words(None, with_cells, None)
    assert "nothing is compared" in words
    assert "No study links the filling to pain, so it moves no score" in words


def test_sewn_tendons_are_those_of_the_series() -> None:
    told = repair(case("rotator-cuff-repair"), seed=1)
    assert told is not None
    cells, alone = told.groups
    assert (cells.is_planned, alone.is_planned) == (True, False)
    assert cells.counts == "45 of 45 whole after 6 months, 39 of 45 after 10 years"
    assert alone.counts == "30 of 45 whole after 6 months, 20 of 45 after 10 years"
    assert alone.intact.median[[0, -1]] == pytest.approx([30 / 45, 20 / 45], abs=0.02)
    assert cells.intact.low[-1] < 39 / 45 < cells.intact.high[-1]
    assert "chance did not deal the patients out" in told.sentences[0]
    without = case("rotator-cuff-repair").with_plan(
        steps=[{"kind": "operation", "day": "0 d", "what": "tendon_repair"}]
    )
    again = repair(without, seed=1)
    assert again is not None
    assert [one.is_planned for one in again.groups] == [False, True]
    assert repair(case("rotator-cuff"), seed=1) is None, "nothing is sewn"


def test_the_rate_of_loss_is_that_of_the_whole_tendons() -> None:
    of = Counted(first=4000, last=2000, total=8000, first_year=0.5, last_year=10.5)
    luck = Streams(1).within("test")
    rate = np.median(lost_by_year(of, luck.named("rate"), 4000))
    assert rate == pytest.approx(np.log(2.0) / 10.0, rel=0.02)
    course = whole(of, np.array([0.5, 5.5, 10.5]), luck.named("course"), 4000).mean(axis=0)
    assert course == pytest.approx([0.5, 0.5 / np.sqrt(2.0), 0.25], abs=0.01)
    broken = replace(of, first=of.total)  # counts against all that were sewn
    wrong = whole(broken, np.array([10.5]), luck.named("course"), 4000).mean()
    assert wrong == pytest.approx(0.25, abs=0.01), "the last count alone does not show it"
    assert whole(broken, np.array([5.5]), luck.named("c"), 4000).mean() > course[1] + 0.1


def test_an_arm_without_two_counts_is_refused() -> None:
    with pytest.raises(CatalogueError, match="no two counts of the same tendons"):
        counted(cohorts("calibrate")["ElleraGomes2012"].arms["all"])


@pytest.mark.parametrize("name", ["knee-cartilage-defect", "rotator-cuff-repair"])
def test_structure_is_kept_on_disk_and_told_in_the_report(name: str, tmp_path: Path) -> None:
    run = pipeline.run(case(name), out=tmp_path / "run")
    assert isinstance(run, SymptomRun)
    again = load_any(tmp_path / "run")
    assert again.summary() == run.summary()
    assert run.summary()["structure"]
    page = write(run, tmp_path / "page").read_text(encoding="utf-8")
    for words in TOLD[name]:
        assert words in page
    (other,) = set(TOLD) - {name}
    for words in TOLD[other]:
        assert words not in page


TOLD = {
    "knee-cartilage-defect": (
        "The cartilage defect",
        "No study links the filling to pain",
        "Cut through the",
    ),
    "rotator-cuff-repair": ("The sewn tendon", "(this plan)", "No evidence: no study"),
}
"""What the page of each says, and the other does not."""
