"""Texts beside videos in their distributors' forms, and where videos are cut."""

import codecs
import random
from itertools import pairwise
from pathlib import Path

import pytest

from ttsf.errors import TtsfError
from ttsf.research.data.recorded.transcripts import Piece, Transcript, Word, cut, read_transcript

LRS3_TABLE = (
    "FRAME \tX \tY \tW \tH \n000175 \t0.334 \t0.084 \t0.107 \t0.192 \n"
    "000176 \t0.334 \t0.084 \t0.107 \t0.192 \n\n"
)
LRS3_HEAD = (
    "Text:  {LG} I'M BACK IN 1999 {APPLAUSE} \nConf:  4\nRef:   0akiEFwtkyA\n\n" + LRS3_TABLE
)
LRS_WORDS = "WORD START END ASDSCORE\nI'M 0.12 0.3 5.1\nBACK 0.3 0.71 4.0\n"
SRT = """1
00:00:01,000 --> 00:00:02,500
<i>Good</i> morning,
{\\an8}everybody.

2
00:00:03.000 --> 00:00:04.250  X1:10 X2:20
- How are you?
\u2013 Fine. It is -5 degrees.
3
00:01:00,000 --> 01:00:01,000
[door slams] It's 5 &amp; 6,
count to

7

4
00:01:05,5 --> 00:01:06,000
♪ ... ♪
"""


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def approx(pieces: list[Piece]) -> list[tuple[float, float, str | None]]:
    return [(round(p.start_s, 3), round(p.end_s or -1, 3), p.text) for p in pieces]


def test_lrs3_with_and_without_words(tmp_path: Path) -> None:
    plain = read_transcript(written(tmp_path, "00001.txt", LRS3_HEAD))
    assert plain == Transcript("i'm back in 1999")
    table = LRS_WORDS + "{NS} 0.8 0.9 1.0\n1999 1.0 1.6 -0.3\n\n"
    timed = read_transcript(written(tmp_path, "00002.txt", LRS3_HEAD + table))
    assert timed.text == "i'm back in 1999"
    assert timed.words == (
        Word("i'm", 0.12, 0.3),
        Word("back", 0.3, 0.71),
        Word("1999", 1.0, 1.6),
    )


def test_lrs2_main_and_pretrain(tmp_path: Path) -> None:
    main = "Text:  WHEN YOU'RE COOKING CHIPS AT HOME\nConf:  4\n"
    assert read_transcript(written(tmp_path, "a.txt", main)).text == (
        "when you're cooking chips at home"
    )
    pretrain = "Text:  I'M BACK\r\nConf:  3\r\n\r\n" + LRS_WORDS.replace("\n", "\r\n")
    read = read_transcript(written(tmp_path, "b.txt", codecs.BOM_UTF8 + pretrain.encode()))
    assert read.text == "i'm back" and [word.text for word in read.words] == ["i'm", "back"]
    only_noise = read_transcript(written(tmp_path, "c.txt", "Text:  {LG}\nConf:  3\n"))
    assert only_noise == Transcript(None)


def test_plain_text_stays_as_written(tmp_path: Path) -> None:
    text = "\ufeffBin blue at 5.\r\n\r\nThe café costs 3 £, says NASA. {sic}\r\n"
    read = read_transcript(written(tmp_path, "é.TXT", text))
    assert read == Transcript("Bin blue at 5. The café costs 3 £, says NASA. {sic}")
    assert read_transcript(written(tmp_path, "b.txt", "Text: a word\nof mine")).text == (
        "Text: a word of mine"
    )
    for empty in ("", " \n\ufeff", "...\n"):
        assert read_transcript(written(tmp_path, "empty.txt", empty)) == Transcript(None)


@pytest.mark.parametrize("encode", [str.encode, lambda s: s.replace("\n", "\r\n").encode()])
def test_srt(tmp_path: Path, encode) -> None:
    path = written(tmp_path, "a.srt", codecs.BOM_UTF8 + encode(SRT))
    assert read_transcript(path).cues == (
        Word("Good morning, everybody.", 1.0, 2.5),
        Word("How are you? Fine. It is -5 degrees.", 3.0, 4.25),
        Word("It's 5 & 6, count to 7", 60.0, 3601.0),
        Word("", 65.5, 66.0),
    )


def test_srt_without_end_and_empty_srt(tmp_path: Path) -> None:
    late = "2\n00:00:05,000 --> 00:00:06,000\n<b>un</b>believable\n"
    early = "1\n00:00:01,000 --> 00:00:02,000\n>> Take 5"
    read = read_transcript(written(tmp_path, "a.srt", late + early))
    assert [cue.text for cue in read.cues] == ["Take 5", "unbelievable"]
    assert read.text == "Take 5 unbelievable"
    assert read_transcript(written(tmp_path, "b.srt", "\n\n")) == Transcript(None)


def test_grid_align(tmp_path: Path) -> None:
    rows = (
        "0 17750 sil\r\n17750 22500 bin\r\n22500 23000 sp\r\n23000 27000 a\r\n46750 74500 sil\r\n"
    )
    read = read_transcript(written(tmp_path, "bbaf3s.align", rows))
    assert read == Transcript("bin a", (Word("bin", 0.71, 0.9), Word("a", 0.92, 1.08)))


LRS = "Text:  A B\nConf:  1\n\nWORD START END ASDSCORE\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", LRS + "A 0.5 0.4 1\n", "a.txt, line 5: 'A' ends before it begins"),
        ("a.txt", LRS + "A 0.5 x 1\n", "a.txt, line 5: expected two times, found '0.5 x'"),
        ("a.txt", LRS + "A 0.5 nan 1\n", "line 5: expected two times from 0 on, found '0.5 nan'"),
        ("a.txt", LRS + "A -1 2 1\n", "line 5: expected two times from 0 on, found '-1 2'"),
        ("a.txt", LRS + "A 0 inf 1\n", "line 5: expected two times from 0 on, found '0 inf'"),
        ("a.txt", LRS + "A 1\n", "line 5: expected WORD START END ASDSCORE, found 'A 1'"),
        ("a.txt", LRS + "A 1 2 1\nB 0 1 1\n", "line 6: 'B' begins before the word above it"),
        ("a.align", "0 10 sil\n\n10 x\n", "a.align, line 3: expected START END WORD, found '10 x'"),
        ("a.align", "bin 0 10\n", "a.align, line 1: expected two times, found 'bin 0'"),
        ("a.align", "9 1 bin\n", "a.align, line 1: 'bin' ends before it begins"),
        ("a.srt", "1\n0:1 --> 0:2\nHi", "a.srt, line 2: expected 00:00:01,000 --> 00:00:02,500,"),
        ("a.srt", "1\n00:00:02,0 --> 00:00:01,0\nHi", "line 2: the subtitle ends before it begins"),
        ("a.srt", "Good morning.", "no times such as '00:00:01,000 --> 00:00:02,500' in it"),
        ("a.srt", "é".encode("latin-1"), "a.srt: the text is not valid UTF-8"),
        ("a.srt", "Hi".encode("utf-16"), "a.srt: the text is not valid UTF-8"),
        ("a.vtt", "", "a.vtt: a transcript must end in .srt or .align or .txt"),
    ],
)
def test_bad_files(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    with pytest.raises(TtsfError) as caught:
        read_transcript(written(tmp_path, name, content))
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(TtsfError, match=r"a\.txt: No such file"):
        read_transcript(tmp_path / "a.txt")


def test_without_times() -> None:
    text = Transcript("bin blue at 5")
    assert cut(None, 3.0, 10.0) == [Piece(0.0, None, None)]
    assert cut(Transcript(None), 3.0, 10.0) == [Piece(0.0, None, None)]
    assert cut(text, 10.0, 10.0) == [Piece(0.0, None, "bin blue at 5")]
    assert cut(text, 10.1, 10.0) == [Piece(0.0, None, None)]


def test_cut_cues() -> None:
    cues = (
        Word("too short", 0.0, 0.4),
        Word("overlapped", 1.0, 3.0),
        Word("", 1.2, 1.4),
        Word("just enough", 2.0, 2.5),
        Word("too long", 3.0, 13.5),
        Word("over the end", 19.0, 22.0),
        Word("beyond", 21.0, 22.0),
    )
    assert cut(Transcript("all", cues=cues), 20.0, 10.0) == [
        Piece(1.0, 2.0, "overlapped"),
        Piece(2.0, 2.5, "just enough"),
        Piece(19.0, 20.0, "over the end"),
    ]
    assert cut(Transcript(None, cues=(Word("", 0.0, 1.0),)), 20.0, 10.0) == []


def test_cut_words_in_the_longest_pauses() -> None:
    words = (
        Word("one", 0.05, 1.0),
        Word("two", 1.1, 3.0),
        Word("three", 3.08, 5.0),
        Word("four", 6.0, 8.0),
        Word("five", 8.0, 9.95),
    )
    transcript = Transcript("one two three four five", words)
    assert cut(transcript, 10.0, 10.0) == [Piece(0.0, None, "one two three four five")]
    assert approx(cut(transcript, 10.0, 6.0)) == [
        (0.0, 5.1, "one two three"),
        (5.9, 10.0, "four five"),
    ]
    assert approx(cut(transcript, 10.0, 4.0)) == [
        (0.0, 3.04, "one two"),
        (3.04, 5.1, "three"),
        (5.9, 8.0, "four"),
        (8.0, 10.0, "five"),
    ]


def test_cut_words_leaves_out_what_does_not_fit() -> None:
    words = (
        Word("short", 0.1, 0.3),
        Word("endless", 1.0, 9.0),
        Word("good", 11.0, 12.0),
        Word("half", 19.5, 21.0),
    )
    transcript = Transcript("short endless good half", words)
    assert approx(cut(transcript, 20.0, 5.0)) == [(10.9, 12.1, "good")]
    assert cut(Transcript("half", words[-1:]), 20.0, 5.0) == []


@pytest.mark.parametrize("longest_s", [2.0, 5.0, 12.0])
def test_pieces_keep_every_word_and_never_reach_another(longest_s: float) -> None:
    words, now = [], 0.0
    for i in range(400):
        now += (i * 37 % 11) / 40
        words.append(Word(f"w{i}", now, now + 0.2 + (i % 5) / 20))
        now = words[-1].end_s
    pieces = cut(Transcript("x", tuple(words)), now + 1.0, longest_s)
    assert " ".join(piece.text or "" for piece in pieces) == " ".join(word.text for word in words)
    for piece in pieces:
        assert piece.end_s is not None and 0.5 <= piece.end_s - piece.start_s <= longest_s + 1e-6
        inside = set((piece.text or "").split())
        for word in words:
            if word.text in inside:
                assert piece.start_s <= word.start_s and word.end_s <= piece.end_s
            else:
                assert word.end_s <= piece.start_s + 1e-9 or piece.end_s <= word.start_s + 1e-9


def test_pieces_never_overlap_where_words_do() -> None:
    rng, words, now = random.Random(0), [], 0.1
    for i in range(400):
        words.append(Word(f"w{i}", now, now + 0.6))
        now += rng.uniform(0.3, 0.6)
    pieces = cut(Transcript("x", tuple(words)), now + 1.0, 4.0)
    assert len(pieces) > 50
    for piece, following in pairwise(pieces):
        assert piece.end_s is not None and piece.end_s <= following.start_s


def test_many_words_without_pauses_are_cut_evenly() -> None:
    words = tuple(Word(f"w{i}", i * 0.25, (i + 1) * 0.25) for i in range(4000))
    lengths = [p.end_s - p.start_s for p in cut(Transcript("x", words), 1000.0, 10.0) if p.end_s]
    assert sum(lengths) == pytest.approx(1000.0) and min(lengths) > 5.0
