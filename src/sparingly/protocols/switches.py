"""What a request asks for outside its body, as far as it may change the answer.

Features in trial are switched on by headers (`anthropic-beta`, `openai-beta`)
and another version of an API is another API: both belong to the scope of the
cache, beside the query.  What every client of a dialect sends says nothing.
"""

from collections.abc import Iterable

# Each with the values that change no answer; names are in lower case.  The two versions of Anthropic's API
# differ in what they refuse (its versioning page, November 2026: 2026-10-21 takes no sampling parameters).
_SWITCHES: dict[str, frozenset[str]] = {
    "anthropic-beta": frozenset(),
    "anthropic-version": frozenset({"2023-06-01", "2026-10-21"}),
    "openai-beta": frozenset(),
}

# Anthropic's SDKs mark their trial half so; which trials are meant stands in the header.
_SAYS_NOTHING = "beta=true"


def switches(query: str, headers: Iterable[tuple[str, str]]) -> str:
    """The switches in canonical form; empty for most requests."""
    found: list[str] = []
    asked = "&".join(sorted(field for field in query.split("&") if field and field != _SAYS_NOTHING))
    if asked:
        found.append(f"?{asked}")
    for name, value in headers:
        if name in _SWITCHES:
            values = sorted({one.strip() for one in value.split(",")} - _SWITCHES[name] - {""})
            if values:
                found.append(f"{name}={','.join(values)}")
    return " ".join(sorted(found))
