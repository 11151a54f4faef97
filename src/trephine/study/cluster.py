"""Work spread over processes or machines; who does it and in which order changes no result."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import multiprocessing
import os
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import connection
from typing import Any

from trephine.core.errors import InputError, TrephineError

Work = Callable[[Any], Any]
Heard = Callable[[int, Any], None]


class WorkerError(TrephineError):
    """Raise when a worker is gone, for whatever reason; what was done until then is kept."""


class Deal:
    """Deals pieces of work to seats, so that each seat meets few kinds.

    A kind is what a program is compiled for. A seat goes on with a kind it has met, else opens the
    largest that nobody has, else helps with the one of which most is left.

    Parameters
    ----------
    kinds
        The kind of each piece.
    """

    def __init__(self, kinds: Sequence[Hashable]) -> None:
        self.left: dict[Hashable, list[int]] = {}
        for number, kind in reversed(list(enumerate(kinds))):
            self.left.setdefault(kind, []).append(number)
        self.met: dict[Hashable, set[Hashable]] = {}

    def next(self, seat: Hashable) -> int | None:
        """Return the next piece for a seat, or None where nothing is left."""
        met = self.met.setdefault(seat, set())
        taken: set[Hashable] = set().union(*self.met.values())
        for among in (met, set(self.left) - taken, set(self.left)):
            kinds = [kind for kind in self.left if kind in among]
            if kinds:
                kind = max(kinds, key=lambda k: len(self.left[k]))
                met.add(kind)
                number = self.left[kind].pop()
                if not self.left[kind]:
                    del self.left[kind]
                return number
        return None


def spread(
    work: Work,
    pieces: Sequence[Any],
    kinds: Sequence[Hashable],
    heard: Heard,
    *,
    workers: int = 1,
    scheduler: str | None = None,
) -> None:
    """Do pieces of work, each by itself, and tell each result as it comes.

    Parameters
    ----------
    work
        A function of one piece that raises nothing; of a module, so that it can be sent.
    pieces
        What it is called with.
    kinds
        Pieces of one kind share compiled programs.
    heard
        Called here with the number of a piece and its result, in any order.
    workers
        Processes on this machine; 1 works in this process. Over a local dask cluster where dask
        is installed, else over plain processes.
    scheduler
        Address of a dask scheduler that has workers of its own.

    Raises
    ------
    InputError
        If the scheduler cannot be used.
    WorkerError
        If a worker is gone.
    """
    if scheduler is not None:
        _over_dask(work, pieces, kinds, heard, scheduler)
        return
    deal = Deal(kinds)
    seats = min(workers, len(pieces))
    if seats <= 1:
        while (number := deal.next(0)) is not None:
            heard(number, work(pieces[number]))
    elif is_dask_here():
        with _local(seats) as address:
            _over_dask(work, pieces, kinds, heard, address)
    else:
        over_processes(work, pieces, kinds, heard, seats)


def is_dask_here() -> bool:
    """Return whether the optional extra ``trephine[study]`` is installed."""
    return all(importlib.util.find_spec(name) for name in ("dask", "distributed"))


def keep_to(seat: int, seats: int) -> None:
    """Keep this process on its share of the cores, where the system can and they suffice.

    Array libraries start a thread for each core they see; processes that each see all of them
    stand in each other's way.
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    cores = sorted(os.sched_getaffinity(0))
    if seats <= len(cores):
        os.sched_setaffinity(0, cores[seat::seats])


def _dask() -> Any:  # noqa: ANN401  (an untyped package)
    """Return the package of the optional extra."""
    return importlib.import_module("distributed")


@contextmanager
def _local(seats: int) -> Iterator[str]:
    """Start a dask cluster on this machine and give its address."""
    distributed = _dask()
    with (
        distributed.LocalCluster(
            n_workers=seats,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",  # any free port; None would ask for a fixed one
            silence_logs=logging.CRITICAL,
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        for seat, address in enumerate(sorted(client.nthreads())):
            client.run(keep_to, seat, seats, workers=[address])
        yield cluster.scheduler_address


def _over_dask(
    work: Work, pieces: Sequence[Any], kinds: Sequence[Hashable], heard: Heard, address: str
) -> None:
    """Do the pieces on the workers of a dask scheduler."""
    if not is_dask_here():
        raise InputError("--scheduler needs dask; install 'trephine[study]'")
    distributed = _dask()
    try:
        client = distributed.Client(address, set_as_default=False, timeout=20)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"--scheduler {address}: no dask scheduler answers there") from error
    with client:
        threads = client.nthreads()
        if not threads:
            raise InputError(f"--scheduler {address}: it has no workers; start some")
        deal = Deal(kinds)
        seats = [(where, k) for where in sorted(threads) for k in range(threads[where])]
        whose: dict[Any, tuple[int, tuple[str, int]]] = {}

        def sent(seat: tuple[str, int]) -> Any:  # noqa: ANN401  (a future of an untyped package)
            number = deal.next(seat)
            if number is None:
                return None
            future = client.submit(
                work, pieces[number], workers=[seat[0]], allow_other_workers=True, pure=False
            )
            whose[future.key] = (number, seat)
            return future

        first = [future for future in map(sent, seats) if future is not None]
        waiting = distributed.as_completed(first, loop=client.loop)
        for future in waiting:
            number, seat = whose.pop(future.key)
            try:
                result = future.result()
            except Exception as error:
                raise WorkerError(f"a worker gave no result: {error}") from error
            heard(number, result)
            further = sent(seat)
            if further is not None:
                waiting.add(further)


def over_processes(
    work: Work, pieces: Sequence[Any], kinds: Sequence[Hashable], heard: Heard, seats: int
) -> None:
    """Do the pieces in processes of this machine, each told piece by piece what to do."""
    # A process that JAX has threads in cannot be forked.
    context = multiprocessing.get_context("spawn")
    deal = Deal(kinds)
    at_work: dict[Any, tuple[int, int | None]] = {}
    processes = []
    try:
        for seat in range(seats):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, work, seat, seats), daemon=True)
            process.start()
            theirs.close()
            processes.append(process)
            at_work[ours] = (seat, None)
        while at_work:
            idle: list[Any] = [c for c, (_, number) in at_work.items() if number is None]
            ready: list[Any] = idle or list(connection.wait(list(at_work)))
            for pipe in ready:
                seat, number = at_work[pipe]
                if number is not None:
                    heard(number, pipe.recv())
                following = deal.next(seat)
                pipe.send(None if following is None else (pieces[following],))
                at_work[pipe] = (seat, following)
                if following is None:
                    del at_work[pipe]
                    pipe.close()
    except (EOFError, ConnectionError) as error:
        raise WorkerError("a worker process is gone; it may have run out of memory") from error
    finally:
        for process in processes:
            process.join(timeout=5 if not at_work else 0)
            process.terminate()


def _serve(pipe: Any, work: Work, seat: int, seats: int) -> None:  # noqa: ANN401
    """Work on what comes through a pipe until nothing more does."""
    keep_to(seat, seats)
    try:
        while (given := pipe.recv()) is not None:
            pipe.send(work(given[0]))
    except (EOFError, ConnectionError, KeyboardInterrupt):
        return  # whoever asked is gone
