"""The score of intervals: least for the law that values have."""

from __future__ import annotations

from statistics import NormalDist

import pytest

from trephine.study.symptom_left_out import Expected, interval_score

VALUES = [NormalDist().inv_cdf((k + 0.5) / 4000) for k in range(4000)]
END = NormalDist().inv_cdf(0.95)


def table(width: float = 1.0, shift: float = 0.0, kind: str = "change") -> list[Expected]:
    """Return standard normal values beside their intervals, widened and shifted."""
    low, high = shift - width * END, shift + width * END
    return [
        Expected("", "", "", "", 0.0, value, shift, low, high, kind, randomised=True)
        for value in VALUES
    ]


def test_the_score_is_that_of_the_normal_law_and_least_for_it() -> None:
    # By hand: (0.5 * 0.7979 + 0.1 * 1.6449 + 2 * (0.10314 - 0.05 * 1.6449)) / 1.5.
    right = interval_score(table())
    assert right == pytest.approx(0.4035, abs=5e-4)
    for wrong in (table(0.5), table(2.0), table(shift=0.5), table(shift=-0.5)):
        assert interval_score(wrong) > right + 0.01


def test_improvements_in_per_cent_have_no_part_in_the_score() -> None:
    wild = table(shift=50.0, kind="improvement")
    assert interval_score([*table(), *wild]) == interval_score(table())
