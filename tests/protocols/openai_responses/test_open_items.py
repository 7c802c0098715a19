"""Tests of `sparingly.protocols.openai_responses.open_items`."""

import msgspec

from sparingly.core.chat import Json
from sparingly.protocols.dialect import Stamp
from sparingly.protocols.openai_responses.open_items import OpenCall, OpenItem, OpenMessage, OpenReasoning

STAMP = Stamp("new", 0)


def test_a_message_closes_a_part_before_the_next_one_opens() -> None:
    """Each at its index."""
    message = OpenMessage(STAMP, 3, None)
    events = [
        *message.begin("output_text", {"x_part": 1}),
        *message.more("Hi"),
        *message.begin("refusal", None),
        *message.more("No."),
        *message.close(),
    ]

    assert [(kind.removeprefix("response."), fields.get("content_index")) for kind, fields in events] == [
        ("content_part.added", 0),
        ("output_text.delta", 0),
        ("output_text.done", 0),
        ("content_part.done", 0),
        ("content_part.added", 1),
        ("refusal.delta", 1),
        ("refusal.done", 1),
        ("content_part.done", 1),
        ("output_item.done", None),
    ]
    assert message.whole()["content"] == [
        {"type": "output_text", "text": "Hi", "annotations": [], "logprobs": [], "x_part": 1},
        {"type": "refusal", "refusal": "No."},
    ]
    assert {fields["output_index"] for _, fields in events} == {3}


def test_log_probabilities_are_told_with_the_text_they_belong_to() -> None:
    """Once."""
    message = OpenMessage(STAMP, 0, None)
    list(message.begin("output_text", None))
    list(message.more("Hi"))
    message.logprobs = Json('{"content":[{"token":"Hi"}]}')

    done = dict(message.close())

    assert msgspec.json.encode(done["response.output_text.done"]["logprobs"]) == b'[{"token":"Hi"}]'
    assert message.logprobs is None


def test_reasoning_without_words_has_no_part() -> None:
    """Only what must come back with it."""
    item = OpenReasoning(STAMP, 0)
    item.signature = "s"

    assert [kind for kind, _ in item.close()] == ["response.output_item.done"]
    assert item.whole() == {"id": "rs_sp_new00", "type": "reasoning", "summary": [], "encrypted_content": "s"}


def test_an_item_keeps_its_id_from_beginning_to_end() -> None:
    """OpenAI's client takes another one for an error."""
    call = OpenCall(STAMP, 1, "c", "f", {"namespace": "n"})

    ids = [fields["item"]["id"] for _, fields in call.open()]  # type: ignore[index]  # an item
    list(call.more("{}"))
    ids += [fields["item"]["id"] for kind, fields in call.close() if kind.endswith("item.done")]  # type: ignore[index]

    assert ids == ["fc_new01", "fc_new01"]
    assert (call.whole()["arguments"], call.whole()["namespace"], call.whole()["status"]) == (
        "{}",
        "n",
        "completed",
    )


def test_an_item_that_is_whole_already_is_told_as_it_is() -> None:
    """With its provider's id."""
    item = OpenItem(STAMP, 0, {"id": "ws_1", "type": "web_search_call"})

    assert [fields["item"] for _, fields in (*item.open(), *item.close())] == [item.whole(), item.whole()]
    assert item.whole()["id"] == "ws_1"
