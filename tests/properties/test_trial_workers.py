"""Who computes a trial changes nothing of it: one worker, four, processes or dask."""

from __future__ import annotations

import json

import pytest

from made_trial import broken, failing, made, ran
from trephine.core.errors import InputError
from trephine.study.cluster import WorkerError, is_dask_here, over_processes
from trephine.study.trial_document import document


@pytest.mark.parametrize("is_dask", [True, False])
def test_four_workers_give_what_one_gives(
    *, is_dask: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_dask and not is_dask_here():
        pytest.skip("dask is not installed: 'trephine[study]'")
    monkeypatch.setattr("trephine.study.cluster.is_dask_here", lambda: is_dask)
    one = document(ran(made(), engine=failing))
    four = document(ran(made(), engine=failing, workers=4))
    assert json.dumps(one) == json.dumps(four)


def test_a_scheduler_that_is_not_there_is_told() -> None:
    if not is_dask_here():
        pytest.skip("dask is not installed: 'trephine[study]'")
    with pytest.raises(InputError, match="--scheduler nonsense"):
        ran(made(), scheduler="nonsense")


def test_a_worker_that_dies_is_told() -> None:
    with pytest.raises(WorkerError, match="worker process is gone"):
        over_processes(broken, [1, 2], [0, 0], lambda *_: None, 2)
