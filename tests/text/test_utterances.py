"""A text becomes utterances: sentences, markup, lexicon, SSML, and places in the text."""

# ruff: noqa: RUF001

from pathlib import Path

import pytest

from ttsf.config import SpeechConfig
from ttsf.errors import TtsfError
from ttsf.symbols import SYMBOLS
from ttsf.text.front_end import LONGEST, TextFrontEnd, Utterance
from ttsf.text.markup.lexicon import read_lexicon

BARE = TextFrontEnd(SpeechConfig(add_blank=False))
FULL = TextFrontEnd(SpeechConfig())


def said(text: str, lexicon: dict[str, str] | None = None) -> list[Utterance]:
    return list(BARE.utterances(text, lexicon))


def symbols(utterance: Utterance) -> str:
    return "".join(SYMBOLS[k] for k in utterance.ids)


def sounds(text: str, lexicon: dict[str, str] | None = None) -> str:
    return " ".join(map(symbols, said(text, lexicon)))


def word_sounds(utterance: Utterance) -> dict[str, str]:
    spans = [symbols(utterance)[a:b] for a, b in utterance.spans]
    return dict(zip(utterance.words, spans, strict=True))


def warnings(text: str) -> list[str]:
    found: list[str] = []
    list(BARE.utterances(text, warn=found.append))
    return found


def test_sentences_are_said_as_they_are_alone() -> None:
    texts = ["Dr. Smith paid $5 at 7:30.", "Did he? ", "Yes, of course."]
    alone = [FULL.utterance(text).ids for text in texts]
    together = list(FULL.utterances(" ".join(texts)))
    assert [u.ids for u in together] == alone and all(u.ends_sentence for u in together)


def test_words_know_their_places() -> None:
    text = "Wait... it costs $5 at 7:30!\n\nReally — AT&T, in 1984?"
    for utterance in said(text):
        for (start, end), written in zip(utterance.places, utterance.written, strict=True):
            assert " ".join(text[start:end].split()) == written
    first, second = said(text)
    assert list(zip(first.words, first.written, strict=True)) == [
        ("Wait...", "Wait..."), ("it", "it"), ("costs", "costs"), ("five", "$5"),
        ("dollars", "$5"), ("at", "at"), ("seven", "7:30!"), ("thirty!", "7:30!"),
    ]  # fmt: skip
    assert second.places[0] == (text.index("Really"), text.index(" AT&T"))
    assert second.written[-2:] == ("1984?", "1984?")


def test_utterances_are_made_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from ttsf.text import phonemes as module

    spoken: list[str] = []
    real = module.phonemize
    monkeypatch.setattr(
        module, "phonemize", lambda text, *rest: spoken.append(text) or real(text, *rest)
    )
    coming = BARE.utterances("One is here. Two is there. " * 500)
    assert spoken == []
    assert next(coming).words == ("One", "is", "here.") and len(spoken) < 5


def test_long_sentences_are_split_without_a_stop() -> None:
    text = "There were " + ", ".join(f"many things of kind {k}" for k in range(30)) + "."
    parts = said(text)
    assert all(len(part.ids) < 1.3 * LONGEST for part in parts)
    assert [part.ends_sentence for part in parts] == [False] * (len(parts) - 1) + [True]
    assert all(symbols(part).endswith(",") for part in parts[:-1])
    assert sum((part.words for part in parts), ()) == BARE.utterance(text).words


def test_marks_of_expression() -> None:
    """They are neither spoken nor shown, and split no sentence."""
    text = "We won [smile]the cup[/smile], at last. [ Serious ] But [smiles] cost."
    first, second = said(text)
    assert first.words == ("We", "won", "the", "cup,", "at", "last.")
    assert first.marks == (("smile", 2), ("/smile", 4))
    assert second.marks == (("serious", 0),) and "[smiles]" in second.words
    assert "[" not in " ".join(first.written)


@pytest.mark.parametrize("word", ["smile", "serious", "pause"])
@pytest.mark.parametrize("after", ["(https://example.org)", "(/help)", "(#top)", "(../a.html)"])
def test_a_link_is_no_mark(word: str, after: str) -> None:
    (one,) = said(f"Please [{word}]{after} now.")
    assert one.words == ("Please", word, "now.") and one.marks == () and not one.pause_s


def test_a_word_with_a_sound_is_no_mark() -> None:
    (one,) = said("Please [smile](/smˈaɪl/) now.")
    assert one.words == ("Please", "smile", "now.") and one.marks == ()


def test_pauses() -> None:
    text = "[pause:1s] So [pause] it is. [Pause: 250ms][pause:0.25] Yes."
    silence, first, second, third = said(text)
    assert silence.ids == [] and silence.words == () and silence.pause_s == 1
    assert (first.words, first.pause_s, first.ends_sentence) == (("So",), 0.5, False)
    assert (second.words, second.pause_s, second.ends_sentence) == (("it", "is."), 0.5, True)
    assert third.words == ("Yes.",) and third.pause_s == 0
    assert third.places == ((text.index("Yes"), len(text)),)


def test_a_given_sound_is_taken_as_it_is() -> None:
    text = "Is [Worcester](/wˈʊstər/), [MA](/ɛmˈeɪ/) far from [Worcester](/wˈʊstɚ/)'s edge?"
    (utterance,) = said(text)
    assert word_sounds(utterance) == {
        "Is": "ɪz", "Worcester,": "wˈʊstəɹ", "MA": "ɛmˈeɪ", "far": "fˈɑːɹ", "from": "fɹʌm",
        "Worcester's": "wˈʊstɚz", "edge?": "ˈɛdʒ",
    }  # fmt: skip
    start, end = utterance.places[2]
    assert text[start:end] == "MA" and utterance.written[1] == "Worcester,"
    assert symbols(said("[Дом](/dˈoʊm/) is here.")[0]).startswith("dˈoʊm ")
    assert symbols(said("A [3.5](/θɹˈiː/) is.")[0]) == "ɐ θɹˈiː ɪz."
    assert "and" in said("A [link](http://example.com) and [b].")[0].words


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Fine. [pause:soon]", "0.5s or 500ms, not 'soon'"),
        ("Fine. [pause:11s]", "may last 10 s"),
        ("Fine. [pause:-1s]", "0.5s or 500ms"),
        ("a [b](/bʘ/)", "no sound for the IPA symbol 'ʘ'"),
        ("a [b](/b1/)", "IPA symbol '1'"),
        ("a [b](//)", "the IPA between the slashes has no sound"),
        ("a [b](/ˈː/)", "the IPA between the slashes has no sound"),
        ("a x[b](/b/)", "must hold the whole word"),
        ("a [b](/b/)x", "must hold the whole word"),
        ("a [!](/b/)", "the brackets hold no word"),
        ("Привет, 你好!", "cannot read Cyrillic"),
        ("你", "cannot read Han"),
        ("Fine. \ud800", "not valid UTF-8"),
        ("<speak>\ud800</speak>", "not valid UTF-8"),
        ("... !", "nothing to say"),
        ("[pause:1s]", "nothing to say"),
        ("<speak>a<b></speak>", "SSML line 1, column 14: mismatched tag"),
        ("<speak>a", "SSML line 1"),
        ("<speak>&lol;</speak>", "undefined entity"),
        ('<?xml version="1.0"?>\n<!DOCTYPE l [<!ENTITY l "l">]><speak>&l;</speak>', "DTD"),
        ("<!DOCTYPE speak><speak>a</speak>", "DTD"),
        ('<?xml version="1.0"?><p>a</p>', "must be one <speak>"),
        ("<speak>" + "<p>" * 40 + "a" + "</p>" * 40 + "</speak>", "32 deep"),
        ('<speak>a<break time="soon"/></speak>', "<break>: a pause is written like"),
        ('<speak>\na<break strength="big"/></speak>', "line 2, <break>: strength must be one of"),
        ('<speak><prosody rate="9">a</prosody></speak>', "from 50% to 200%, not 900%"),
        ('<speak><prosody rate="quick">a</prosody></speak>', "written like 80%"),
        ("<speak>a<mark/></speak>", "attribute name is missing"),
        ("<speak><sub>a</sub></speak>", "attribute alias is missing"),
        ('<speak><phoneme ph="ʘ">a</phoneme></speak>', "<phoneme>: this voice has no sound"),
        ('<speak><phoneme alphabet="x-sampa" ph="a">a</phoneme></speak>', "must be ipa"),
        ("<speak></speak>", "nothing to say"),
    ],
)
def test_wrong_markup_is_said_before_anything_is_made(text: str, message: str) -> None:
    with pytest.raises(TtsfError, match=message.replace("(", "\\(")) as error:
        BARE.utterances(text)
    assert "\n" not in str(error.value)


def test_what_people_type_for_ipa() -> None:
    assert sounds("[a](/t͡ʃɔː.r'a:g/)") == "tʃɔːɹˈaːɡ."
    assert sounds("[a](/ç ɑ̃/)") == "ç ɑ̃."


def test_ssml() -> None:
    text = """<speak>Hello <break time="500ms"/> AT&amp;T,
      <sub alias="World Wide Web">WWW</sub> <mark name="here"/>and
      <phoneme alphabet="ipa" ph="təmˈɑːtoʊ">tomato</phoneme>.
      <prosody rate="80%">Slow <emphasis>now</emphasis>.</prosody> <mark name="end"/></speak>"""
    hello, first, slow = said(text)
    assert (hello.words, hello.pause_s, hello.ends_sentence) == (("Hello",), 0.5, False)
    assert first.words[-5:] == ("World", "Wide", "Web", "and", "tomato.")
    assert word_sounds(first)["tomato."] == "təmˈɑːtoʊ"
    assert first.marks == (("here", first.words.index("Web") + 1),)
    assert (slow.words, slow.rate, slow.marks) == (("Slow", "now."), 0.8, (("end", 2),))
    places = dict(zip(first.words, first.places, strict=True))  # of the last "and"
    assert text[slice(*places["World"])] == "WWW" == text[slice(*places["Web"])]
    assert text[slice(*places["and"])] == "and"
    assert text[slice(*first.places[0])] == "AT&amp;T," and first.written[0] == "AT&T,"


@pytest.mark.parametrize(
    ("text", "words", "warned"),
    [
        ('<speak>Hi <amazon:effect name="whispered">you</amazon:effect>.</speak>', "Hi you.",
         ["effect"]),
        ('<speak><mstts:express-as style="sad">It is.</mstts:express-as></speak>', "It is.",
         ["express-as"]),
        ('<speak xmlns:amazon="a">Hi <amazon:breath/>you.</speak>', "Hi you.", ["breath"]),
        ("<speak>A <![CDATA[B & <c>]]> D.</speak>", "A B and D.", []),
        ("\ufeff<speak>Hi there.</speak>", "Hi there.", []),
        ('\ufeff<?xml version="1.0"?>\n<speak version="1.1">Hi.</speak>', "Hi.", []),
        (" \n<speak>Hi <!-- not this -->there.</speak>\n", "Hi there.", []),
        ('<SPEAK>Hi <SUB alias="you">thee</SUB>.</SPEAK>', "Hi you.", []),
        ("<Speak><P>Hi</P> <Emphasis>you</Emphasis></Speak>", "Hi you", ["emphasis"]),
    ],
)  # fmt: skip
def test_ssml_as_other_programs_write_it(text: str, words: str, warned: list[str]) -> None:
    assert " ".join(word for u in said(text) for word in u.words) == words
    assert [line.partition("<")[2].partition(">")[0] for line in warnings(text)] == warned


@pytest.mark.parametrize(
    ("tag", "pause_s"),
    [('<break time="2"/>', 2), ('<break time=".5s"/>', 0.5), ('<BREAK time="250ms"/>', 0.25),
     ('<break strength="strong"/>', 0.75), ("<break/>", 0.5)],
)  # fmt: skip
def test_pauses_of_ssml(tag: str, pause_s: float) -> None:
    assert [u.pause_s for u in said(f"<speak>Hi {tag} you.</speak>")] == [pause_s, 0]
    assert [u.pause_s for u in said(f"<SPEAK>Hi {tag} you.</SPEAK>")] == [pause_s, 0]


@pytest.mark.parametrize(
    ("rate", "is_rate"),
    [("x-slow", 0.5), ("+20%", 1.2), ("-20%", 0.8), ("1.5", 1.5), ("150%", 1.5), ("default", 1)],
)
def test_rates_of_ssml(rate: str, is_rate: float) -> None:
    (utterance,) = said(f'<speak><prosody rate="{rate}">Hi.</prosody></speak>')
    assert utterance.rate == pytest.approx(is_rate)


@pytest.mark.parametrize("written", ["20s", "11s", "10001ms"])
def test_a_pause_of_ssml_is_no_longer_than_ten_seconds(written: str) -> None:
    with pytest.raises(TtsfError, match="10 s"):
        said(f'<speak>Hi <break time="{written}"/> you.</speak>')


def test_ssml_sets_ends_and_rates() -> None:
    parts = said("<speak><p>One<s>Two</s></p><s>Three</s></speak>")
    assert [part.words for part in parts] == [("One",), ("Two",), ("Three",)]
    assert all(part.ends_sentence for part in parts)
    text = '<speak><prosody rate="fast">a <prosody rate="-20%">b</prosody> c</prosody> d</speak>'
    assert [(u.words[0], u.rate) for u in said(text)] == [
        ("a", 1.25), ("b", 1.0), ("c", 1.25), ("d", 1.0)
    ]  # fmt: skip


def test_a_stop_after_a_tag_belongs_to_the_word_before_it() -> None:
    (utterance,) = said('<speak><prosody rate="fast">Is it</prosody>?</speak>')
    assert (utterance.words, utterance.rate) == (("Is", "it?"), 1.25)
    assert symbols(utterance).endswith("?") and utterance.written[-1] == "it?"


def test_unknown_tags_are_reported_and_not_spoken() -> None:
    text = '<speak>Hi <foo bar="x">there</foo><foo/><audio src="a">noise</audio></speak>'
    assert [u.words for u in said(text)] == [("Hi", "there")]
    assert warnings(text) == ["SSML: <foo> is left out", "SSML: <audio> is left out"]
    assert warnings('<speak><prosody pitch="high">a</prosody></speak>') == [
        "SSML: <prosody pitch> is left out"
    ]
    assert warnings("<speak><emphasis>a</emphasis></speak>") == [
        "SSML: <emphasis> is read as plain text"
    ]
    assert warnings("Plain [pause] text.") == []


def test_lexicon() -> None:
    words = {"Worcester": "wˈʊstɚ", "New York": "njˈuː jˈɔːk", "George": "dʒˈɔːdʒ", "C++": "sˈiː"}
    (utterance,) = said("WORCESTER's new york-based George's (worcester), not Worcesters.", words)
    assert word_sounds(utterance) == {
        "WORCESTER's": "wˈʊstɚz", "new york": "njˈuː jˈɔːk", "based": "bˈeɪst",
        "George's": "dʒˈɔːdʒᵻz", "(worcester),": "wˈʊstɚ", "not": "nˌɑːt",
        "Worcesters.": word_sounds(said("not Worcesters.")[0])["Worcesters."],
    }  # fmt: skip
    assert sounds("[George](/dʒˈiː/) here.", words).startswith("dʒˈiː ")
    assert sounds("I use C++ now.", words).split()[2] == "sˈiː"
    with pytest.raises(TtsfError, match="'bad': this voice has no sound"):
        BARE.utterances("Hi.", {"bad": "ʘ"})


def test_lexicon_file(tmp_path: Path) -> None:
    path = tmp_path / "words.tsv"
    path.write_text("# names\n\nWorcester\t/wˈʊstər/\nNew York\tnjˈuː jˈɔːk\n", encoding="utf-8")
    assert read_lexicon(path) == {"Worcester": "wˈʊstəɹ", "New York": "njˈuː jˈɔːk"}
    for line in ("Worcester", "a\tb\tc", "\tb", "a\t", "!\tb"):
        path.write_text(f"one\twˈʌn\n{line}\n", encoding="utf-8")
        with pytest.raises(TtsfError, match=r"words\.tsv, line 2: a line needs a word, a tab"):
            read_lexicon(path)
    path.write_text("one\twʘn\n", encoding="utf-8")
    with pytest.raises(TtsfError, match=r"line 1: .* 'ʘ'"):
        read_lexicon(path)


@pytest.mark.parametrize(
    "text",
    ["." * 20_000 + "a", "[" * 20_000 + "a", "[pause " * 3_000, "a[b](/b/" * 2_000,
     "(\n" * 10_000 + "a", "<speak>" + "a &amp; b. " * 1_000 + "</speak>"],
    ids=lambda text: text[:8],
)  # fmt: skip
def test_odd_long_texts_end(text: str) -> None:
    assert next(iter(BARE.utterances(text))).words


@pytest.mark.parametrize(
    ("written", "kind", "words"),
    [
        ("ABC12", "characters", "A B C one two"),
        ("a-1", "spell-out", "A dash one"),
        ("1984", "digits", "one nine eight four"),
        ("+1 555 0199", "telephone", "plus one, five five five, zero one nine nine"),
        ("3/4/2024", 'date" format="dmy', "third of April, twenty twenty-four"),
        ("3/4/2024", 'date" format="mdy', "March fourth, twenty twenty-four"),
        ("2024-04-03", 'date" format="ymd', "April third, twenty twenty-four"),
        ("4/85", 'date" format="my', "April nineteen eighty-five"),
        ("1984", "cardinal", "one thousand nine hundred eighty-four"),
        ("12", "ordinal", "twelfth"),
        ("2/3", "fraction", "two thirds"),
        ("7:30", "time", "seven thirty"),
    ],
)
def test_say_as(written: str, kind: str, words: str) -> None:
    text = f'<speak>It is <say-as interpret-as="{kind}">{written}</say-as> now</speak>'
    (utterance,) = said(text)
    assert " ".join(utterance.words) == f"It is {words} now"
    assert {text[slice(*place)] for place in utterance.places[2:-1]} == {written}
    assert warnings(text) == []


def test_say_as_that_does_not_fit_is_read_as_plain_text() -> None:
    for kind in ("date", 'date" format="dmy', "ordinal", "riddle"):
        text = f'<speak>At <say-as interpret-as="{kind}">home</say-as></speak>'
        assert said(text)[0].words == ("At", "home")
        name = kind.partition(chr(34))[0]
        assert warnings(text) == [f'SSML: <say-as interpret-as="{name}"> is read as plain text']
    with pytest.raises(TtsfError, match="attribute interpret-as is missing"):
        said("<speak><say-as>a</say-as></speak>")


def test_another_script_refuses_no_text() -> None:
    for text, words in (
        ("sin²θ + ΔT", "sine squared theta plus delta T"),
        ("The letter Ж is here.", "The letter is here."),
        ("Tom ツ waves.", "Tom waves."),
        ("Ωmega and αβ", "omega mega and alpha beta"),
        ("Hello Привет, world.", "Hello, world."),
        ("He said 你好。 Then left.", "He said. Then left."),
        ("The word (Привет, мир) means hello world.", "The word means hello world."),
        ('He said "Привет" to me.', "He said to me."),
        ("λόγος it is", "it is"),
        ("नमस्ते is hello.", "is hello."),
        ("Fine. Привет. Bye.", "Fine. Bye."),
        ("# 标题\nThis is text.", "This is text."),
        ("Δ你 is.", "is."),
        ("東京タワー (Tokyo Tower)", "(Tokyo Tower)"),
    ):
        assert " ".join(word for u in said(text) for word in u.words) == words
    written = [word for u in said("Hello Привет, world.") for word in u.written]
    assert written == ["Hello,", "world."]


def test_what_is_left_out_is_named() -> None:
    left_out = "left out, for there is no way to say it: "
    assert warnings("The letter Ж is Привет, Привет.") == [f"{left_out}Ж Привет"]
    assert warnings(f"It is {'你' * 99}.") == [f"{left_out}{'你' * 19}…"]
    many = " ".join(f"你{c}" for c in "一二三四五六七八九十百千万上下左右大小中天地")
    assert warnings(f"It is {many}.")[0].endswith("你大 你小 你中 …")


@pytest.mark.parametrize(
    "text",
    [
        "<p>Hello <em>dear</em> friend.</p> <em>So</em> it <em>is</em>.",
        "<del>Old</del> is new, <del>big</del> is small, <del>hot</del> is cold.",
        "<ul><li>One</li><li>two</li><li>three</li></ul>",
        "<dl><dt>Tea</dt><dd>hot</dd><dt>Ice</dt><dd>cold</dd></dl>",
        "<ol><li><em>No</em>, I say.</li><li><em>Yes</em>, I say.</li></ol>",
        '<a href="x">Go</a> on <a href="y">and</a> see <a href="z">it</a>.',
        "Press <kbd>Ctrl</kbd> and <kbd>C</kbd>, <em>not</em> <kbd>D</kbd>.",
    ],
)
def test_tags_do_not_make_a_text_foreign(text: str) -> None:
    assert warnings(text) == []


def test_blocks_of_code_are_announced_or_read() -> None:
    text = "Run:\n```python\nmax_size = 0xFF\nx += 1\n```\nDone."
    reading = TextFrontEnd(SpeechConfig(), read_code=True)
    read = [" ".join(u.words) for u in reading.utterances(text)]
    assert [" ".join(u.words) for u in said(text)] == ["Run: Code block.", "Done."]
    assert " ".join(read) == "Run: max size equals zero X F F. x plus equals one. Done."
