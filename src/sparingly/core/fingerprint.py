"""What must be equal between two requests, and what may be merely close.

A fingerprint has three parts.  `scope` covers everything that must be equal:
tenant, asked model, all turns before the last user message, tools, response
format, sampling, attachments, unknown fields, embedder and policy version.
`digest` is scope plus the exact last user text: the exact tier's key.  `text`
is that last text, the only thing ever compared by closeness.

Rule: when in doubt a field is part of the scope.  A field too many costs a
hit, a field too few serves one caller's answer to another's question.
"""

import re
from collections.abc import Mapping
from hashlib import blake2b

import msgspec

from sparingly.core.chat import Ask, Image, Json, Opaque, Part, Tenant, Text, Tool, Turn, canonical_json
from sparingly.core.entry import Digest, Scope
from sparingly.core.policy import ScopePolicy

# Raised whenever the canonical form changes: entries of older versions then match nothing.
VERSION = 1

# What an ignored stretch of a system prompt is replaced by; U+FFFC cannot be typed by accident.
_BLANK = "\ufffc"

# Longer than addresses are: such a URL holds the picture itself.
_LONG_URL_CHARS = 4_096

# Top-level fields known to shape an answer in ways that equality covers.  Any other field is unknown, and
# an unknown field keeps a request out of the semantic tier.
_UNDERSTOOD = frozenset(
    {
        "audio",
        "logit_bias",
        "max_tokens_field",
        "modalities",
        "openai-responses-hints",
        "prediction",
        "reasoning",
        "reasoning_effort",
        "repetition_penalty",
        "thinking",
        "top_k",
        "min_p",
        "verbosity",
    }
)


# Where such requests keep what is theirs; their texts are no turns of a conversation.
_EMBEDDINGS = "openai-embeddings"


class Fingerprint(msgspec.Struct, frozen=True):
    """Where a request belongs in the cache.

    `text` is None when the conversation does not end with a user's words;
    `exact_only` is a slug when closeness must not be tried, and says why;
    `tenant` is who asks.
    """

    scope: Scope
    digest: Digest
    text: str | None
    exact_only: str | None
    tenant: Tenant = Tenant("")
    is_shared: bool = False
    """Whether the scope is that of a group of tenants."""


class Canon(msgspec.Struct, frozen=True):
    """What the operator and the parts at hand add to every fingerprint.

    `realm` names the world that answers come from (see `bootstrap.realm_of`);
    `groups` maps a tenant to the group it shares answers with.
    """

    embedder: str
    realm: str = ""
    ignore: tuple[re.Pattern[str], ...] = ()
    groups: Mapping[str, str] = {}


def canon(policy: ScopePolicy, *, embedder: str, realm: str = "") -> Canon:
    """Prepare a scope policy for use: compile its patterns, index its groups."""
    # As JSON: joined by any plain character, the names ("a+b", "c") and ("a", "b+c") would be one group.
    groups = {tenant: canonical_json(sorted(group)) for group in policy.shared for tenant in group}
    return Canon(embedder, realm, tuple(re.compile(pattern) for pattern in policy.ignore), groups)


class _Scope(msgspec.Struct, frozen=True, array_like=True):
    """The canonical form whose bytes are hashed; the order of fields is part of `VERSION`."""

    version: int
    embedder: str
    realm: str
    owner: tuple[str, str]
    model: str
    pinned: bool
    turns: tuple[Turn, ...]
    last: Turn | None
    sampling: object
    tools: tuple[Tool, ...]
    tool_choice: Json | None
    parallel_tool_calls: bool | None
    response_format: Json | None
    extra: Json | None


_encoder = msgspec.json.Encoder()


def fingerprint(
    ask: Ask, *, tenant: Tenant, canon: Canon, pinned: bool = False, is_private: bool = False
) -> Fingerprint:
    """Reduce a request to what the cache compares.

    `pinned` says that the caller insists on `ask.model`: under the same name, routing may have answered
    those who do not with another model's words.  `is_private` keeps it out of what the tenant's group shares.
    """
    last = ask.turns[-1] if ask.turns and ask.turns[-1].role == "user" else None
    earlier = ask.turns[:-1] if last is not None else ask.turns
    texts = tuple(part.text for part in last.parts if isinstance(part, Text)) if last is not None else ()

    owner = ("tenant", tenant) if is_private else _owner(tenant, canon)
    form = _Scope(
        version=VERSION,
        embedder=canon.embedder,
        realm=canon.realm,
        owner=owner,
        model=ask.model,
        pinned=pinned,
        turns=tuple(_shortened(_blanked(turn, canon)) for turn in earlier),
        last=_shortened(_without_words(last)) if last is not None else None,
        sampling=ask.sampling,
        tools=ask.tools,
        tool_choice=ask.tool_choice,
        parallel_tool_calls=ask.parallel_tool_calls,
        response_format=ask.response_format,
        extra=ask.extra,
    )
    scope = blake2b(_encoder.encode(form), digest_size=16)
    digest = scope.copy()
    digest.update(_encoder.encode(texts))
    return Fingerprint(
        scope=Scope(scope.hexdigest()),
        digest=Digest(digest.hexdigest()),
        text="\n\n".join(texts) if texts else None,
        exact_only=_exact_only(ask, earlier, texts),
        tenant=tenant,
        is_shared=owner[0] == "group",
    )


def _owner(tenant: Tenant, canon: Canon) -> tuple[str, str]:
    """Tenants and groups live in different name spaces, so no tenant can name itself into a group."""
    group = canon.groups.get(tenant)
    return ("tenant", tenant) if group is None else ("group", group)


def _blanked(turn: Turn, canon: Canon) -> Turn:
    if not canon.ignore or turn.role not in ("system", "developer"):
        return turn
    parts: list[Part] = []
    for part in turn.parts:
        if isinstance(part, Text):
            text = part.text
            for pattern in canon.ignore:
                text = pattern.sub(_BLANK, text)
            parts.append(Text(text))
        else:
            parts.append(part)
    return msgspec.structs.replace(turn, parts=tuple(parts))


def _shortened(turn: Turn) -> Turn:
    """A turn whose pictures stand for themselves by their hash: hashing is quick, encoding megabytes first is not."""
    if not any(_is_long(part) for part in turn.parts):
        return turn
    return msgspec.structs.replace(turn, parts=tuple(_hashed(part) for part in turn.parts))


def _hashed(part: Part) -> Part:
    if not isinstance(part, Image) or not _is_long(part):
        return part
    digest = blake2b(part.url.encode("utf-8", "surrogatepass"), digest_size=32).hexdigest()
    return msgspec.structs.replace(part, url=f"{_BLANK}{digest}")


def _is_long(part: Part) -> bool:
    # What begins as a hash does is hashed too, so that nobody can write another picture's hash for a URL.
    return isinstance(part, Image) and (len(part.url) > _LONG_URL_CHARS or part.url.startswith(_BLANK))


def _without_words(turn: Turn) -> Turn:
    """The last turn with its words taken out: attachments, their order and unknown fields stay."""
    parts = tuple(Text("") if isinstance(part, Text) else part for part in turn.parts)
    return msgspec.structs.replace(turn, parts=parts)


def _exact_only(ask: Ask, earlier: tuple[Turn, ...], texts: tuple[str, ...]) -> str | None:
    """Why closeness must not be tried, or None.  Cases in order of how often they occur."""
    # 1. No conversation: vectors are asked of these very words.
    if _wants_vectors(ask):
        return "embeddings"
    # 2. Later turns: the same words mean something else after another conversation.
    if any(turn.role not in ("system", "developer") for turn in earlier):
        return "later-turn"
    # 3. Tools: the answer is an action in a world that has moved on.
    if ask.tools:
        return "tools-offered"
    # 4. Nothing to compare.
    if not any(text.strip() for text in texts):
        return "no-user-text"
    # 5. Fields and parts that nobody here understands.
    if ask.extra is not None and not _UNDERSTOOD.issuperset(
        msgspec.json.decode(ask.extra, type=dict[str, msgspec.Raw])
    ):
        return "unknown-field"
    if any(isinstance(part, Opaque) for part in ask.turns[-1].parts):
        return "attachment"
    return None


def _wants_vectors(ask: Ask) -> bool:
    if ask.extra is None or any(turn.role != "tool" for turn in ask.turns):
        return False
    return _EMBEDDINGS in msgspec.json.decode(ask.extra, type=dict[str, msgspec.Raw])
