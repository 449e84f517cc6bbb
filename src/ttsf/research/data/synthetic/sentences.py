"""Sentences for the synthetic voices to read: free text cleaned and split, and everyday ones."""

import random
import re

NAMES = ["Anna", "Tom", "Maria", "James", "Emily", "Robert", "Linda", "David", "Susan", "Peter",
         "Grace", "Henry", "Laura", "George"]  # fmt: skip
PLACES = ("the station", "the office", "the library", "Chicago", "London", "the beach",
          "the hospital", "the market", "the airport", "school", "the park", "Boston")  # fmt: skip
THINGS = ("coffee", "a new book", "the blue jacket", "two tickets", "fresh bread",
          "a birthday cake", "the red umbrella", "some orange juice", "the last train",
          "a quiet room")  # fmt: skip
VERBS = ["see", "find", "bring", "remember", "share", "buy", "choose", "watch", "measure", "enjoy"]
TEMPLATES = (
    "Good {part}, {name}, how are you today?",
    "I would like {thing}, please.",
    "{name} and {name2} are going to {place} at {hour}:{minute}.",
    "My name is {name}, and I live near {place}.",
    "Thank you very much for your help with {thing}.",
    "Could you {verb} {thing} before {weekday}?",
    "The price of {thing} is ${dollars}.{cents}.",
    "There were {number} people at {place} on {month} {day}.",
    "About {percent}% of them arrived after {hour} p.m.",
    "We will {verb} it again in {year}.",
    "{name} was born in {year}.",
    "Please call {name} at {place} on {weekday}.",
    "Welcome to {place}! Let me show you around.",
    "The {ordinal} meeting starts at {hour}:{minute}, not later.",
    "It is {temperature} degrees outside, so take {thing} with you.",
    "Did {name} really {verb} {thing}?",
    "I think that {name} will {verb} it, but {name2} will not.",
    "The number is {digits}.",
    "Today is {weekday}, {month} {day}, {year}.",
    "This video was made from one picture and a few words.",
    "Hello, I am {name}, and this is my voice.",
)
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = ["January", "March", "April", "June", "July", "August", "October", "December"]


def _ordinal(number: int) -> str:
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if 10 <= number % 100 <= 20 else suffix}"


def everyday_sentence(rng: random.Random) -> str:
    """Fill a random everyday sentence with names, places, prices, dates and times."""
    return rng.choice(TEMPLATES).format(
        part=rng.choice(("morning", "afternoon", "evening")),
        name=rng.choice(NAMES),
        name2=rng.choice(NAMES),
        place=rng.choice(PLACES),
        thing=rng.choice(THINGS),
        verb=rng.choice(VERBS),
        weekday=rng.choice(WEEKDAYS),
        month=rng.choice(MONTHS),
        hour=rng.randint(1, 12),
        minute=f"{rng.randrange(0, 60, 5):02d}",
        dollars=rng.randint(1, 99),
        cents=f"{rng.randint(1, 99):02d}",
        number=rng.randint(2, 4000),
        percent=rng.randint(2, 99),
        year=rng.randint(1900, 2060),
        day=rng.randint(1, 28),
        temperature=rng.randint(-20, 99),
        ordinal=_ordinal(rng.randint(1, 60)),
        digits=" ".join(str(rng.randint(0, 9)) for _ in range(rng.randint(3, 6))),
    )


def sentences_of(text: str, min_words: int = 3, max_words: int = 16) -> list[str]:
    """Return the plain English sentences of a text, without lists, code, tables and shouting."""
    text = re.sub(r"(?m)^\s*(--|%|\*|#|\||>).*$", "\n\n", text)
    kept = []
    for paragraph in re.split(r"\n\s*\n|\n%\n", text):
        joined = re.sub(r"\s+", " ", paragraph).strip()
        for sentence in re.findall(r"[A-Z][^.!?]*[.!?](?=\s|$)", joined):
            words = sentence.split()
            fits = min_words <= len(words) <= max_words and len(sentence) <= 95
            plain = re.fullmatch(r"[A-Za-z0-9 ,.'?!;:%$-]+", sentence)
            odd = re.search(r"[A-Z]{2}|\d{5}|\b\w{16}|--|\.\.|[a-z][A-Z]", sentence)
            if fits and plain and not odd:
                kept.append(sentence)
    return kept


def teacher_texts(count: int, texts: list[str], rng: random.Random) -> list[str]:
    """Return unique sentences in random order: one in six from templates, the rest from `texts`."""
    found = {s for text in texts for s in sentences_of(text)}
    pool = sorted(found)
    rng.shuffle(pool)
    chosen = pool[: count * 5 // 6]
    extra: set[str] = set()
    attempts = 0
    while len(chosen) + len(extra) < count and attempts < 50 * count:
        attempts += 1
        sentence = everyday_sentence(rng)
        if sentence not in found:
            extra.add(sentence)
    chosen += sorted(extra)
    rng.shuffle(chosen)
    return chosen
