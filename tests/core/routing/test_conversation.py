"""Which conversation a request belongs to, and what it is about."""

import pytest

from sparingly.core.chat import Ask, Image, Tenant, Text, Turn
from sparingly.core.routing.conversation import Conversation, conversation_of, subject_of
from sparingly.core.strategies import Sticky

T = Tenant("t")


def _ask(*turns: tuple[str, str], model: str = "auto") -> Ask:
    return Ask(model, tuple(Turn(role, (Text(text),)) for role, text in turns))  # type: ignore[arg-type]  # roles


FIRST = _ask(("system", "Be brief."), ("user", "Who wrote Faust?"))
SECOND = _ask(
    ("system", "Be brief."),
    ("user", "Who wrote Faust?"),
    ("assistant", "Goethe."),
    ("user", "When?"),
)


def _found(
    ask: Ask,
    headers: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
    policy: Sticky | None = None,
) -> Conversation:
    return conversation_of(
        ask, tenant=T, headers=headers or {}, metadata=metadata or {}, policy=policy or Sticky()
    )


@pytest.mark.parametrize(
    ("headers", "metadata", "policy"),
    [
        ({"x-sparingly-conversation": "c-1"}, {}, Sticky()),
        ({}, {"conversation_id": "c-1"}, Sticky()),
        ({"x-chat": "c-1", "x-sparingly-conversation": "other"}, {}, Sticky(header="X-Chat")),
        ({}, {"thread": "c-1", "conversation_id": "other"}, Sticky(metadata="thread")),
        ({"x-sparingly-conversation": "c-1"}, {"conversation_id": "other"}, Sticky()),
    ],
)
def test_a_told_id_is_taken_at_its_word(
    headers: dict[str, str], metadata: dict[str, str], policy: Sticky
) -> None:
    """The header before metadata; both names are the operator's."""
    assert _found(SECOND, headers, metadata, policy) == Conversation(T, "c-1", is_told=True)


def test_later_turns_have_the_fingerprint_of_the_first() -> None:
    """Another beginning, another model or another session is another conversation."""
    first = _found(FIRST)

    assert _found(SECOND) == first
    assert not first.is_told
    assert _found(_ask(("user", "Who wrote Faust?"))).id != first.id
    assert _found(_ask(("system", "Be brief."), ("user", "Who wrote Faust?"), model="x")).id != first.id
    assert _found(FIRST, {"session-id": "s"}).id != first.id


@pytest.mark.parametrize(
    ("headers", "metadata", "session"),
    [
        ({"x-claude-code-session-id": "s-1"}, {}, "s-1"),
        ({"session-id": "s-2"}, {}, "s-2"),
        ({}, {"user_id": "user_ab_account_cd_session_s-3"}, "s-3"),
        ({}, {"user_id": "alice"}, None),
    ],
)
def test_agents_tell_their_session(
    headers: dict[str, str], metadata: dict[str, str], session: str | None
) -> None:
    """In a header, or in the one field that Anthropic has for it."""
    assert _found(FIRST, headers, metadata).session == session


def test_a_short_follow_up_is_about_what_came_before() -> None:
    """As many earlier questions as it takes; answers and attachments say nothing of difficulty."""
    assert subject_of(FIRST) == "Who wrote Faust?"
    assert subject_of(SECOND) == "Who wrote Faust?\n\nWhen?"


def test_a_question_that_stands_alone_is_about_itself() -> None:
    """Its embedding is then the look-up's."""
    asked = "Please explain how tides come about on both sides of the earth."
    ask = _ask(("user", "Hi"), ("assistant", "Hello!"), ("user", asked))

    assert subject_of(ask) == asked == ask.last_user_text


def test_long_earlier_turns_are_cut() -> None:
    """So that the last words stay within the embedder's sight."""
    ask = _ask(("user", "word " * 1_000), ("assistant", "Yes."), ("user", "Go on"))

    subject = subject_of(ask)

    assert subject.endswith("\n\nGo on")
    assert len(subject) < 650


def test_without_words_there_is_no_subject() -> None:
    """A picture alone, or nothing."""
    assert subject_of(Ask("m", (Turn("user", (Image("https://x/y.png"),)),))) == ""
    assert subject_of(Ask("m", ())) == ""
