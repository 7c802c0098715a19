"""What an operator may ask of the cache: which entries, found how, shown how.

Pure: a wish is read into a selector, entries into what is shown of them.  What
is wrong with a wish is told with the name of the field; a wish that names
nothing selects nothing.
"""

import base64
import binascii
import math
import re
from typing import Literal

import msgspec

from sparingly.core.chat import Tenant
from sparingly.core.entry import Digest, Entry, Place, Scope, Selector
from sparingly.core.keeping.moments import moment_of
from sparingly.errors import InvalidRequest

MOST_AT_ONCE = 500
"""Entries in one reply; more come page by page."""

MOST_TO_FORGET = 10_000
"""Entries that one query forgets at most: a query that means more was not meant so."""

# The similarity from which a paraphrase is more likely than not on the sets measured for the README; a
# dry run shows what it catches.
FORGET_SIMILARITY = 0.9

_DIGEST = re.compile(r"[0-9a-f]{32}")
_MOST_IDS = 1_000
_SHOWN_CHARS = 400


class Wish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which entries are meant: all that is given must hold.

    `ids` are entries' own or those of the requests that wrote them; `older_than`
    is an age or a date; `query` finds by meaning or, with `by: text`, by words;
    `min_similarity` is the least similarity of what `query` finds.
    """

    ids: tuple[str, ...] = ()
    tenant: str | None = None
    tag: str | None = None
    model: str | None = None
    older_than: str | None = None
    query: str | None = None
    by: Literal["meaning", "text"] = "meaning"
    min_similarity: float | None = None

    @property
    def names_nothing(self) -> bool:
        """Whether no condition is given."""
        return not (self.ids or self.query or self.tenant or self.tag or self.model or self.older_than)


class Shown(msgspec.Struct, frozen=True):
    """What is told of an entry; texts are cut.  `similarity` is there when a query found it."""

    id: Digest
    source: str
    tenant: Tenant
    scope: Scope
    question: str | None
    answer: str
    asked: str
    served: str
    created_at: float
    expires_at: float
    hits: int
    confirmed: int
    denied: int
    cost_nano: int
    tags: tuple[str, ...]
    similarity: float | None = None


class ShownPage(msgspec.Struct, frozen=True):
    """Some entries; `cursor` leads to the next ones, None behind the last."""

    entries: tuple[Shown, ...]
    cursor: str | None = None


def selector_of(wish: Wish, *, now: float) -> Selector:
    """The wish's conditions, ids and query aside.

    Raises:
        InvalidRequest: a condition cannot be read; `field` names it.
    """
    before = None
    if wish.older_than:
        try:
            before = moment_of(wish.older_than, now=now)
        except ValueError as error:
            raise InvalidRequest(f"older_than: {error}", field="older_than") from error
    if wish.min_similarity is not None and not 0 <= wish.min_similarity <= 1:
        raise InvalidRequest("min_similarity: expected a number from 0 to 1", field="min_similarity")
    if len(wish.ids) > _MOST_IDS:
        raise InvalidRequest(f"ids: expected at most {_MOST_IDS}, got {len(wish.ids)}", field="ids")
    # An empty text is no condition: that is how forms and shells pass one that was left out.
    return Selector(
        tenant=Tenant(wish.tenant) if wish.tenant else None,
        tag=wish.tag or None,
        served=wish.model or None,
        older_than=before,
    )


def digests_among(ids: tuple[str, ...]) -> tuple[Digest, ...]:
    """Those that may be ids of entries; any may be the id of a request."""
    return tuple(Digest(one) for one in ids if _DIGEST.fullmatch(one))


def shown(entry: Entry, *, similarity: float | None = None) -> Shown:
    """What is told of an entry."""
    return Shown(
        id=entry.digest,
        source=entry.source,
        tenant=entry.tenant,
        scope=entry.scope,
        question=None if entry.text is None else _cut(entry.text),
        answer=_cut(entry.answer.text),
        asked=entry.asked,
        served=entry.served,
        created_at=entry.created_at,
        expires_at=entry.expires_at,
        hits=entry.hits,
        confirmed=entry.confirmed,
        denied=entry.denied,
        cost_nano=entry.cost_nano,
        tags=entry.tags,
        similarity=similarity,
    )


def cursor_of(place: Place) -> str:
    """A place as a word for a URL."""
    return base64.urlsafe_b64encode(f"{place.created_at!r} {place.digest}".encode()).decode().rstrip("=")


def read_cursor(text: str) -> Place:
    """The place that `cursor_of` wrote; raises InvalidRequest for anything else."""
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
        moment, _, digest = plain.partition(" ")
        created_at = float(moment)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest("cursor: not one of ours", field="cursor") from error
    if not _DIGEST.fullmatch(digest) or not math.isfinite(created_at):
        raise InvalidRequest("cursor: not one of ours", field="cursor")
    return Place(created_at, Digest(digest))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "\N{HORIZONTAL ELLIPSIS}"
