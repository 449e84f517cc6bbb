"""Threads that the model computes on."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

import torch

Made = TypeVar("Made")


class Workers:
    """Threads for the model; each uses one core, and all streams of a pipeline share them."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._start()

    def submit(self, work: Callable[..., Made], *arguments: object) -> "Future[Made]":
        """Do it on one of the threads."""
        if self._process != os.getpid():  # a fork takes no threads along
            self._start()
        return self._pool.submit(work, *arguments)

    def _start(self) -> None:
        given = torch.get_num_threads()
        self._process = os.getpid()
        self._pool = ThreadPoolExecutor(self.count, "ttsf", torch.set_num_threads, (1,))
        all_there = threading.Barrier(self.count)
        wait([self._pool.submit(all_there.wait) for _ in range(self.count)])
        torch.set_num_threads(given)  # each thread has its own number, new ones that set last
