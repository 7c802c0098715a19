"""Tests of `sparingly.protocols.foreign`."""

import msgspec
import pytest

from sparingly.core.chat import Ask, Json, Text, Turn, canonical_json
from sparingly.errors import InvalidRequest
from sparingly.protocols.fields import opened
from sparingly.protocols.foreign import (
    foreign_kind,
    is_foreign,
    put_back,
    refuse_foreign,
    refuse_held,
    refuse_prefill,
    set_apart,
    signer,
    without_foreign,
)
from tests.asks import ask


def test_another_dialects_field_is_refused_by_its_name() -> None:
    """With its place, and who cannot say it."""
    extra = opened(Json('{"anthropic":{"mcp_servers":[]}}'))

    with pytest.raises(InvalidRequest, match=r"The API cannot express `tools\.0\.mcp_servers`") as refused:
        refuse_foreign(extra, own="openai", api="The API", path="tools.0.")

    assert refused.value.field == "tools.0.mcp_servers"


def test_of_a_whole_tool_the_type_is_named() -> None:
    """That its description cannot be expressed would explain nothing."""
    extra = opened(Json('{"openai-responses":{"description":"Mail","tools":[],"type":"namespace"}}'))

    with pytest.raises(InvalidRequest, match=r"cannot express `tools\.4\.type` 'namespace'") as refused:
        refuse_foreign(extra, own="openai", api="The API", path="tools.4.")

    assert refused.value.field == "tools.4.type"


def test_own_and_common_fields_pass_and_hints_are_left_out() -> None:
    """A hint asks how much is told, which another API need not know."""
    extra = opened(Json('{"anthropic":{"a":1},"openai-responses-hints":{"include":[]},"seed":1}'))

    assert set(refuse_foreign(extra, own="anthropic", api="")) == {"anthropic", "seed"}


def test_values_that_are_decoded_already_are_looked_at_too() -> None:
    """A tool choice is one."""
    with pytest.raises(InvalidRequest, match=r"`tool_choice\.type`"):
        refuse_foreign({"openai-responses": {"type": "mcp"}}, own="openai", api="", path="tool_choice.")


def test_a_clients_own_field_does_not_pass_for_what_a_reader_kept() -> None:
    """Under another dialect's name it could say anything in that dialect, such as another model."""
    fields: dict[str, object] = {"anthropic": {"model": "dear"}, "openai": 1, "x": 2}

    apart = set_apart(fields, own="openai")

    assert apart == {"x": 2, "openai": {"anthropic": {"model": "dear"}, "openai": 1}}
    with pytest.raises(InvalidRequest, match="cannot express `anthropic`"):
        refuse_foreign(apart, own="anthropic", api="It")
    assert put_back(opened(canonical_json(apart)), own="openai") == opened(canonical_json(fields))


def test_of_an_earlier_answer_nothing_foreign_is_kept() -> None:
    """It means nothing to another provider."""
    extra = {
        "anthropic": msgspec.Raw(b"{}"),
        "openai-responses": msgspec.Raw(b"{}"),
        "audio": msgspec.Raw(b"1"),
    }

    assert set(without_foreign(extra, own="openai")) == {"audio"}


@pytest.mark.parametrize(
    ("part", "kind", "foreign"),
    [
        ('{"type":"input_audio"}', "input_audio", False),
        ('{"anthropic":{"type":"document"}}', "document", True),
        ('{"openai-responses":{"type":"x"},"within":"message"}', "x", True),
        ('{"anthropic":1}', "unknown", True),
        ("[]", "unknown", False),
    ],
)
def test_the_kind_of_an_opaque_part_is_told_whosever_it_is(part: str, kind: str, foreign: bool) -> None:  # noqa: FBT001
    """For an error that names it."""
    assert (foreign_kind(Json(part)), is_foreign(Json(part), own="openai")) == (kind, foreign)


@pytest.mark.parametrize(
    ("signature", "dialect"),
    [
        ("openai-responses:{}", "openai-responses"),
        ("ErUBCkYIBRgC", None),
        ("x:y", None),
        ("", None),
        (None, None),
    ],
)
def test_a_signature_names_its_dialect(signature: str | None, dialect: str | None) -> None:
    """Anthropic's do not, and are its own."""
    assert signer(signature) == dialect


@pytest.mark.parametrize("held", ["previous_response_id", "conversation", "background", "item_reference"])
def test_what_another_provider_holds_is_refused_by_name(held: str) -> None:
    """Without it the answer would be to another question."""
    with pytest.raises(InvalidRequest, match=f"cannot express `{held}`") as refused:
        refuse_held(msgspec.structs.replace(ask(), held=held), api="The API")

    assert refused.value.field == held


def test_an_answer_that_shall_be_held_is_given_all_the_same() -> None:
    """Its id leads nowhere, and says so when it is used."""
    refuse_held(msgspec.structs.replace(ask(), held="store"), api="")
    refuse_held(ask(), api="")


def test_the_beginning_of_an_answer_is_refused() -> None:
    """An API that does not go on with it would begin anew behind it."""
    begun = Turn("assistant", (Text("The answer is"),), extra=Json('{"prefix":true}'))

    with pytest.raises(InvalidRequest, match=r"`messages\.1\.role`") as refused:
        refuse_prefill(Ask("m", (Turn("user", (Text("Hi"),)), begun)), api="The API")

    assert refused.value.field == "messages.1.role"


@pytest.mark.parametrize("extra", [None, Json('{"prefix":false}'), Json('{"x":1}')])
def test_an_earlier_answer_at_the_end_is_none(extra: Json | None) -> None:
    """Both of OpenAI's APIs take it for one, wherever it stands."""
    refuse_prefill(Ask("m", (Turn("assistant", (Text("a"),), extra=extra),)), api="")
    refuse_prefill(Ask("m", ()), api="")


def test_the_first_unknown_field_of_a_part_is_named_with_its_position() -> None:
    """And of an object that is known otherwise, with its name."""
    nested = opened(Json('{"anthropic":{"blocks":{"2":{"x_new":1}},"y":1}}'))
    flat = opened(Json('{"openai-responses":{"0.part":{"x_new":1}}}'))

    with pytest.raises(InvalidRequest, match=r"`messages\.0\.blocks\.2\.x_new`"):
        refuse_foreign(nested, own="openai", api="", path="messages.0.")
    with pytest.raises(InvalidRequest, match=r"`messages\.0\.0\.part\.x_new`"):
        refuse_foreign(flat, own="openai", api="", path="messages.0.")
