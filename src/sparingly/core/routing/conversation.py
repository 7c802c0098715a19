"""Tell which conversation a request belongs to, and what that conversation is about.

Which, first match wins:
 1. the id that the caller gives in a header or in `metadata`: taken at its word;
 2. a fingerprint of the first turns, up to the first user's words: clients send the
    whole conversation each time.  Two conversations that begin alike are one by it,
    which keeps a model longer than it had to and never mixes what was said.
A session of an agent holds several conversations (the work, sub-agents, titles);
its id is told apart from theirs.

About what: the last user text, with earlier ones before it while it is too short
to stand alone ("and in Rust?").
"""

from collections.abc import Mapping
from hashlib import blake2b

import msgspec

from sparingly.core.chat import Ask, Tenant, Text, Turn
from sparingly.core.strategies import Sticky

# Headers in which agents send their session's id: Claude Code 2.1 and Codex 0.169, as seen on the wire.
_SESSION_HEADERS = ("x-claude-code-session-id", "session-id", "session_id")
# Claude Code writes `user_..._account_..._session_<id>` into Anthropic's one metadata field.
_SESSION_FIELD = "user_id"
_SESSION_MARK = "_session_"
_MOST_ID_CHARS = 200

# A question that stands alone has rarely less; what follows one often has.
_ENOUGH_WORDS = 8
# The embedder sees about 1,000 characters; the last text must be among them.
_EARLIER_CHARS = 600


class Conversation(msgspec.Struct, frozen=True):
    """Its id and its session's; `is_told` says that the caller gave the id."""

    tenant: Tenant
    id: str
    session: str | None = None
    is_told: bool = False


def conversation_of(
    ask: Ask,
    *,
    tenant: Tenant,
    headers: Mapping[str, str],
    metadata: Mapping[str, str],
    policy: Sticky,
) -> Conversation:
    """The conversation of a request; header names in lower case."""
    session = next((headers[name] for name in _SESSION_HEADERS if headers.get(name)), None)
    if session is None and _SESSION_MARK in metadata.get(_SESSION_FIELD, ""):
        session = metadata[_SESSION_FIELD].rpartition(_SESSION_MARK)[2] or None
    session = session[:_MOST_ID_CHARS] if session is not None else None
    told = headers.get(policy.header.lower()) or metadata.get(policy.metadata)
    if told:
        return Conversation(tenant, told[:_MOST_ID_CHARS], session, is_told=True)
    return Conversation(tenant, _fingerprint(ask, session), session)


def subject_of(ask: Ask) -> str:
    """The words that say what the conversation is about now."""
    texts = [text for turn in ask.turns if turn.role == "user" and (text := _words(turn)).strip()]
    if not texts:
        return ""
    subject, words = texts[-1], len(texts[-1].split())
    for earlier in reversed(texts[:-1]):
        if words >= _ENOUGH_WORDS:
            break
        words += len(earlier.split())
        subject = f"{earlier[:_EARLIER_CHARS]}\n\n{subject}"
    return subject


def _words(turn: Turn) -> str:
    # As `Ask.last_user_text` joins them, so that one embedding serves both.
    return "\n\n".join(part.text for part in turn.parts if isinstance(part, Text))


def _fingerprint(ask: Ask, session: str | None) -> str:
    digest = blake2b(digest_size=12)
    digest.update(_encoder.encode((ask.model, session)))
    for turn in ask.turns:
        digest.update(_encoder.encode(turn))
        if turn.role == "user" and _words(turn).strip():
            break
    return digest.hexdigest()


_encoder = msgspec.json.Encoder()
