"""The thread pool on which the model computes."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

import torch

Made = TypeVar("Made")


class Workers:
    """Thread pool of a pipeline; each thread uses one core, and all streams share it."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._start()

    def submit(self, work: Callable[..., Made], *arguments: object) -> "Future[Made]":
        """Run a function on one of the threads."""
        if self._process != os.getpid():  # a forked process has no threads
            self._start()
        return self._pool.submit(work, *arguments)

    def close(self) -> None:
        """End the threads once they are done; nothing can be submitted any more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _start(self) -> None:
        given = torch.get_num_threads()
        self._process = os.getpid()
        self._pool = ThreadPoolExecutor(self.count, "ttsf", torch.set_num_threads, (1,))
        all_there = threading.Barrier(self.count)
        wait([self._pool.submit(all_there.wait) for _ in range(self.count)])
        torch.set_num_threads(given)  # per thread; new threads inherit the last value set
