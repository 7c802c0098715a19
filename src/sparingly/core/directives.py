"""What a caller asks of the cache: Cache-Control (RFC 9111, section 5.2.1) and our own request headers.

A caller may only make matching stricter, never looser.
"""

from collections.abc import Mapping

import msgspec

from sparingly.errors import InvalidRequest

# RFC 9111 request directives that need no work here: a gateway never transforms, and never serves stale.
_HARMLESS = frozenset({"no-transform", "max-stale", "stale-if-error"})

# Tags become payload values that are indexed; these bounds keep an index from being a place to store text.
_MAX_TAGS = 16
_MAX_TAG_CHARS = 64


class Directives(msgspec.Struct, frozen=True):
    """How one request wants the cache to be used.

    `look` and `keep` say whether stored answers may be read and this one
    written.  `max_age_s` is the oldest answer taken; `min_fresh_s` how long it
    must still be valid; `max_error` the share of wrong hits the caller bears.
    """

    look: bool = True
    keep: bool = True
    only_if_cached: bool = False
    max_age_s: float | None = None
    min_fresh_s: float = 0.0
    max_error: float | None = None
    tags: tuple[str, ...] = ()


CONVERSATION = "x-sparingly-conversation"
"""The header that names a conversation, whatever `routing.sticky.header` says."""


def directives_of(headers: Mapping[str, str]) -> Directives:
    """What the headers of a request say, their names in lower case; raises InvalidRequest."""
    return read_directives(
        cache_control=headers.get("cache-control"),
        max_error=headers.get("x-sparingly-max-error"),
        tags=headers.get("x-sparingly-tags"),
    )


def pin_of(headers: Mapping[str, str]) -> str | None:
    """The model that the caller insists on."""
    return headers.get("x-sparingly-model", "").strip() or None


def read_directives(*, cache_control: str | None, max_error: str | None, tags: str | None) -> Directives:
    """Read the headers; raises InvalidRequest that names the header and what is wrong with it."""
    look, keep, only_if_cached = True, True, False
    max_age_s: float | None = None
    min_fresh_s = 0.0
    for part in (cache_control or "").split(","):
        name, _, value = part.strip().partition("=")
        match name.strip().lower():
            case "":
                continue
            case "no-cache":
                look = False
            case "no-store":
                look = keep = False
            case "only-if-cached":
                only_if_cached = True
            case "max-age":
                max_age_s = _seconds("max-age", value)
            case "min-fresh":
                min_fresh_s = _seconds("min-fresh", value)
            case harmless if harmless in _HARMLESS:
                continue
            case _:
                # RFC 9111, section 5.2.3: a cache ignores directives it does not know.
                continue
    if only_if_cached and not look:
        raise InvalidRequest(
            "Cache-Control: only-if-cached contradicts no-cache and no-store", field="Cache-Control"
        )
    return Directives(
        look=look,
        keep=keep,
        only_if_cached=only_if_cached,
        max_age_s=max_age_s,
        min_fresh_s=min_fresh_s,
        max_error=_share(max_error),
        tags=_tags(tags),
    )


def _seconds(name: str, value: str) -> float:
    digits = value.strip().strip('"')
    # Ten digits are 300 years; RFC 9111 lets a cache cap what it cannot represent.
    if not digits.isascii() or not digits.isdigit():
        raise InvalidRequest(
            f"Cache-Control: {name} needs whole seconds, got {value[:40]!r}", field="Cache-Control"
        )
    return float(digits[:10])


def _share(value: str | None) -> float | None:
    if value is None:
        return None
    try:
        share = float(value)
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        raise InvalidRequest(
            f"x-sparingly-max-error needs a number from 0 to 1, got {value[:40]!r}",
            field="x-sparingly-max-error",
        )
    return share


def _tags(value: str | None) -> tuple[str, ...]:
    tags = tuple(dict.fromkeys(tag.strip() for tag in (value or "").split(",") if tag.strip()))
    if len(tags) > _MAX_TAGS or any(len(tag) > _MAX_TAG_CHARS for tag in tags):
        raise InvalidRequest(
            f"x-sparingly-tags takes at most {_MAX_TAGS} tags of at most {_MAX_TAG_CHARS} characters",
            field="x-sparingly-tags",
        )
    return tags
