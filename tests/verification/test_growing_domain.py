"""A regenerate grows slice by slice: nothing is lost, and the middle is diluted as it must be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from trephine.case.document import validate
from trephine.case.regenerate import Regenerate
from trephine.case.settings import Settings
from trephine.intake.regenerate import domain
from trephine.models import regenerate
from trephine.models.regenerate import Domain, RegenerateParameters, inserted, overlaps, stretched

SITE = validate(
    Regenerate,
    {
        "kind": "regenerate",
        "bone": "tibia",
        "side": "left",
        "shaft": {"outer_diameter": "24 mm", "canal_diameter": "12 mm"},
        "fixation": {"kind": "ring_fixator"},
    },
    "site",
)
SETTINGS = validate(Settings, {"voxel": "3 mm", "margin_axial": "20 mm"}, "settings")
NUMBERS = RegenerateParameters(interzone=6e-3)
FINAL = 25e-3
Stretch = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def site() -> Domain:
    return domain(SITE, FINAL, SETTINGS, NUMBERS)


def grown(site: Domain, stretch: Stretch, step: float) -> list[float]:
    """Return how much there is of a field after each step of a distraction from 1 mm to the end."""
    rng = np.random.default_rng(3)
    count, share = site.slices(1e-3)
    healing = np.asarray(site.at(count).healing)
    state: dict[str, Any] = {"field": rng.uniform(0.1, 1.0, healing.shape) * (healing > 0)}

    def there() -> float:
        thin = np.ones(healing.shape[2])
        thin[site.middle(count)] = share
        return float((np.asarray(state["field"]) * site.at(count).healing * thin).sum())

    def pulled(to: float) -> None:
        nonlocal state, share
        zone, at = site.zone(count), site.middle(count)
        open_ = np.asarray(site.at(count).healing)
        before, after = open_.copy(), open_.copy()
        before[..., at] *= share
        after[..., at] *= to
        heights = np.ones(zone[1] - zone[0]), np.ones(zone[1] - zone[0])
        heights[0][at - zone[0]], heights[1][at - zone[0]] = share, to
        state = stretch(state, zone, before, after, heights)
        share = to

    amounts = [there()]
    for length in np.arange(1e-3, FINAL + 1e-9, step)[1:]:
        wanted, part = site.slices(float(length))
        while count < wanted:
            pulled(1.0)
            count, share = count + 1, 0.0
            state = {n: inserted(u, site.middle(count)) for n, u in state.items()}
        pulled(part)
        amounts.append(there())
    return amounts


def forgets_to_dilute(
    state: Any, zone: Any, before: Any, after: Any, heights: Any
) -> dict[str, Any]:
    """Move what is there and leave it as dense as it was."""
    part, moved = slice(*zone), overlaps(*heights)
    found = {}
    for name, values in state.items():
        array = np.array(values)
        array[..., part] = array[..., part] @ moved / np.maximum(moved.sum(axis=0), 1e-12)
        found[name] = array
    del before, after
    return found


def forgets_the_thin_slice(
    state: Any, zone: Any, before: Any, after: Any, heights: Any
) -> dict[str, Any]:
    """Take every slice for a whole one."""
    whole = np.where(after > 0, np.max(after, axis=2, keepdims=True), 0.0)
    del before
    return stretched(state, zone, whole, whole, heights)


@pytest.mark.parametrize("step", [0.25e-3, 1e-3, 7e-3])
def test_nothing_is_lost_while_the_bone_is_drawn_apart(site: Domain, step: float) -> None:
    amounts = grown(site, stretched, step)
    assert len(amounts) > 3
    assert amounts == pytest.approx([amounts[0]] * len(amounts), rel=1e-12)


@pytest.mark.parametrize("sabotage", [forgets_to_dilute, forgets_the_thin_slice])
def test_the_check_rejects_a_broken_stretch(site: Domain, sabotage: Stretch) -> None:
    amounts = grown(site, sabotage, 1e-3)
    assert abs(amounts[-1] / amounts[0] - 1.0) > 0.05


def test_a_stretched_zone_is_diluted_by_its_length() -> None:
    state = {"field": np.full((2, 2, 6), 0.8)}
    before, after = np.ones((2, 2, 6)), np.ones((2, 2, 6))
    before[..., 3], after[..., 3] = 0.25, 0.75
    heights = np.array([1.0, 0.25, 1.0]), np.array([1.0, 0.75, 1.0])
    found = np.asarray(stretched(state, (2, 5), before, after, heights)["field"])
    assert found[..., 2:5] == pytest.approx(np.full((2, 2, 3), 0.8 * 2.25 / 2.75))
    assert found[..., :2] == pytest.approx(0.8)
    assert found[..., 5] == pytest.approx(0.8)


def test_what_lies_in_a_stretched_stack_moves_with_it() -> None:
    moved = overlaps(np.array([1.0, 1.0, 1.0]), np.array([1.0, 2.0, 1.0]))
    assert moved.sum(axis=1) == pytest.approx([1, 1, 1])
    assert moved[0] == pytest.approx([0.75, 0.25, 0.0])
    assert moved[1] == pytest.approx([0.0, 1.0, 0.0])


def test_the_length_is_exact_and_the_bone_ends_stay_whole(site: Domain) -> None:
    for length in (1e-3, 2.9e-3, 3.1e-3, 12e-3, 24.5e-3):
        count, share = site.slices(length)
        assert (count - 1 + share) * 3e-3 == pytest.approx(length, rel=1e-12)
        here = site.at(count)
        assert here.gap_width == pytest.approx(count * 3e-3)
        assert np.count_nonzero(here.gap.sum(axis=(0, 1))) == count
        assert site.first <= site.middle(count) < site.first + count
    shortest, longest = site.at(1), site.at(site.most)
    assert longest.digest == site.whole.digest
    assert shortest.bone[..., : site.first] == pytest.approx(site.whole.bone[..., : site.first])


def test_what_diffuses_through_a_thin_slice_meets_its_true_width(site: Domain) -> None:
    """Steady conduction across the regenerate goes with one over its length, at any share."""
    passed = []
    for length in (13e-3, 13.5e-3, 14.5e-3, 15e-3):
        count, share = site.slices(length)
        tissue = site.tissue(count, share, SITE.biology)
        middle = tuple(n // 2 for n in tissue.open.shape[:2])
        faces = np.asarray(tissue.apertures[2])[middle][site.first : site.first + count - 1]
        passed.append(3.0 * float((1.0 / faces).sum()))
    ends = [3.0 * (c - 1 + s) - 3.0 for c, s in map(site.slices, (13e-3, 13.5e-3, 14.5e-3, 15e-3))]
    assert passed == pytest.approx(ends, rel=1e-9)


def test_the_new_slice_enters_above_and_below_in_turn(site: Domain) -> None:
    places = [site.middle(count) - site.first for count in range(1, 8)]
    assert places == [0, 1, 1, 2, 2, 3, 3]
    assert regenerate.Domain.of(site.whole, 6e-3) == site
