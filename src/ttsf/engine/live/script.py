"""A text that grows while it is spoken, and the utterances of its complete clauses."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError

from ttsf.errors import TtsfError
from ttsf.text.front_end import NO_LETTERS, NothingToSay, TextFrontEnd, Utterance
from ttsf.text.pieces import Clause, Clauses

CLAUSES_AHEAD = 8
"""Complete clauses that wait before an iterator of pieces is asked for more."""
Pieces = Iterable[str] | AsyncIterable[str]


class Script:
    """Text in pieces of any size; thread-safe.

    Pieces are added until `end`. `replace` changes the part that is not being spoken yet.
    """

    def __init__(self) -> None:
        self._clauses, self._waiting = Clauses(), deque[Clause]()
        self._changed = threading.Condition()
        self._ended = self.dropped = False
        self._error: BaseException | None = None

    def add(self, piece: str) -> None:
        """Append a piece; raises TtsfError after `end`, and for anything but a str."""
        if not isinstance(piece, str):
            raise TtsfError(f"a piece of text must be a str, not {type(piece).__name__}")
        with self._changed:
            self._refuse_after_end()
            self._waiting += self._clauses.add(piece)
            self._changed.notify_all()

    def replace(self, text: str) -> str:
        """Replace everything that is not being spoken yet by `text`, and return what is dropped."""
        with self._changed:
            self._refuse_after_end()
            before = "".join(clause.text for clause in self._waiting) + self._clauses.pending
            start = self._waiting[0].start if self._waiting else None
            self._waiting = deque(self._clauses.replace(text, start))
            self._changed.notify_all()
        return before

    def end(self) -> None:
        """Declare the text complete."""
        with self._changed:
            if not self._ended:
                self._ended = True
                self._waiting += self._clauses.finish()
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """End with an error; `clauses` raises it after what was added before."""
        with self._changed:
            self._error = self._error or error
        self.end()

    def drop(self) -> None:
        """End, and drop all that is not being spoken yet."""
        with self._changed:
            self._ended = self.dropped = True
            self._waiting.clear()
            self._changed.notify_all()

    @property
    def ended(self) -> bool:
        """Whether no more pieces are accepted."""
        return self._ended

    def clauses(self) -> Iterator[Clause]:
        """Yield clauses as they become complete, waiting for them; raises the error of `fail`."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ended)
                clause = self._waiting.popleft() if self._waiting else None
                self._changed.notify_all()
            if clause is None:
                if self._error is not None:
                    raise self._error
                return
            yield clause

    def utterances(
        self, front_end: TextFrontEnd, lexicon: Mapping[str, str]
    ) -> Iterator[Utterance]:
        """Yield the utterances of the clauses, with places in the whole text.

        Raises TtsfError as the front end does; NothingToSay at the end of a text without sound.
        """
        silent: TtsfError | None = NothingToSay(NO_LETTERS)
        for clause in self.clauses():
            try:
                for utterance in front_end.utterances(clause.text, lexicon, ends=clause.ends):
                    places = ((a + clause.start, b + clause.start) for a, b in utterance.places)
                    silent = None
                    yield utterance._replace(places=tuple(places))
            except NothingToSay as error:
                silent = silent and error
        if silent is not None:
            raise silent

    def _refuse_after_end(self) -> None:
        if self._ended:
            raise TtsfError("this text has ended; no more can be added")

    def _has_room(self) -> bool:
        """Wait until few clauses are waiting; return False if the text has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or len(self._waiting) < CLAUSES_AHEAD)
            return not self._ended


def script_of(texts: "Pieces | Script") -> Script:
    """Return a script that a thread fills from an iterable, as far ahead as is useful.

    An asynchronous iterable is read in the event loop that runs where this is called, if there is
    one, else in one of its own. Raises TtsfError for another type.
    """
    if isinstance(texts, Script):
        return texts
    script = Script()
    read: Callable[[], None]
    if isinstance(texts, AsyncIterable):
        reading = _read_async(script, texts)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            read = lambda: asyncio.run(reading)  # noqa: E731
        else:
            read = asyncio.run_coroutine_threadsafe(reading, loop).result  # type: ignore[assignment]
    elif isinstance(texts, Iterable) and not isinstance(texts, bytes):
        read = lambda: _read(script, texts)  # noqa: E731
    else:
        raise TtsfError(f"the text must be a str or pieces of it, not {type(texts).__name__}")

    def work() -> None:
        try:
            read()
            script.end()
        except CancelledError:
            script.drop()
        except BaseException as error:
            script.fail(error)

    threading.Thread(target=work, daemon=True, name="ttsf-text").start()
    return script


def _read(script: Script, texts: Iterable[str]) -> None:
    for piece in texts:
        if not script._has_room():
            return
        script.add(piece)


async def _read_async(script: Script, texts: AsyncIterable[str]) -> None:
    async for piece in texts:
        if not await asyncio.to_thread(script._has_room):
            return
        script.add(piece)
