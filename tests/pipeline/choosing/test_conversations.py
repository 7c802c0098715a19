"""Which model a conversation has, for a while, for so many of them."""

from sparingly.core.answer import Usage
from sparingly.core.chat import Tenant
from sparingly.core.routing.conversation import Conversation
from sparingly.core.routing.sticking import Held
from sparingly.core.strategies import Sticky
from sparingly.pipeline.choosing.conversations import Conversations

T = Tenant("t")
FOUND, TOLD = Conversation(T, "f1"), Conversation(T, "f1", is_told=True)


def _answered(
    known: Conversations,
    conversation: Conversation,
    *,
    now: float = 0.0,
    model: str = "big",
    begun: bool = False,
) -> None:
    known.answered(
        conversation, model, ("one", model), Usage(output_tokens=10), has_begun=begun, tokens=100, now=now
    )


def test_a_conversation_has_the_model_that_answered_last() -> None:
    """And how many turns it has had."""
    known = Conversations(Sticky())

    _answered(known, FOUND, now=1.0)
    _answered(known, FOUND, now=2.0, model="small", begun=True)

    held = known.held(FOUND, has_begun=True, now=3.0)
    assert held == Held("small", 2.0, 2, 110, 10.0, ("one", "small"))


def test_who_merely_begins_alike_has_nothing_yet() -> None:
    """Unless the caller says that it is the same conversation."""
    known = Conversations(Sticky())
    _answered(known, FOUND)
    _answered(known, TOLD)

    assert known.held(FOUND, has_begun=False, now=0.0) is None
    assert known.held(TOLD, has_begun=False, now=0.0) is not None


def test_another_that_begins_alike_starts_its_count_anew() -> None:
    """Its turns are not the other's."""
    known = Conversations(Sticky())
    for begun in (False, True, True, False):
        _answered(known, FOUND, begun=begun)

    held = known.held(FOUND, has_begun=True, now=0.0)

    assert held is not None
    assert held.turns == 1


def test_tenants_and_told_ids_are_kept_apart() -> None:
    """Nobody can name a conversation into another's."""
    known = Conversations(Sticky())
    _answered(known, FOUND)

    assert known.held(TOLD, has_begun=True, now=0.0) is None
    assert known.held(Conversation(Tenant("other"), "f1"), has_begun=True, now=0.0) is None


def test_silent_conversations_are_forgotten() -> None:
    """After `ttl_s`."""
    known = Conversations(Sticky(ttl_s=60))
    _answered(known, FOUND, now=100.0)

    assert known.held(FOUND, has_begun=True, now=160.0) is not None
    assert known.held(FOUND, has_begun=True, now=160.1) is None


def test_the_longest_silent_make_room() -> None:
    """Memory is bounded."""
    known = Conversations(Sticky(max_conversations=2))
    for name in ("a", "b", "a", "c"):
        _answered(known, Conversation(T, name))

    assert len(known) == 2
    assert known.held(Conversation(T, "b"), has_begun=True, now=0.0) is None
    assert known.held(Conversation(T, "a"), has_begun=True, now=0.0) is not None


def test_a_session_begins_with_the_first_conversation_that_offers_tools() -> None:
    """Until it has been silent for too long; where there is no session there is none."""
    known = Conversations(Sticky(ttl_s=60, max_conversations=2))
    main, other = Conversation(T, "main", "s"), Conversation(T, "other", "s")

    assert known.began_session(main, now=0.0) is None
    known.offered_tools(main, now=0.0)
    known.offered_tools(other, now=10.0)
    known.offered_tools(FOUND, now=10.0)

    assert known.began_session(other, now=70.0) == "main"
    assert known.began_session(other, now=70.1) is None
    assert known.began_session(FOUND, now=0.0) is None


def test_sessions_are_bounded_too() -> None:
    """The longest silent go first."""
    known = Conversations(Sticky(max_conversations=1))
    for name in ("s1", "s2"):
        known.offered_tools(Conversation(T, "main", name), now=0.0)

    assert known.began_session(Conversation(T, "x", "s1"), now=0.0) is None
    assert known.began_session(Conversation(T, "x", "s2"), now=0.0) == "main"
