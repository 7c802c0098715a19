"""Tests of `sparingly.upstreams.simulated_reply`."""

import json

import msgspec
import pytest

from sparingly.upstreams.simulated_reply import Called, Offered, Question, Refused, groups, reply_to
from sparingly.upstreams.simulated_script import Line

SEED = b"seed"
CITY = msgspec.Raw(b'{"type":"object","properties":{"city":{"type":"string"}}}')
HI = [Line("system", "Be brief."), Line("user", "Hi"), Line("assistant", "Hello")]


def test_the_same_question_has_the_same_reply() -> None:
    """Another seed has another."""
    one = reply_to(Question(HI), seed=SEED, answer_tokens=20)

    assert reply_to(Question(HI), seed=SEED, answer_tokens=20) == one
    assert reply_to(Question(HI), seed=b"other", answer_tokens=20) != one


def test_the_users_last_words_are_what_is_asked() -> None:
    """Without a user, what was said last."""
    assert Question(HI).text == "Hi"
    assert Question([Line("system", "Be brief.")]).text == "Be brief."
    assert Question([]).text == ""


def test_a_limit_cuts() -> None:
    """And says so."""
    reply = reply_to(Question(HI, limit=3), seed=SEED, answer_tokens=20)

    assert (reply.is_cut, reply.spent) == (True, 3)


def test_a_tool_that_must_be_called_is_called() -> None:
    """With arguments that fit."""
    question = Question(HI, tools=[Offered("weather", CITY)], must_call="weather")

    (call,) = reply_to(question, seed=SEED, answer_tokens=20).calls

    assert call.name == "weather"
    assert isinstance(json.loads(call.arguments)["city"], str)


def test_a_tool_that_is_not_offered_cannot_be_called() -> None:
    """A provider refuses that."""
    with pytest.raises(Refused) as caught:
        reply_to(Question(HI, must_call="weather"), seed=SEED, answer_tokens=20)

    assert caught.value.param == "tool_choice"


def test_words_fit_a_schema() -> None:
    """Or are any JSON, where that is all that is asked."""
    strict = reply_to(Question(HI, schema=CITY, is_json=True), seed=SEED, answer_tokens=20)
    loose = reply_to(Question(HI, is_json=True), seed=SEED, answer_tokens=20)

    assert strict.text is not None
    assert loose.text is not None
    assert list(json.loads(strict.text)) == ["city"]
    assert isinstance(json.loads(loose.text), dict)


def test_who_may_think_thinks() -> None:
    """It is counted as any other output."""
    quiet = reply_to(Question(HI), seed=SEED, answer_tokens=20)
    loud = reply_to(Question(HI, thinks=True), seed=SEED, answer_tokens=20)

    assert (quiet.thinking, bool(loud.thinking)) == ("", True)
    assert loud.text == quiet.text
    assert loud.spent > quiet.spent


def test_a_script_is_played() -> None:
    """What cannot be read is refused."""
    turns = '[{"thinking": "hm", "tools": [{"name": "weather"}]}]'
    lines = [Line("user", f"```simulate\n{turns}\n```")]
    reply = reply_to(Question(lines, tools=[Offered("weather", CITY)]), seed=SEED, answer_tokens=20)

    assert (reply.text, reply.thinking, reply.calls) == (None, "hm", (Called("weather", "{}"),))
    with pytest.raises(Refused, match="script"):
        reply_to(Question([Line("user", "```simulate\n{\n```")]), seed=SEED, answer_tokens=20)


def test_groups_are_the_text_again() -> None:
    """In pieces of so many words."""
    assert groups("one two three four five", 2) == ["one two", " three four", " five"]
    assert groups("", 2) == []
