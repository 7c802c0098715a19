"""Find personal data and secrets in the words of a request, so that it stays with the tenant who sent it.

Names the kinds it finds, never the words.  It looks for forms (an address of
mail, a card number whose checksum is right) and for what people write around
their data ("my name is", "customer id:"), the latter also in what a program
pasted into the prompt about its user.

Rule: in doubt it is personal.  A false alarm costs a group one shared answer, a
miss may show one tenant's data to another.  It is no tool to redact with: what
has neither form nor announcement, such as a name in passing, is not found.
"""

import re
from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias

from sparingly.core.chat import Ask, Opaque, Part, Tenant, Text, ToolResult
from sparingly.core.policy import PersonalAction, PersonalPolicy

Kind: TypeAlias = Literal[
    "account",
    "address",
    "birth-date",
    "card",
    "context",
    "email",
    "iban",
    "ip",
    "name",
    "national-id",
    "phone",
    "secret",
    "unread",
]

# Beyond this a request is not searched, and counts as personal: it is a document or a long conversation.
MAX_CHARS = 16_000

_CARD = re.compile(r"(?<![\d.,-])\d(?:[ -]?\d){12,18}(?![\d-])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_IP = re.compile(
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\w)|(?<![\w:])(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}(?![\w:])",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?<![\w.+/-])(?:\+|00)?\(?\d[\d ()./-]{7,18}\d(?![\w/-]|\.\d)")
_NOT_IDS = re.compile(
    r"^(?:19|20)\d\d[-/. ]\d{1,2}[-/. ]\d{1,2}$|^\d{1,2}[-/. ]\d{1,2}[-/. ](?:19|20)\d\d$|^(?:19|20)\d\d ?- ?(?:19|20)\d\d$"
)

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE = rf"(?:\d{{1,4}}[-/. ]\d{{1,2}}[-/. ]\d{{1,4}}|\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH},? \d{{2,4}}|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{2,4}})"
_STREET = r"(?:street|str|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|square|sq|terrace|parkway|pkwy|highway|hwy|crescent|close)"

_SEARCHES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[a-z]{2,}", re.IGNORECASE)),
    # Forms that keys are issued in, private key blocks, and what is announced as a password or key.
    (
        "secret",
        re.compile(
            r"\b(?:sk|pk|rk|ghp|gho|ghs|glpat|xox[abprs]|hf|npm|shpat|whsec)[-_][\w-]{16}|\bAKIA[0-9A-Z]{16}\b|\bAIza[\w-]{35}"
            r"|\beyJ[\w-]{10,2000}\.[\w-]{10}|-----BEGIN [A-Z ]*PRIVATE KEY|\b(?:postgres(?:ql)?|mysql|mongodb(?:\+srv)?|redis|amqp|https?)"
            r"://[^\s:/@]{1,128}:[^\s/@]{1,128}@"
            r"|(?i:\b(?:pass ?word|passwd|pwd|pin(?: code| number)?|passphrase|api[ _-]?key|secret(?:[ _-]key)?|access[ _-]token"
            r"|auth(?:orization)?[ _-]token|bearer)\b[\"']?(?:\s+is|\s*[:=])\s*[\"']?(?=\S{0,64}[\d$!@#%^&*_-])\S{4})"
            r"|(?i:\bbearer (?=\S{0,64}\d)[\w.-]{16})"
        ),
    ),
    (
        "national-id",
        re.compile(
            r"(?<![\w-])(?!000|666)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])"
            r"|(?i:\b(?:ssn|social security|passport|national insurance|driver'?s? licen[cs]e|tax(?:payer)? id|aadhaar|national id"
            r"|ni number|nhs number|medicare|medical record|mrn)\b[^?!\n\d]{0,25}(?=[a-z-]{0,3}\d)[a-z0-9-]*\d(?:[ -]?[a-z0-9]){4,})",
        ),
    ),
    (
        "address",
        re.compile(
            rf"\b\d{{1,5}}[a-z]?,? (?:[NSEW]\.? )?(?:[A-Z][\w'.-]+ ){{1,3}}(?i:{_STREET})\b\.?"
            r"|\b[A-Z][\w\u00df-\u00ff-]*(?:stra\u00dfe|strasse|str\.|weg|platz|gasse|allee) \d{1,4}\b|\b\d{1,4},? (?:rue|avenue|boulevard|via|calle) [A-Z]"
            r"|(?i:\b(?:i live|my address is|my (?:home|shipping|billing|postal|mailing) address(?: is|:)|ship (?:it )?to:?|deliver (?:it )?to:?)\b[^.?!\n]{0,30}\d)"
            r"|(?i:\bp\.? ?o\.? box \d)",
        ),
    ),
    (
        "birth-date",
        re.compile(
            rf"\b(?:born|birth ?(?:date|day)|date of birth|d\.?o\.?b\.?)\b[^?!\n]{{0,20}}?{_DATE}|\bi(?:'m| am) born\b",
            re.IGNORECASE,
        ),
    ),
    (
        "name",
        re.compile(
            r"(?i:\b(?:my (?:full |last |first |sur|maiden )?name(?:'s| is|:)|mi nombre es|me llamo|ich hei(?:\u00df|ss)e|mein name ist"
            r"|je m'appelle|mi chiamo))\s+(?!(?:not|a|the|in|on|wrong|spelled|misspelled|incorrect|different|too|already|still|being)\b)\w"
            r"|\b(?i:i am|i'm|this is|im)\s+(?:(?:Mr|Mrs|Ms|Dr)\.? [A-Z]\w+|[A-Z][a-z]+ [A-Z][a-z]+(?=[.,!;]|\s+(?:and|from|here|with)\b|$))"
            r"|(?i:\b(?:yours sincerely|kind regards|best regards|sincerely|cheers)\b),?\s+[A-Z][a-z]+",
        ),
    ),
    (
        "account",
        re.compile(
            r"\b(?:my|our|his|her|their|the)\b[^.?!\n]{0,40}\b(?:order|account|customer|member(?:ship)?|invoice|booking|reservation|confirmation|policy"
            r"|claim|ticket|case|tracking|card|loan|contract|patient|student|employee|reference|transaction|flight|subscription|user)"
            r"(?:'?s)?(?: (?:number|no\.?|id|ref(?:erence)?|code))?(?: ending(?: in| with)?)?\W{1,4}(?:is\W+|was\W+)?(?:[a-z]{1,4}[-_]?)?\d[\d -]{2}"
            r"|\b(?:order|account|customer|member|invoice|booking|policy|claim|tracking|patient|employee|reference)"
            r"(?: (?:number|no\.?|id|ref))?\s*(?:[:#=]|is)\s*[a-z]{0,4}[-_]?\d[\d -]{3}|\b(?:order|invoice|ticket|case) #?[a-z]{0,3}-?\d{5,}",
            re.IGNORECASE,
        ),
    ),
    # What programs paste about their user: labelled fields, records, tags.
    (
        "context",
        re.compile(
            r"\b(?:customer|user|patient|member|client|employee|student|caller|account ?holder|subscriber|guest|contact|full|first|last)"
            r"[ _-]?(?:name|id|profile|record|details|info(?:rmation)?|history|context|data|email|phone|account|age|address)\"?\s*[:=]\s*\S"
            r"|<(?:user|customer|client|patient|account|profile|member)[\w-]*>|\b(?:current|logged[- ]in) user(?:'s name)? (?:is|:)"
            r"|\byou are (?:talking|speaking|chatting) (?:to|with) [A-Z]|\b(?:purchase|order|medical|chat|browsing|account|payment) history:"
            r"|\b(?:known facts|memories|memory|facts) about (?:the |this )?(?:user|customer)",
            re.IGNORECASE,
        ),
    ),
)


_DIGIT = re.compile(r"\d")
_NEED_DIGITS = frozenset({"address", "account", "national-id"})
# Every text that a pattern above matches holds one of these, in lower case.
_NEEDS: dict[Kind, tuple[str, ...]] = {
    "email": ("@",),
    "birth-date": ("born", "birth", "dob", "d.o"),
    "name": (
        *(
            "name",
            "nombre",
            "llamo",
            "hei\u00dfe",
            "heisse",
            "appelle",
            "chiamo",
            "i am",
            "i'm",
            "im ",
            "this is",
        ),
        *("sincerely", "regards", "cheers"),
    ),
    "account": (
        *(
            "order",
            "account",
            "customer",
            "member",
            "invoice",
            "booking",
            "reservation",
            "confirmation",
            "policy",
        ),
        *(
            "claim",
            "ticket",
            "case",
            "tracking",
            "card",
            "loan",
            "contract",
            "patient",
            "student",
            "employee",
        ),
        *("reference", "transaction", "flight", "subscription", "user"),
    ),
    "context": (
        *(
            "customer",
            "user",
            "patient",
            "member",
            "client",
            "employee",
            "student",
            "caller",
            "account",
            "subscriber",
        ),
        *("guest", "contact", "full", "first", "last", "profile", "you are", "history:", "about"),
    ),
}


def personal_kinds(text: str) -> tuple[Kind, ...]:
    """The kinds of personal data in a text, in the order of the alphabet."""
    lowered = text.lower()
    has_digit = _DIGIT.search(text) is not None
    # A pattern of many words takes 0.3 µs a character: first see whether any of its words is there at all.
    found: set[Kind] = {
        kind
        for kind, search in _SEARCHES
        if (has_digit or kind not in _NEED_DIGITS)
        and (kind not in _NEEDS or any(needed in lowered for needed in _NEEDS[kind]))
        and search.search(text)
    }
    if has_digit:
        found |= {kind for kind, is_in in _NUMBERS if is_in(text)}
    return tuple(sorted(found))


def action_for(ask: Ask, tenant: Tenant, policy: PersonalPolicy, *, is_shared: bool) -> PersonalAction | None:
    """What is to be done about a request's personal data; None where it has none, or nothing is to be done.

    `is_shared` says whether the tenant shares answers: without that its scope is its own already.
    """
    action = policy.tenants.get(tenant, policy.action)
    if action == "ignore" or (action == "own_scope" and not is_shared):
        return None
    return action if personal_in(ask) else None


def personal_in(ask: Ask) -> tuple[Kind, ...]:
    """The kinds in all words of a request but the model's own; `unread` where it is too long or not words."""
    pieces: list[str] = []
    for turn in ask.turns:
        if turn.role != "assistant":
            pieces += _words(turn.parts)
    unread: set[Kind] = (
        {"unread"} if any(isinstance(p, Opaque) for turn in ask.turns for p in turn.parts) else set()
    )
    if sum(map(len, pieces)) > MAX_CHARS:
        return ("unread",)
    return tuple(sorted(unread.union(personal_kinds("\n".join(pieces)))))


def _words(parts: Iterable[Part]) -> list[str]:
    found: list[str] = []
    for part in parts:
        if isinstance(part, Text):
            found.append(part.text)
        elif isinstance(part, ToolResult):
            found += _words(part.parts)
    return found


def _has_card(text: str) -> bool:
    """13 to 19 digits in groups whose checksum is right (ISO/IEC 7812-1, the Luhn algorithm)."""
    return any(_is_luhn([int(sign) for sign in found if sign.isdigit()]) for found in _CARD.findall(text))


def _is_luhn(digits: list[int]) -> bool:
    doubled = [2 * digit - 9 * (digit > 4) for digit in digits[-2::-2]]
    return len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _has_iban(text: str) -> bool:
    """ISO 13616: country and check digits moved to the end, letters as numbers, modulo 97 gives 1."""
    for found in _IBAN.findall(text):
        # A word in capitals may follow an IBAN: it may be as short as 15.
        signs = found.replace(" ", "")
        if any(_is_iban(signs[:length]) for length in range(15, len(signs) + 1)):
            return True
    return False


def _is_iban(signs: str) -> bool:
    return int("".join(str(int(sign, 36)) for sign in signs[4:] + signs[:4])) % 97 == 1


def _has_ip(text: str) -> bool:
    """A public address: those of every house and lab (RFC 1918, RFC 5735) name nobody."""
    for found in _IP.findall(text):
        if ":" in found:
            return True
        parts = [int(part) for part in found.split(".")]
        is_everybodys = parts[0] in (0, 10, 127, 255) or parts[:2] in ([192, 168], [8, 8], [169, 254])
        if max(parts) <= 255 and not is_everybodys and not (parts[0] == 172 and 16 <= parts[1] <= 31):
            return True
    return False


def _has_phone(text: str) -> bool:
    """9 to 15 digits (E.164), written as people write telephone numbers, and not as a date or a sum."""
    for match in _PHONE.finditer(text):
        found = match[0]
        digits = sum(sign.isdigit() for sign in found)
        if not 9 <= digits <= 15 or _NOT_IDS.match(found):
            continue
        groups = [len(group) for group in re.findall(r"\d+", found)]
        announced = re.search(
            r"(?i)\b(?:phone|mobile|cell|call|tel|telephone|number|whatsapp|text|fax)\b",
            text[max(0, match.start() - 40) : match.start()],
        )
        if announced or found.startswith(("+", "00")):
            return True
        # Without an announcement: three groups or more, none of them as long as a plain number.
        if 3 <= len(groups) <= 5 and min(groups) >= 2 and max(groups) <= 4 and "." not in found.strip("."):
            return True
    return False


_NUMBERS: tuple[tuple[Kind, Callable[[str], bool]], ...] = (
    ("card", _has_card),
    ("iban", _has_iban),
    ("ip", _has_ip),
    ("phone", _has_phone),
)
