"""Products go to plain data and back without losing a bit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from trephine.core.errors import StoreError
from trephine.core.grid import Grid
from trephine.core.types import Ending, Series, Voxels
from trephine.store import codec


@dataclass(frozen=True)
class Leaf:
    amount: float
    label: str


@dataclass(frozen=True)
class Tree:
    leaves: tuple[Leaf, ...]
    pair: tuple[int, float]
    table: Mapping[str, Series]
    maybe: float | None
    other: float | None
    ending: Ending
    is_green: bool
    grid: Grid
    voxels: Voxels


def a_tree(**changes: object) -> Tree:
    values: dict[str, Any] = {
        "leaves": (Leaf(0.1 + 0.2, "é"), Leaf(5e-324, "")),
        "pair": (3, 1 / 3),
        "table": MappingProxyType({"a/b": np.array([1.0, 2.0]), "scalar": np.array(7, np.int8)}),
        "maybe": None,
        "other": np.float64(1 / 7),
        "ending": Ending.NOT_UNITED,
        "is_green": np.bool_(True),
        "grid": Grid((1, 2, 3), 0.001, (0.0, 0.1, 0.2)),
        "voxels": np.arange(6, dtype=np.float32).reshape(1, 2, 3),
    }
    return Tree(**(values | changes))


def round_trip(tree: Tree) -> Tree:
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    text = json.dumps(codec.encode(tree, "tree", arrays), allow_nan=False)
    return codec.decode(Tree, json.loads(text), arrays)


def test_a_product_comes_back_as_it_was() -> None:
    tree, back = a_tree(), round_trip(a_tree())
    for field in fields(Tree):
        if field.name not in {"table", "voxels"}:
            assert getattr(back, field.name) == getattr(tree, field.name), field.name
    assert type(back.is_green) is bool
    assert back.voxels.dtype == np.float32
    np.testing.assert_array_equal(back.voxels, tree.voxels)
    assert back.table["scalar"].shape == ()
    np.testing.assert_array_equal(back.table["a/b"], [1.0, 2.0])


def test_arrays_are_named_by_their_place() -> None:
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    codec.encode(a_tree(), "tree", arrays)
    assert sorted(arrays) == ["tree.table.a/b", "tree.table.scalar", "tree.voxels"]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), np.float32("nan")])
def test_a_number_that_is_not_finite_is_refused_with_its_place(number: float) -> None:
    with pytest.raises(StoreError, match=r"tree\.leaves\.0\.amount is (nan|inf)"):
        round_trip(a_tree(leaves=(Leaf(number, ""),)))


def test_what_cannot_be_written_is_refused_with_its_place() -> None:
    with pytest.raises(StoreError, match=r"tree\.maybe is a object"):
        round_trip(a_tree(maybe=object()))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ending", "HEALED"),
        ("pair", [1]),
        ("pair", [1, 2.0, 3]),
        ("is_green", 1),
        ("other", "many"),
        ("voxels", {"array": "tree.gone"}),
        ("leaves", [{"amount": 1.0}]),
        ("table", 3),
    ],
)
def test_damaged_data_is_refused(key: str, value: object) -> None:
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    document = codec.encode(a_tree(), "tree", arrays)
    codec.decode(Tree, document, arrays)
    with pytest.raises(StoreError, match="Tree cannot be rebuilt"):
        codec.decode(Tree, document | {key: value}, arrays)
