"""Bring a question into a normal form: what cannot change its answer is taken away.

Case, punctuation, politeness, greetings, contractions, plurals and spelling
variants go; words stay in order.  Two questions of one normal form ask the same.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from sparingly.core.evidence.lexicon import POLAR_ENDINGS, POLAR_PREFIXES

MOST_CHARS: Final = 4_000
"""Beyond this nothing is read: the embedder's window ends long before."""


def plain(text: str) -> str:
    """Lower case, one kind of quote and dash, compatibility forms folded, contractions spelled out, u.s. as us."""
    folded = text[:MOST_CHARS]
    if not folded.isascii():
        folded = unicodedata.normalize("NFKC", folded.translate(_QUOTES))
    folded = folded.lower()
    if "." in folded:
        folded = _DOTTED.sub(r"\1", folded)
    return _CONTRACTED.sub(_spelled_out, folded) if "'" in folded else folded


def tokens(plain_text: str) -> list[str]:
    """Words, numbers and identifiers in order, polite phrases left out."""
    text = plain_text.strip()
    kept = _BEFORE.sub("", text)
    kept = _AFTER.sub("", _SIGNED.sub("", kept))
    # "Thanks!" and "hello" are all there is: then they are the question.
    return [word for word in _TOKEN.findall(kept or text) if word not in _POLITE_WORDS]


@lru_cache(maxsize=65_536)
def normal(word: str) -> str:
    """A word's normal form: singular, one spelling; words of numbers as digits."""
    known = _ONE_FORM.get(word)
    if known is not None:
        return known
    if not word.isalpha() or len(word) < 4:
        # "$1,200" is the word 1200; what it is of, `quantities` keeps.
        return word.lstrip(_SIGNS).replace(",", "") if word[:1] in _SIGNS or "," in word else word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is", "ous")):
        word = word[:-1]
    if word.endswith("isation"):
        return word[:-7] + "ization"
    if word.endswith("ise") and len(word) > 6:
        return word[:-3] + "ize"
    if word.endswith("our") and len(word) > 5:
        return word[:-3] + "or"
    return word


@lru_cache(maxsize=65_536)
def polar_stems(word: str) -> tuple[str, ...]:
    """What a word says the opposite of, going by its prefix or ending: unlock, useless."""
    if len(word) < 5:
        return ()
    # "under" denies nothing: shorter stems than this are accidents.
    stems = [
        word[len(start) :]
        for start in POLAR_PREFIXES
        if word.startswith(start) and len(word) - len(start) > 3
    ]
    for end in POLAR_ENDINGS:
        if word.endswith(end) and len(word) - len(end) > 2:
            stems += [word[: -len(end)], word[: -len(end)] + "ful"]
    return tuple(stems)


def _spelled_out(found: re.Match[str]) -> str:
    word = found[0]
    whole = _WHOLE.get(word)
    if whole is not None:
        return whole
    stem, _, end = word.rpartition("'")
    if end == "t" and stem.endswith("n"):
        return f"{stem[:-1]} not"
    return f"{stem}{_ENDINGS[end]}"


_DOTTED: Final = re.compile(r"(?<![^\W\d])([a-z])\.(?=[a-z](?:\.|\b))")
_SIGNS: Final = "$\u20ac\u00a3\u00a5"
_QUOTES: Final = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-"}
)
_CONTRACTED: Final = re.compile(r"[a-z]+'(?:t|s|re|ve|ll|d|m)\b")
_WHOLE: Final = {
    "can't": "can not", "won't": "will not", "shan't": "shall not", "ain't": "is not",
    "what's": "what is", "where's": "where is", "who's": "who is", "how's": "how is", "when's": "when is",
    "why's": "why is", "it's": "it is", "that's": "that is", "there's": "there is", "let's": "let us",
    "he's": "he is", "she's": "she is", "here's": "here is",
}  # fmt: skip
_ENDINGS: Final = {
    "t": " not",
    "s": "",
    "re": " are",
    "ve": " have",
    "ll": " will",
    "d": " would",
    "m": " am",
}

_BEFORE: Final = re.compile(
    r"^(?:(?:(?:hi|hello|hey|greetings)(?: there| all| team| everyone| guys)?|good (?:morning|afternoon|evening)"
    r"|dear (?:sir|madam|team|all|support)|please|excuse me|sorry|(?:just )?(?:a )?quick question|thanks|so|ok|okay|well"
    r"|(?:can|could|would|will) (?:you|u|someone|anyone|anybody|somebody) (?:please |kindly |pls )*"
    r"(?:tell me|let me know|explain to me|show me|help me understand|help me to|help me with|help me)(?: about)?"
    r"|i (?:would like|want|need|wanted) to (?:know|ask|understand)|i was wondering(?: if you could tell me)?"
    r"|(?:do|does) (?:you|anyone|anybody|someone) know|(?:please )?tell me(?: about)?)(?![\w'-])[\s,.:;!-]*)+"
)
_AFTER: Final = re.compile(
    r"(?:[\s,.;:!?-]*\b(?:please|pls|plz|thank(?:s| you)(?: (?:so|very) much| a lot| in advance)*|cheers|many thanks|thx))+[\s.!?]*$"
)
# "Best, Mara": a closing stands alone and has a comma behind it; otherwise it is the question's own last words.
_SIGNED: Final = re.compile(
    r"[.!?;\n-]\s*(?:(?:all the |with )?(?:best|kind regards|best regards|warm regards|regards|best wishes|sincerely|yours|cheers|thanks"
    r"|many thanks|thank you))\s*[,\n]\s*(?:[^\W\d_]+)?[\s.!]*$"
)
_POLITE_WORDS: Final = frozenset({"please", "pls", "plz", "kindly"})
_TOKEN: Final = re.compile(
    r"[$\u20ac\u00a3\u00a5]?\d[\d,]*(?:\.\d+)*(?:[a-z]+|%)?(?:-\d+)*"  # numbers with units, versions, dates
    r"|c\+\+|c#|f#|\.net\b"
    r"|[<>=+*^%|~\u00d7\u00f7]+|(?<=\d)\s*[-/]\s*(?=\d)"  # operators
    r"|[^\W_]+"  # identifiers and compounds come apart, so that all ways of writing them are one
    r"|[^\s\w!-/:-@\[-`{-~\u2010-\u2027\u2030-\u205e]"  # a symbol or emoji is a word of its own
)

_ONE_FORM: Final = {
    "ii": "2", "iii": "3", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "fifteen": "15", "twenty": "20",
    "thirty": "30", "forty": "40", "fifty": "50", "third": "3rd", "fourth": "4th", "fifth": "5th",
    "whats": "what", "u": "you", "ur": "your", "r": "are", "im": "i", "dont": "not", "cant": "not",
    "e-mail": "email", "emails": "email", "web-site": "website", "grey": "gray", "centre": "center",
    "theatre": "theater", "licence": "license", "cheque": "check", "programme": "program", "favourite": "favorite",
    "men": "man", "women": "woman", "children": "child", "people": "person", "feet": "foot", "mice": "mouse",
    "teeth": "tooth", "news": "news", "series": "series", "lens": "lens", "does": "does", "this": "this",
    "was": "was", "always": "always", "plus": "plus", "cannot": "not", "less": "less", "us": "us", "yes": "yes",
    "wanna": "want", "gonna": "going", "bday": "birthday", "info": "information", "app": "app", "apps": "app",
    "photo": "photo", "pics": "picture", "pic": "picture", "biggest": "biggest",
}  # fmt: skip
