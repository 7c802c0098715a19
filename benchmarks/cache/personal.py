"""What share of personal data is found, and how often ordinary texts are taken for personal?

Recall is measured on texts made from templates with seeded values: each kind in
several wordings; precision on those against near misses of the same making (numbers that are
no card, dates that are no birthday).  Templates and patterns are by one hand, which flatters; a
pattern for passports was mended after it had failed here.  The false alarm rate is measured on real texts, in which personal
data are rare but not absent: what is flagged there is an upper bound.

    python -m benchmarks.cache.personal      writes results/personal.json
"""

from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from time import perf_counter

import numpy as np

from benchmarks.data_folder import rows
from benchmarks.result import write_result
from sparingly.core.keeping.personal import MAX_CHARS, personal_kinds

SEED = 7
EACH = 200
_FIRST = [
    "Anna",
    "Bram",
    "Chloe",
    "Dev",
    "Elif",
    "Farid",
    "Grace",
    "Hugo",
    "Ines",
    "Jun",
    "Kofi",
    "Lena",
    "Marek",
    "Noor",
    "Oscar",
    "Priya",
]
_LAST = [
    "Abara",
    "Becker",
    "Costa",
    "Dubois",
    "Eriksen",
    "Fischer",
    "Garcia",
    "Haddad",
    "Ivanova",
    "Jensen",
    "Kim",
    "Lopez",
    "Meyer",
    "Novak",
    "Okafor",
]
_STREETS = ["Baker", "Maple", "Elm", "King", "Harbour", "Mill", "Park", "Station", "Cedar", "Church"]
_ASK = ("Can you help?", "What should I do?", "Why is that?", "Please check.", "How do I change it?")


def _digits(rng: Random, count: int) -> str:
    return "".join(str(rng.randrange(10)) for _ in range(count))


def _luhn(rng: Random, *, is_right: bool) -> str:
    body = rng.choice(("4", "51", "37")) + _digits(rng, 14)
    body = body[:15]
    total = sum(
        int(sign) if index % 2 else (2 * int(sign) - 9 * (int(sign) > 4)) for index, sign in enumerate(body)
    )
    last = (-total) % 10
    number = body + str(last if is_right else (last + rng.randrange(1, 10)) % 10)
    return " ".join(number[start : start + 4] for start in range(0, 16, 4)) if rng.random() < 0.5 else number


def _iban(rng: Random) -> str:
    country, body = "DE", _digits(rng, 18)
    check = 98 - int(f"{body}{int('D', 36)}{int('E', 36)}00") % 97
    whole = f"{country}{check:02d}{body}"
    return " ".join(whole[start : start + 4] for start in range(0, 22, 4)) if rng.random() < 0.5 else whole


def _name(rng: Random) -> str:
    return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"


def _mail(rng: Random) -> str:
    return f"{rng.choice(_FIRST).lower()}{rng.choice('._-')}{rng.choice(_LAST).lower()}@{rng.choice(('mail', 'post', 'example'))}.{rng.choice(('com', 'org', 'co.uk', 'de'))}"


def _date(rng: Random) -> str:
    day, month, year = rng.randrange(1, 29), rng.randrange(1, 13), rng.randrange(1940, 2010)
    names = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ]
    return rng.choice(
        (f"{day}/{month}/{year}", f"{year}-{month:02d}-{day:02d}", f"{day} {names[month - 1]} {year}",
         f"{names[month - 1]} {day}, {year}", f"{day}.{month}.{year}")
    )  # fmt: skip


def _phone(rng: Random) -> str:
    return rng.choice(
        (f"+1 {_digits(rng, 3)} {_digits(rng, 3)} {_digits(rng, 4)}", f"+49{_digits(rng, 10)}",
         f"({_digits(rng, 3)}) {_digits(rng, 3)}-{_digits(rng, 4)}", f"+44 20 {_digits(rng, 4)} {_digits(rng, 4)}",
         f"{_digits(rng, 3)}-{_digits(rng, 3)}-{_digits(rng, 4)}")
    )  # fmt: skip


Make = Callable[[Random], str]
PERSONAL: dict[str, tuple[Make, ...]] = {
    "email": (
        lambda r: f"Send it to {_mail(r)}.",
        lambda r: f"I signed up with {_mail(r)} and never got a code.",
        lambda r: f"{_mail(r)} does not work",
    ),
    "phone": (
        lambda r: f"Call me on {_phone(r)}.",
        lambda r: f"My mobile is {_phone(r)}, and I get no texts.",
        lambda r: f"I moved my number {_phone(r)} to another phone.",
    ),
    "card": (
        lambda r: f"My card {_luhn(r, is_right=True)} was declined.",
        lambda r: f"charge {_luhn(r, is_right=True)} please",
    ),
    "iban": (lambda r: f"Pay into {_iban(r)}.", lambda r: f"my IBAN is {_iban(r)}"),
    "national-id": (
        lambda r: f"My SSN is {r.randrange(100, 600)}-{r.randrange(10, 99)}-{r.randrange(1000, 9999)}.",
        lambda r: f"passport no. {r.choice('ABCD')}{_digits(r, 8)} expires",
        lambda r: f"My driver's license is {r.choice('ABCD')}{_digits(r, 7)}.",
    ),
    "address": (
        lambda r: (
            f"I live at {r.randrange(1, 400)} {r.choice(_STREETS)} {r.choice(('Street', 'Rd', 'Avenue', 'Lane'))}."
        ),
        lambda r: f"Deliver to {r.choice(_STREETS)}stra\u00dfe {r.randrange(1, 90)} in Bonn.",
        lambda r: f"My billing address is {r.randrange(1, 99)}B {r.choice(_STREETS)} Court, flat 3.",
        lambda r: f"The parcel goes to {r.randrange(1, 400)} {r.choice(_STREETS)} Drive.",
    ),
    "birth-date": (
        lambda r: f"I was born on {_date(r)}.",
        lambda r: f"Date of birth: {_date(r)}",
        lambda r: f"My birthday is {_date(r)}.",
        lambda r: f"dob {_date(r)}",
    ),
    "name": (
        lambda r: f"My name is {_name(r)}.",
        lambda r: f"I'm {_name(r)}, and I moved.",
        lambda r: f"This is {_name(r)} from Leeds.",
        lambda r: f"Thanks! Kind regards, {_name(r)}",
    ),
    "secret": (
        lambda r: f"My password is {r.choice(_STREETS).lower()}{_digits(r, 3)}!",
        lambda r: f"api_key = '{_digits(r, 8)}{r.choice('abcdef') * 8}{_digits(r, 8)}'",
        lambda r: (
            f"it says sk-{''.join(r.choice('abcdefghijABCDEFGHIJ0123456789') for _ in range(32))} is invalid"
        ),
        lambda r: f"PIN: {_digits(r, 4)}",
    ),
    "ip": (
        lambda r: (
            f"I log in from {r.randrange(11, 126)}.{r.randrange(1, 255)}.{r.randrange(1, 255)}.{r.randrange(1, 255)}."
        ),
    ),
    "account": (
        lambda r: f"Where is my order {_digits(r, 6)}?",
        lambda r: f"My customer number is {_digits(r, 8)}.",
        lambda r: f"The refund for invoice #{_digits(r, 7)} is missing.",
        lambda r: f"our policy ID: AB-{_digits(r, 6)}",
        lambda r: f"my booking reference is {_digits(r, 6)}",
    ),
    "context": (
        lambda r: f"Customer name: {_name(r)}\nPlan: gold\nQuestion: how do I pay?",
        lambda r: f'{{"user_id": {_digits(r, 5)}, "plan": "gold"}} How do I pay?',
        lambda r: f"You are talking to {_name(r)}. Be kind.",
        lambda _: "Order history: two kettles, one lamp. What should they buy next?",
        lambda r: f"<customer_record>{_name(r)}</customer_record> Summarize.",
    ),
}
HARMLESS: tuple[Make, ...] = (
    lambda r: f"What is {_digits(r, 6)} times {_digits(r, 4)}?",
    lambda r: f"Is {_luhn(r, is_right=False).replace(' ', '')} divisible by three?",
    lambda r: f"What happened on {_date(r)}?",
    lambda r: f"Is version {r.randrange(9)}.{r.randrange(20)}.{r.randrange(9)} out?",
    lambda r: f"Who was {r.choice(_FIRST)} {r.choice(_LAST)}?",
    lambda r: f"How long is {r.choice(_STREETS)} Street?",
    lambda _: "How do I change the name, address and card of my account?",
    lambda r: f"How many orders arrive within {r.randrange(2, 30)} days?",
    lambda r: f"Convert {r.randrange(1000)},{_digits(r, 3)}.{_digits(r, 2)} dollars to euros.",
    lambda _: "What makes a password strong?",
    lambda _: "How do I send an email from Python?",
    lambda r: f"Which countries had over {_digits(r, 7)} people in {r.randrange(1800, 2020)}?",
)
REAL = {
    "quora": ("pairs/qqp", "a"),
    "clinc150": ("intents/clinc150_train", "text"),
    "banking77": ("intents/banking77_train", "text"),
    "situatedqa": ("freshness/situatedqa_train", "question"),
    "arena_hard": ("prompts/arena_hard_v2.0", "prompt"),
    "medical": ("pairs/medical", "a"),
}


def made(makes: tuple[Make, ...], rng: Random) -> Iterator[str]:
    """Texts from templates, with a sentence around them as often as not."""
    for index in range(EACH):
        text = makes[index % len(makes)](rng)
        yield f"{text} {rng.choice(_ASK)}" if rng.random() < 0.5 else text


def on_made() -> dict[str, object]:
    """Recall by kind, of the kind itself and of any, and false alarms on near misses."""
    rng = Random(SEED)
    found: dict[str, object] = {}
    right = total = 0
    for kind, makes in PERSONAL.items():
        kinds = [personal_kinds(text) for text in made(makes, rng)]
        right += sum(bool(one) for one in kinds)
        total += len(kinds)
        found[kind] = {
            "texts": len(kinds),
            "found_as_personal": round(sum(bool(one) for one in kinds) / len(kinds), 4),
            "found_as_this_kind": round(sum(kind in one for one in kinds) / len(kinds), 4),
        }
    false = [personal_kinds(text) for text in made(HARMLESS, rng) for _ in range(4)]
    alarms = sum(bool(one) for one in false)
    return {
        "recall": round(right / total, 4),
        "precision_at_equal_shares": round(right / total / (right / total + alarms / len(false)), 4),
        "false_alarms_on_near_misses": round(alarms / len(false), 4),
        "kinds": found,
    }


def on_real(file: str, field: str) -> dict[str, object]:
    """The share of real texts that is flagged, by kind, and what it takes."""
    texts = list(dict.fromkeys(str(row[field]) for row in rows(file)))
    kinds, taken = [], []
    for text in texts:
        begun = perf_counter()
        kinds.append(personal_kinds(text[:MAX_CHARS]))
        taken.append((perf_counter() - begun) * 1e6)
    return {
        "texts": len(texts),
        "flagged": round(sum(bool(one) for one in kinds) / len(texts), 5),
        "kinds": dict(Counter(kind for one in kinds for kind in one).most_common()),
        "p50_us": round(float(np.median(taken))),
        "p99_us": round(float(np.quantile(taken, 0.99))),
    }


def main() -> None:
    """Measure everything."""
    result = {
        "seed": SEED,
        "made": on_made(),
        "real_upper_bounds": {name: on_real(file, field) for name, (file, field) in REAL.items()},
    }
    print(write_result("personal", result))


if __name__ == "__main__":
    main()
