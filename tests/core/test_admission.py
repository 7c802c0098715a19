"""Which answers may be kept, and for whom."""

import msgspec
import pytest

from sparingly.core.admission import Admission, admit, is_cacheable
from sparingly.core.answer import Answer, Choice
from sparingly.core.chat import (
    Ask,
    Image,
    Opaque,
    Refusal,
    Sampling,
    Text,
    Thinking,
    ToolCall,
    canonical_json,
)
from sparingly.core.directives import Directives
from sparingly.core.policy import CachePolicy
from tests.asks import WEATHER, answer, ask, mark, turn

POLICY = CachePolicy(max_answer_bytes=1_000, max_temperature=1.0)
CALL = ToolCall("call_1", "weather", "{}")


def _admit(
    said: Answer,
    *,
    of: Ask | None = None,
    directives: Directives | None = None,
    policy: CachePolicy = POLICY,
    answer_bytes: int = 100,
) -> Admission:
    asked = ask() if of is None else of
    return admit(
        asked,
        said,
        mark(asked),
        directives=Directives() if directives is None else directives,
        policy=policy,
        answer_bytes=answer_bytes,
    )


def test_a_whole_answer_to_a_first_question_serves_both_tiers() -> None:
    """The ordinary case."""
    assert _admit(answer("Paris.")) == Admission("semantic", "admitted")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Answer("m", ()), "empty"),
        (answer(""), "empty"),
        (answer(" \n"), "empty"),
        (answer(Thinking("I wonder.")), "empty"),
        (answer(Opaque(canonical_json({"type": "audio"}))), "empty"),
        (answer("Paris.", finish=None), "incomplete"),
        (answer("Paris.", finish="content_filter"), "refusal"),
        (answer(Refusal("I can't help with that.")), "refusal"),
        (answer("Paris.", Refusal("No more.")), "refusal"),
        (Answer("m", (Choice(0, (Text("a"),), "stop"), Choice(1, (Text("b"),), None))), "incomplete"),
        (Answer("m", (Choice(0, (Text("a"),), "stop"), Choice(1, (), "stop"))), "empty"),
        (answer(CALL, finish=None), "incomplete"),
        (answer(CALL, finish="content_filter"), "refusal"),
    ],
)
def test_what_is_no_answer_is_not_kept(said: Answer, reason: str) -> None:
    """Every draft must be whole: one that is not spoils the rest."""
    assert _admit(said) == Admission("none", reason)


def test_fewer_drafts_than_were_asked_for_are_not_kept() -> None:
    """The stream may have been cut between two of them."""
    asked = msgspec.structs.replace(ask(), sampling=Sampling(n=2))
    two = Answer("m", (Choice(0, (Text("a"),), "stop"), Choice(1, (Text("b"),), "stop")))

    assert _admit(answer("a"), of=asked) == Admission("none", "incomplete")
    assert _admit(two, of=asked) == Admission("semantic", "admitted")


@pytest.mark.parametrize(
    "words",
    [
        "I'm sorry, but I can't assist with that.",
        "I\u2019m sorry, but I can\u2019t help with that request.",
        "I am sorry. I cannot provide that.",
        "Sorry, I can't do that.",
        "I cannot comply.",
        "We can't discuss this.",
        "I am unable to create such images.",
        "I'm not able to answer this.",
        "I won't help you with this.",
        "  I can't continue.",
    ],
)
def test_a_refusal_in_words_is_not_kept(words: str) -> None:
    """Somebody else's question may deserve an answer."""
    assert _admit(answer(words)) == Admission("none", "refusal")


@pytest.mark.parametrize(
    "words",
    [
        "I can help with that: open the settings.",
        "Sorry to hear that! Restart the router.",
        "You cannot provide a default here; see the manual.",
        "I can't help with that, " + "but here is a long story. " * 20,
    ],
)
def test_an_answer_that_only_sounds_like_a_refusal_is_kept(words: str) -> None:
    """Only short answers that begin so are taken for one."""
    assert _admit(answer(words)) == Admission("semantic", "admitted")


@pytest.mark.parametrize(
    ("said", "asked", "reason"),
    [
        (answer(CALL, finish="tool_calls"), ask(tools=(WEATHER,)), "tool-calls"),
        (answer("I can't help with that.", CALL), ask(tools=(WEATHER,)), "tool-calls"),
        (answer("Paris is", finish="length"), ask(max_tokens=2), "cut-by-max-tokens"),
        (answer(), ask(earlier=[turn("user", "Hi"), turn("assistant", "Hello")]), "later-turn"),
        (answer(), ask(tools=(WEATHER,)), "tools-offered"),
        (answer(), Ask("m", (turn("user", Image("data:,")),)), "no-user-text"),
    ],
)
def test_what_belongs_to_one_request_alone_serves_the_exact_tier_only(
    said: Answer, asked: Ask, reason: str
) -> None:
    """An equal request deserves the same answer, a similar one may not."""
    assert _admit(said, of=asked) == Admission("exact", reason)


def test_an_operator_may_turn_closeness_off() -> None:
    """Then no text is kept to be compared."""
    policy = msgspec.structs.replace(POLICY, semantic=False)

    assert _admit(answer(), policy=policy) == Admission("exact", "semantic-off")


def test_the_size_limit_is_the_largest_size_that_fits() -> None:
    """Counted as it will be stored."""
    assert _admit(answer(), answer_bytes=1_000).tier == "semantic"
    assert _admit(answer(), answer_bytes=1_001) == Admission("none", "too-large")


@pytest.mark.parametrize(
    ("temperature", "reason"),
    [(None, None), (0.0, None), (1.0, None), (1.01, "temperature"), (2.0, "temperature")],
)
def test_a_caller_who_wants_variety_gets_no_stored_answer(
    temperature: float | None, reason: str | None
) -> None:
    """Neither is one looked for, nor is one kept."""
    asked = ask(temperature=temperature)

    assert is_cacheable(asked, POLICY) == reason
    assert _admit(answer(), of=asked).tier == ("semantic" if reason is None else "none")


def test_no_store_is_obeyed_before_anything_else() -> None:
    """The caller's word, whatever the answer."""
    assert _admit(answer(), directives=Directives(look=False, keep=False)) == Admission("none", "no-store")


def test_no_cache_still_keeps_the_fresh_answer() -> None:
    """It is how a caller replaces a stored one."""
    assert _admit(answer(), directives=Directives(look=False)).tier == "semantic"
