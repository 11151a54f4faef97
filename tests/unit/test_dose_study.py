"""The dose over samples: blocks, quantities, chances, drivers, virtual donors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import trephine
from trephine.case import prescription
from trephine.case.case import Case, read
from trephine.case.document import validate
from trephine.case.plan import Injection
from trephine.catalogue.load import Catalogue, catalogue
from trephine.catalogue.records import Record, Source, Spread
from trephine.cli.dose_words import reached
from trephine.core.errors import CatalogueError, InputError
from trephine.core.rng import Streams
from trephine.core.units import Unit
from trephine.models.dose_beliefs import DoseBeliefs
from trephine.models.population import PopulationParameters, virtual_donors
from trephine.models.reading import Reading, sampled
from trephine.stages import injections
from trephine.study.blocks import BLOCK
from trephine.study.dose import Dose, chance, dose, laboratory
from trephine.study.drivers import what_drives
from trephine.study.population import screen
from trephine.study.told import dose_document, notices

EXAMPLE = Path(trephine.__file__).parent / "cli" / "examples" / "femur-nonunion.toml"
CASE = read(EXAMPLE)
MARROW = CASE.with_plan(steps=[s for s in CASE.plan.steps if s.kind != "injection" or s.day == 0])


@pytest.fixture(scope="module")
def both() -> Dose:
    return dose(CASE, count=4000, seed=1)


def spread_record(**changes: Any) -> Record:
    plain: dict[str, Any] = {
        "about": "a share",
        "printed": 0.9,
        "unit": "1",
        "kind": "assumed",
        "source": "design",
        "access": "chosen",
        "role": "prior",
        "spread": {"law": "normal", "sd": 0.2},
    }
    return Record(**{**plain, **changes})


SHARE = Unit("1", "1", ge=0, le=1)


def test_a_law_without_ends_is_cut_at_the_bounds_and_never_piles_up_there() -> None:
    drawn = np.asarray(sampled(spread_record(), np.random.default_rng(0), 40_000, SHARE))
    cut = stats.truncnorm((0 - 0.9) / 0.2, (1 - 0.9) / 0.2, loc=0.9, scale=0.2)
    assert ((drawn >= 0) & (drawn <= 1)).all()
    assert not np.isin(drawn, (0.0, 1.0)).any(), "clipped, not drawn again"
    assert stats.kstest(drawn, cut.cdf).pvalue > 0.01
    # The twin that clips has a heap at the end.
    clipped = np.clip(np.random.default_rng(0).normal(0.9, 0.2, 40_000), 0, 1)
    assert stats.kstest(clipped, cut.cdf).pvalue < 1e-6


def test_one_sample_is_the_same_as_the_first_way_to_draw_it() -> None:
    one = sampled(spread_record(), np.random.default_rng(3), None, SHARE)
    many = sampled(spread_record(), np.random.default_rng(3), 1, SHARE)
    assert [one] == list(np.atleast_1d(many))


def test_a_law_that_lies_beyond_its_bounds_is_refused() -> None:
    far = spread_record(printed=90, spread=Spread(law="normal", sd=0.1))
    with pytest.raises(CatalogueError, match="next to nothing of the spread"):
        sampled(far, np.random.default_rng(0), 10, SHARE)


def test_a_record_keeps_its_samples_when_another_joins_the_catalogue() -> None:
    few = {"a.x": spread_record()}
    more = {"a.b": spread_record(printed=0.5), **few}
    source = {"design": Source(title="t", where="w")}
    found = [
        Reading(Catalogue(records, source, {}), Streams(4).named, 50).number("a.x", SHARE)
        for records in (few, more)
    ]
    assert (found[0] == found[1]).all()
    # Where all records share one stream, a new one shifts the others.
    shifting = [
        {n: Reading(Catalogue(records, source, {}), lambda _, r=rng: r, 50).number(n, SHARE)
         for n in sorted(records)}["a.x"]
        for records, rng in ((few, np.random.default_rng(4)), (more, np.random.default_rng(4)))
    ]  # fmt: skip
    assert not (shifting[0] == shifting[1]).any()


def test_numbers_can_be_exchanged_one_at_a_time() -> None:
    one, other = (DoseBeliefs.draw(Streams(seed), 20) for seed in (1, 2))
    mixed = one.exchanged(other, {"injection.leak.bone"})
    assert (mixed.deliver.leak["bone"] == other.deliver.leak["bone"]).all()
    assert mixed.harvest.theta_progenitors is one.harvest.theta_progenitors
    assert mixed.stage["injection.leak.bone"] == "deliver"
    assert not DoseBeliefs.printed().sampled()


def test_neither_workers_nor_what_is_drawn_beside_change_a_sample() -> None:
    count = BLOCK + 3000
    one, two = (dose(MARROW, count=count, seed=5, workers=workers) for workers in (1, 2))
    alone = dose(MARROW, count=BLOCK, seed=5)
    for name in ("progenitors", "nucleated", "volume"):
        here, there, first = (np.asarray(getattr(d.at("stays"), name)) for d in (one, two, alone))
        assert (here == there).all()
        assert (here[:BLOCK] == first).all()
    # Blocks have luck of their own.
    told = one.at("stays").progenitors
    assert not np.isin(told[BLOCK:], told[:BLOCK]).any()


def test_places_agree_with_the_funnel(both: Dose) -> None:
    for treated in both.injections:
        rows = {level.name: level for level in treated.levels}
        for place, step in (
            ("product", "in the product"),
            ("lesion", "fits the room at the lesion"),
            ("stays", "stays after the first days"),
        ):
            there = both.at(place, treated)  # type: ignore[arg-type]
            assert (there.progenitors == rows[step].progenitors).all()
            assert there.density * there.volume == pytest.approx(there.progenitors)
        steps = np.array([np.ones(both.count) * level.nucleated for level in treated.levels[1:]])
        assert (np.diff(steps, axis=0) <= 1e-9 * steps[0]).all(), "cells from nowhere"
    together = both.at("stays").progenitors
    assert (together == sum(both.at("stays", t).progenitors for t in both.injections)).all()


def test_what_is_present_starts_at_what_was_placed_and_decays_as_what_stays(both: Dose) -> None:
    first, second = both.injections
    assert both.present([0.0], [0.5])[0, 0] == pytest.approx(
        np.median(both.at("lesion", first).progenitors)
    )
    only = replace(both, injections=(first,))
    weeks = 90 * 86400.0
    late = both.at("stays", first).progenitors * 2.0 ** (-weeks / first.staying.slow)
    assert only.present([weeks], [0.5])[0, 0] == pytest.approx(np.median(late), rel=0.01)
    before, after = both.present([second.day - 1, second.day], [0.5])[:, 0]
    assert after > 100 * before


def test_a_chance_is_the_share_that_reaches_all_that_is_asked(both: Dose) -> None:
    marrow = both.injections[0]
    there = both.at("lesion", marrow)
    asked = prescription.read("10,000 progenitors and 1,500 per mL in the lesion")
    found = chance(both, asked, marrow)
    passed = (there.progenitors >= 1e4) & (there.progenitors / (there.volume * 1e6) >= 1500)
    # Where a product cannot be had a run is refused, and nothing is reached.
    assert marrow.is_held.any()
    assert found.value == (passed & ~marrow.is_held).mean() < passed.mean()
    assert found.interval[0] < found.value < found.interval[1]
    for harder in ("20,000 progenitors and 1,500 per mL", "10,000 progenitors and 3,000 per mL"):
        assert chance(both, prescription.read(harder), marrow).value < found.value
    assert chance(both, prescription.read("1 progenitor in the product")).value > 0.99
    with pytest.raises(ValueError, match="counted by reference"):
        chance(both, prescription.read("5 progenitors, Paris assay"))


def test_grown_cells_reach_no_prescription_of_colonies_unless_it_says_so(both: Dose) -> None:
    marrow, grown = both.injections
    text = "20,000 progenitors and 1,500 per mL in the lesion"
    colonies = prescription.read(text)
    either = prescription.read(f"{text}, grown cells included")
    assert chance(both, colonies) == chance(both, colonies, marrow)
    assert chance(both, colonies, grown).value == 0.0
    assert chance(both, either).value > 0.95 > 2 * chance(both, colonies).value
    many = prescription.read("1e9 nucleated cells in the product")
    assert chance(both, many, grown).value == 0.0  # 20 million at most, but they are nucleated:
    assert chance(both, many.model_copy(update={"nucleated": 1e6}), grown).value > 0.95
    driven = what_drives(CASE, both.reaches, seed=1, beliefs="drawn", assay="reference")
    told = dose_document(CASE, both, driven, colonies)["prescription"]
    assert told["grown_cells"]["chance"] == chance(both, either).value
    assert told["grown_cells"]["there"]["median"] > 1e6
    assert "Grown cells do not count" in reached(told)
    assert "grown_cells" not in dose_document(CASE, both, driven, either)["prescription"]


def test_another_laboratory_counts_marrow_by_its_factor_and_grown_cells_as_cells() -> None:
    here = dose(CASE, count=300, beliefs="printed")
    paris = dose(CASE, count=300, beliefs="printed", assay="paris")
    factor = laboratory(DoseBeliefs.printed(), "paris")
    assert 0 < factor < 1
    marrow, grown = (
        [there.at("lesion", there.injections[k]).progenitors for there in (here, paris)]
        for k in (0, 1)
    )
    assert marrow[1] == pytest.approx(marrow[0] * factor)
    assert (grown[1] == grown[0]).all()
    with pytest.raises(InputError, match=r"no laboratory is known as 'pariss'; did you mean 'p"):
        dose(CASE, count=10, assay="pariss")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"count": 0}, "0 samples cannot be made; ask for 1 to"),
        ({"count": 10**9}, "samples cannot be made"),
    ],
)
def test_a_number_of_draws_that_cannot_be_made_is_refused(
    change: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        dose(CASE, **change)


def test_a_plan_without_injection_or_with_unknown_names_is_refused() -> None:
    with pytest.raises(InputError, match="holds no injection"):
        dose(CASE.with_plan(steps=[]), count=10)
    step = MARROW.plan.injections[0].as_written()
    step["process"]["device"] = "bufy_coat"
    with pytest.raises(InputError, match=r"did you mean 'buffy_coat'"):
        dose(CASE.with_plan(steps=[step]), count=10)


def test_luck_alone_drives_printed_numbers_and_the_donor_drives_most() -> None:
    reaches = dose(MARROW, count=10).reaches
    printed, drawn = (
        what_drives(MARROW, reaches, seed=0, beliefs=kind, assay="paris")[0]
        for kind in ("printed", "drawn")
    )
    assert {d.name for d in printed.groups} == {"donor", "needle", "device"}
    assert printed.records == ()
    assert printed.groups[0].name == drawn.groups[0].name == "donor"
    # The donor's variance is that of both deviates: 0.47^2 + 0.72^2 of the whole.
    whole = printed.spread**2
    p = DoseBeliefs.printed().harvest
    donor = p.donor_spread_nucleated**2 + p.donor_spread_prevalence**2
    low, high = printed.groups[0].first_interval
    assert low - 0.03 < donor / whole < high + 0.03
    names = {d.name for d in drawn.groups}
    assert {"harvest", "process", "deliver", "laboratory"} <= names
    assert "clot" not in names, "the needle was rinsed"
    assert any(d.name == "laboratories.paris.counted" for d in drawn.records)
    assert sum(d.total for d in drawn.groups) > 0.95


def test_what_is_told_adds_up(both: Dose) -> None:
    driven = what_drives(CASE, both.reaches, seed=1, beliefs="drawn", assay="reference")
    asked = prescription.read("30,000 progenitors")
    told = dose_document(CASE, both, driven, asked)
    marrow, grown = told["injections"]
    assert [step["step"] for step in marrow["funnel"]][:2] == ["drawn", "in the product"]
    cells = marrow["at"]["lesion"]["progenitors"]
    keys = ["low_95", "low_80", "median", "high_80", "high_95"]
    assert sorted(cells[key] for key in keys) == [cells[key] for key in keys]
    assert told["prescription"]["chance"] == chance(both, asked).value
    assert len(told["prescription"]["of_each_injection"]) == 2
    assert grown["cultured"]
    assert 0 < marrow["risk"]["major"]["chance"] < 0.05
    seen, product = marrow["assay"], marrow["at"]["product"]
    # The dishes scatter about what the product holds, and no more is seen than was plated.
    each = product["progenitors_per_mL"]["median"]
    assert seen["per_mL"]["median"] == pytest.approx(each, rel=0.1)
    assert seen["per_mL"]["high_95"] > product["progenitors_per_mL"]["high_95"] * 0.95
    assert seen["colonies"]["median"] == pytest.approx(
        seen["dishes"] * seen["per_million_nucleated"]["median"]
    )
    assert "assay" not in grown
    assert any("reference laboratory" in notice for notice in told["notices"])
    assert any("not colonies" in notice for notice in told["notices"])


def squeezed(case: Case) -> Case:
    """Return the case with a product so small that red cells often do not pack into it."""
    step = case.plan.injections[0].as_written()
    step["process"] |= {"product_volume": "6.7 mL"}
    step["deliver"] |= {"volume": "5 mL"}
    return case.with_plan(steps=[step])


def test_a_product_that_cannot_be_made_in_some_draws_is_told() -> None:
    case = squeezed(MARROW)
    found = dose(case, count=500)
    share = np.mean(found.injections[0].is_held)
    assert 0.1 < share < 0.5
    driven = what_drives(case, found.reaches, seed=0, beliefs="printed", assay="reference")
    told = dose_document(case, found, driven)
    assert any("would not pack" in notice for notice in told["notices"])
    assert told["injections"][0]["product"]["haematocrit"]["high_95"] < 0.86


def test_virtual_donors_are_those_of_the_population() -> None:
    p = Reading(catalogue()).fill(PopulationParameters)
    found = virtual_donors(p, Streams(0).within("x"), 40_000)
    year = 365.25 * 86400
    assert found.age.min() >= 18 * year - 1
    assert found.age.max() <= 90 * year + 1
    assert np.mean(found.female) == pytest.approx(p.women, abs=0.01)
    assert np.mean(found.smoker) == pytest.approx(p.smokers, abs=0.01)
    assert np.median(found.body_mass_index) == pytest.approx(26.5, abs=0.1)
    women, men = found.height[found.female].mean(), found.height[~found.female].mean()
    assert men - women == pytest.approx(0.13, abs=0.005)
    # Each fact has luck of its own.
    facts = np.array([found.age, found.female, found.height, found.smoker, found.body_mass_index])
    independent = np.abs(np.corrcoef(facts)[np.triu_indices(5, 1)])
    assert np.sum(independent > 0.02) == 1, "sex and height alone go together"


def test_a_population_spreads_wider_than_a_patient_and_workers_change_nothing() -> None:
    count = BLOCK + 2000
    one, two = (screen(MARROW, count=count, workers=workers) for workers in (1, 2))
    assert (one.progenitors == two.progenitors).all()
    assert one.density * one.volume == pytest.approx(one.progenitors)
    patient = dose(MARROW, count=count).at("lesion").progenitors
    assert np.log(one.progenitors).std() > np.log(patient).std() + 0.02
    smokers = np.median(one.progenitors[one.donors.smoker])
    assert smokers / np.median(one.progenitors[~one.donors.smoker]) == pytest.approx(0.67, abs=0.08)


def injected_with(process: dict[str, object]) -> Case:
    """Return the first injection of the example with another processing."""
    (step,) = MARROW.plan.injections
    written = {**step.as_written(), "process": process}
    return MARROW.with_plan(steps=[validate(Injection, written, "injection")])


def test_a_plan_that_brings_no_cells_gives_zeros_and_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A slice from the bottom of a spun tube holds red cells alone, and none of none stay.

    Such a slice is refused before anything is computed; here it is not.
    """
    spin = {"g": 1000, "duration": "10 min", "column": "8 cm"}
    process = {"method": "centrifuge", "spin": spin, "red_cells": 1, "product_volume": "10 mL"}
    case = injected_with(process)
    with pytest.raises(InputError, match="would fill it"):
        dose(case, count=50)
    monkeypatch.setattr(injections, "problems", lambda *_: [])
    told = dose(case, count=50)
    assert (told.at("stays").progenitors == 0).all()
    assert (told.present([0.0, 30 * 86400.0], [0.5]) == 0).all()
    assert any(said.startswith("In 100 % of the samples") for said in notices(case, told, None))
