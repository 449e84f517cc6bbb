"""A front end that some texts never come out of, in the process that reads texts for the server."""

import re
import resource
import time
from multiprocessing.connection import Connection

from ttsf.serve.process import text_limit

BUSY, IDLE = f"{'-' * 60} cut here", "It waits."
"""Texts that take all of a processor, or none of it."""
CPU_S = 1


def read_slowly(connection: Connection, text: str, language: str) -> None:
    """In the place of `text_limit._read`: a pattern that divides dashes in exponentially many
    ways."""
    text_limit._limit()
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    if text == BUSY:
        re.search(r"(?:-+)+$", text)
    if text == IDLE:
        time.sleep(60)
    connection.send(True)
