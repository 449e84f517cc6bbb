"""Values of options that may or may not be some, and tables of pronunciations."""
# ruff: noqa: RUF001

import random
from pathlib import Path

NUMBERS = ("0", "1", "2", "-1", "0.5", "1.5", "nan", "inf", "-inf", "1e9", "1e-9", "", "x", "1_0")
NUMBERS += ("٣", "4294967295", "4294967296", "9" * 400, " 1", "+1", "0x10", "1,5", "None", "\udcff")
NAMES = ("", "x", " ", "-", "/", "..", "\udcff", "a" * 400, "ä", "cpu", "en", "None", "a\nb")
VALUES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("seed", "steps", "temperature", "rate", "motion", "blinks"), NUMBERS),
    **dict.fromkeys(("face", "size", "max-seconds"), NUMBERS),
    "framing": (
        *("face", "picture", "64x64", "64x64:plain", "66x64:blurred", "0x0", "-1x5", "99999x9"),
        *("64x", "64×64", "64x64:red", "64x64x64", "65x63", "9" * 30 + "x64", *NAMES),
    ),
    "language": ("de", "fr", "en-us", "../en", "xx", "zh", "EN", *NAMES),
    "voice": ("oak", "nobody", "a.safetensors", "/dev/zero", "../a.safetensors", *NAMES),
    "captions": ("none", "track", "burnt", *NAMES),
    "timings-format": ("ttsf", "rhubarb", "polly", "elevenlabs", *NAMES),
    "device": ("cuda", "meta", "cpu:1", "mps", "xla", *NAMES),
    "model": ("/dev/null", "/proc", "/nowhere/x/y", "~", *NAMES),
    "text-file": ("/dev/null", "/dev/zero", "/proc/self/mem", *NAMES),
    "lexicon": ("/dev/null", "/dev/zero", "/proc", *NAMES),
}
FLAGS = ("still", "label", "no-mark", "quiet", "no-still", "nothing", "")
OUTPUTS = (
    "a.mp4",
    "b.webm",
    "c.wav",
    "d.srt",
    "d.vtt",
    "e.json",
    "f/g.wav",
    "h",
    "é.srt",
    "\udcff",
)
OUTPUTS += ("i" * 260 + ".srt", "f/../j.json", "", "/dev/full", "/dev/null", "/proc/k.wav", "..")
IPA = (*"əhɛˈloʊ wˌɝldθŋ", "ːˑ", "tʃ", "təˈmɑːtoʊ", "q9", "/", "[", "ɧ", "", " ", "a" * 3_000)
WORDS = ("Hi", "hi", "a b", "Ünder", "don't", "x" * 3_000, "ﬁ", "İ", "中", "#", "'s", ".", "")


def options(chance: random.Random, out: Path) -> list[str]:
    """Further words of a command line; files are written in `out`."""
    words = []
    for _ in range(chance.choice((1, 1, 2, 4))):
        match chance.choice(("value", "value", "value", "output", "flag")):
            case "value":
                name = chance.choice(list(VALUES))
                words += [f"--{name}", chance.choice(VALUES[name])]
            case "output":
                name = chance.choice(("save-audio", "subtitles", "timings", "output"))
                words += [f"--{name}", str(out / chance.choice(OUTPUTS))]
            case "flag":
                words.append(f"--{chance.choice(FLAGS)}")
    return words


def lexicon(chance: random.Random) -> bytes:
    """A table of words and their IPA, whole or damaged."""
    rows = []
    for _ in range(chance.choice((0, 1, 3, 3, 40))):
        ipa = "".join(
            chance.choices(IPA[: chance.choice((14, 14, 99))], k=chance.choice((1, 4, 9)))
        )
        wrapped = chance.choices(("{}", "/{}/", "[{}]", "{}\t{}"), (9, 3, 3, 1))[0].replace(
            "{}", ipa
        )
        rows.append(_word(chance) + chance.choices("\t ,", (30, 1, 1))[0] + wrapped)
    whole = chance.choice(("\n", "\n", "\r\n", "\r")).join(rows)
    content = whole.encode(chance.choices(("utf-8", "utf-16", "utf-8-sig"), (8, 1, 1))[0])
    if chance.random() < 0.15:
        content = content[: chance.randrange(len(content) + 1)] + chance.randbytes(3)
    return content


def _word(chance: random.Random) -> str:
    return chance.choice(WORDS if chance.random() < 0.1 else WORDS[:9])
