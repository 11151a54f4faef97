"""The union score on sites made up so that any reader would agree."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from trephine.case.anatomy import Anatomy
from trephine.case.document import validate
from trephine.case.followup import CORTICES
from trephine.case.settings import Settings
from trephine.case.site import Site
from trephine.catalogue.load import catalogue
from trephine.core.errors import InputError
from trephine.intake.site import anatomy
from trephine.models import scores as module
from trephine.models.attenuation import RadiographParameters, TissueNumbers, hounsfield
from trephine.models.radiograph import Camera
from trephine.models.reading import Reading
from trephine.models.scores import (
    Band,
    Reader,
    ScoreParameters,
    Side,
    first_lasting,
)

Fill = Callable[[Anatomy], np.ndarray]


@pytest.fixture(scope="module")
def cutoffs() -> ScoreParameters:
    return Reading(catalogue()).fill(ScoreParameters)


@pytest.fixture(scope="module")
def woven() -> RadiographParameters:
    """New bone of its catalogue number, 800 HU against 2000 of cortex."""
    return Reading(catalogue()).fill(RadiographParameters)


@pytest.fixture(scope="module")
def cortical(woven: RadiographParameters) -> RadiographParameters:
    """New bone as dense as cortex."""
    numbers = {**woven.tissue.hounsfield, "woven_mature": 2000.0}
    return dataclasses.replace(woven, tissue=TissueNumbers(numbers))


def shaft(tilt: str = "0 deg", width: str = "4 mm", nail: str = "11 mm") -> Anatomy:
    document = {
        "kind": "shaft",
        "bone": "femur",
        "side": "left",
        "diagnosis": "atrophic non-union",
        "shaft": {"outer_diameter": "29 mm", "canal_diameter": "14 mm"},
        "gap": {"width": width, "tilt": tilt},
        "fixation": {"kind": "nail", "nail_diameter": nail},
    }
    return anatomy(validate(Site, document, "site"), Settings.preset("draft"))


@pytest.fixture(scope="module")
def straight() -> Anatomy:
    return shaft()


@pytest.fixture(scope="module")
def oblique() -> Anatomy:
    return shaft(tilt="25 deg", width="2 mm")


def numbers(site: Anatomy, mineralised: np.ndarray, p: RadiographParameters) -> np.ndarray:
    none = np.zeros(site.grid.shape)
    fields = {"woven": mineralised, "mineralised": mineralised}
    fields |= dict.fromkeys(("fibrous", "cartilage", "clot", "demineralised_bone"), none)
    return hounsfield(site, fields, p)


def scores(
    site: Anatomy,
    mineralised: np.ndarray,
    p: RadiographParameters,
    cutoffs: ScoreParameters,
    side: Side = "left",
) -> list[int]:
    reader = Reader.of(site, side, p, cutoffs)
    seen = reader.scores(numbers(site, mineralised, p), site.open * mineralised)
    return [int(s) for s in seen]


def places(site: Anatomy) -> tuple[np.ndarray, ...]:
    """Position across and along the shaft, distance from its axis and from the fracture plane."""
    x, y, z = site.grid.centres()
    flat = np.zeros(site.grid.shape)
    return x + flat, y + flat, np.hypot(x, y) + flat, z - y * np.tan(site.tilt) + flat


def nowhere(site: Anatomy) -> np.ndarray:
    return np.zeros(site.grid.shape)


def cortex_back(site: Anatomy) -> np.ndarray:
    """New bone exactly where cortex was removed."""
    share = np.zeros(site.grid.shape)
    return np.divide(site.cortex_removed, site.open, out=share, where=site.open > 1e-9)


def periosteal_shell(site: Anatomy) -> np.ndarray:
    _, _, r, plane = places(site)
    return ((r > site.outer_radius) & (r < 0.0205) & (np.abs(plane) < 0.008)).astype(float)


def islands(site: Anatomy) -> np.ndarray:
    """Cuffs on both bone ends that do not reach across."""
    _, _, r, plane = places(site)
    near = (np.abs(plane) > 0.004) & (np.abs(plane) < 0.009)
    return ((r > site.outer_radius) & (r < 0.0205) & near).astype(float)


def broken_bridge(site: Anatomy) -> np.ndarray:
    """A full bridge but for one layer along the fracture plane."""
    _, _, _, plane = places(site)
    return np.maximum(cortex_back(site), periosteal_shell(site)) * (np.abs(plane) > 0.0012)


def quarter(cortex: str) -> Fill:
    """Bone in the gap on one side of a left limb."""

    def fill(site: Anatomy) -> np.ndarray:
        x, y, _, _ = places(site)
        toward = {"anterior": -y, "posterior": y, "medial": -x, "lateral": x}[cortex]
        other = x if cortex in {"anterior", "posterior"} else y
        return cortex_back(site) * (toward > np.abs(other))

    return fill


@pytest.mark.parametrize(
    ("fill", "wanted"),
    [
        (nowhere, [1, 1, 1, 1]),
        (islands, [2, 2, 2, 2]),
        (broken_bridge, [2, 2, 2, 2]),
        (cortex_back, [3, 3, 3, 3]),
        (periosteal_shell, [3, 3, 3, 3]),
    ],
)
@pytest.mark.parametrize("where", ["straight", "oblique"])
def test_woven_bone_scores_as_a_reader_would(
    fill: Fill,
    wanted: list[int],
    where: str,
    woven: RadiographParameters,
    cutoffs: ScoreParameters,
    request: pytest.FixtureRequest,
) -> None:
    site = request.getfixturevalue(where)
    assert scores(site, fill(site), woven, cutoffs) == wanted


def mean_for_least(self: Band, log_signal: np.ndarray) -> tuple[float, float]:
    new = log_signal[np.ix_(self.in_gap, self.columns)] - self.empty[self.in_gap]
    return float((new.sum(axis=1) / self.missing[self.in_gap].sum(axis=1)).mean()), 1.0


def test_the_scores_reject_a_mean_along_the_gap(
    straight: Anatomy,
    cortical: RadiographParameters,
    cutoffs: ScoreParameters,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = broken_bridge(straight)
    assert scores(straight, broken, cortical, cutoffs) == [2, 2, 2, 2]
    monkeypatch.setattr(Band, "bridging", mean_for_least)
    assert scores(straight, broken, cortical, cutoffs) != [2, 2, 2, 2]


def test_the_scores_reject_a_gap_read_across_its_plane(
    oblique: Anatomy,
    woven: RadiographParameters,
    cutoffs: ScoreParameters,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_plane", lambda _: ((0.0, 0.0), (0.0, 0.0)))
    assert scores(oblique, islands(oblique), woven, cutoffs) != [2, 2, 2, 2]


@pytest.mark.parametrize("where", ["straight", "oblique"])
def test_cortex_restored_is_remodelled(
    where: str,
    cortical: RadiographParameters,
    cutoffs: ScoreParameters,
    request: pytest.FixtureRequest,
) -> None:
    site = request.getfixturevalue(where)
    assert scores(site, cortex_back(site), cortical, cutoffs) == [4, 4, 4, 4]


@pytest.mark.parametrize("where", ["straight", "oblique"])
def test_the_share_is_that_of_the_cortex_put_back(
    where: str,
    cortical: RadiographParameters,
    cutoffs: ScoreParameters,
    request: pytest.FixtureRequest,
) -> None:
    site = request.getfixturevalue(where)
    reader = Reader.of(site, "left", cortical, cutoffs)
    for part, tolerance in ((0.0, 1e-9), (0.5, 0.02), (1.0, 1e-3)):
        for share, _ in reader.bridging(numbers(site, part * cortex_back(site), cortical)):
            assert share == pytest.approx(part, abs=tolerance)


def test_a_line_that_shows_is_not_remodelled(
    straight: Anatomy, cortical: RadiographParameters, cutoffs: ScoreParameters
) -> None:
    """Three quarters of the cortex is enough bone, but a line of 22 % contrast is seen in it."""
    dim = 0.75 * cortex_back(straight)
    assert scores(straight, dim, cortical, cutoffs) == [3, 3, 3, 3]
    reader = Reader.of(straight, "left", cortical, cutoffs)
    share, contrast = reader.bridging(numbers(straight, dim, cortical))[0]
    assert share == pytest.approx(0.76, abs=0.01)
    assert contrast == pytest.approx(0.226, abs=0.01)
    blind = dataclasses.replace(cutoffs, line_contrast=0.3)
    assert scores(straight, dim, cortical, blind) == [4, 4, 4, 4]


@pytest.mark.parametrize("cortex", CORTICES)
def test_one_bridged_cortex_is_that_one(
    cortex: str, straight: Anatomy, cortical: RadiographParameters, cutoffs: ScoreParameters
) -> None:
    filled = 0.7 * quarter(cortex)(straight)
    left = dict(zip(CORTICES, scores(straight, filled, cortical, cutoffs), strict=True))
    assert left == {name: 3 if name == cortex else 1 for name in CORTICES}


def test_sides_swap_medial_and_lateral_alone(
    straight: Anatomy, cortical: RadiographParameters, cutoffs: ScoreParameters
) -> None:
    filled = 0.7 * quarter("lateral")(straight)
    assert scores(straight, filled, cortical, cutoffs, "left") == [1, 1, 1, 3]
    assert scores(straight, filled, cortical, cutoffs, "right") == [1, 1, 3, 1]
    filled = 0.7 * quarter("anterior")(straight)
    assert scores(straight, filled, cortical, cutoffs, "right") == [3, 1, 1, 1]


def test_old_bone_before_an_oblique_gap_is_no_bridge(
    oblique: Anatomy, woven: RadiographParameters, cutoffs: ScoreParameters
) -> None:
    """Along the beam an oblique gap of 2 mm never shows clear, not even in its own plane.

    So it is read along the plane, and against the first film.
    """
    film = -np.log(Camera.of(oblique, woven).exposures(oblique.hounsfield)[0])
    reader = Reader.of(oblique, "left", woven, cutoffs)
    lateral = reader.bands[CORTICES.index("lateral")]
    columns = lateral.columns[lateral.in_cortex]
    plain = (film - np.median(film[:, [0, -1]]))[:, columns].mean(axis=1)
    assert plain.min() / plain.max() > cutoffs.bridged
    own = lateral.empty[:, lateral.in_cortex].mean(axis=1) - np.median(film[:, [0, -1]])
    assert own.min() / own.max() < plain.min() / plain.max() - 0.1
    share, _ = reader.bridging(oblique.hounsfield)[CORTICES.index("lateral")]
    assert share == pytest.approx(0, abs=1e-9)


def test_the_bands_stay_clear_of_metal(
    straight: Anatomy, woven: RadiographParameters, cutoffs: ScoreParameters
) -> None:
    views = Camera.of(straight, woven).views
    for band in Reader.of(straight, "left", woven, cutoffs).bands:
        across = views[band.film].across[band.columns]
        assert np.abs(across).min() >= 0.007
        assert np.ptp(across[band.in_cortex]) > 0.004


def test_a_site_that_cannot_be_read_is_refused(
    straight: Anatomy, woven: RadiographParameters, cutoffs: ScoreParameters
) -> None:
    whole = dataclasses.replace(straight, cortex_removed=np.zeros(straight.grid.shape))
    with pytest.raises(InputError, match="no gap"):
        Reader.of(whole, "left", woven, cutoffs)
    x, y, *_ = places(straight)
    plate = ((x > 0.006) & (np.abs(y) < 0.006)).astype(float)
    rest = {
        name: getattr(straight, name) * (1 - plate) for name in ("bone", "canal", "gap", "callus")
    }
    hidden = dataclasses.replace(straight, metal=np.maximum(straight.metal, plate), **rest)
    with pytest.raises(InputError, match="the lateral cortex cannot be read on the ap film"):
        Reader.of(hidden, "left", woven, cutoffs)


@pytest.mark.parametrize(
    ("reached", "first"),
    [
        ([False, False], None),
        ([True, True], 0),
        ([False, True, True], 1),
        ([True, False, True], 2),
        ([True, True, False], None),
    ],
)
def test_union_is_dated_from_when_it_lasts(reached: list[bool], first: int | None) -> None:
    assert first_lasting(np.array(reached)) == first
