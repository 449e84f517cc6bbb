"""The utterances of a speech: synthesised from a text, or found in a recording."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count

from ttsf.engine.live.script import Script
from ttsf.engine.recorded import Listener
from ttsf.engine.talk import Session
from ttsf.media.audio.source import OpenSound, as_mono
from ttsf.model.ttsf import SpokenUtterance
from ttsf.text.front_end import TextFrontEnd
from ttsf.timings.words import WordTimes

Words = Callable[[SpokenUtterance, int], WordTimes]
"""Gives the word times of an utterance that begins with a frame of that number."""
Part = tuple[SpokenUtterance, Words]


class Parts:
    """Makes the utterances of a session's speeches, without the watermark."""

    def __init__(self, session: Session, front_end: TextFrontEnd) -> None:
        self.session, self.front_end = session, front_end
        self._index = 0

    def of_text(self, script: Script) -> Iterator[Part]:
        """Synthesise a text as its clauses become complete; raises TtsfError where they are bad."""
        session = self.session
        for utterance in script.utterances(self.front_end, session.options.lexicon):
            self._index += 1
            said = session.workers.submit(session.speech.synthesise, utterance, self._index)
            yield said.result(), partial(session.words_of, utterance)

    def of_sound(self, sound: OpenSound, text: str | None) -> Iterator[Part]:
        """Find the lips of a recording and of its text (None: not known), as it arrives.

        It computes in the thread that iterates. Raises TtsfError like `Listener`.
        """
        session, model = self.session, self.session.model
        lexicon, unmarked = session.options.lexicon, session.options._replace(mark=False)
        utterances = [] if text is None else list(self.front_end.utterances(text, lexicon))
        mono = as_mono(sound, model.config.sample_rate)
        heard, before = Listener(model, mono, utterances, unmarked, session.payload), 0
        for index in count():
            said = heard.listen(index, before)
            if said is None:
                return
            yield said, partial(heard.word_times, index)
            before += said.spoken
