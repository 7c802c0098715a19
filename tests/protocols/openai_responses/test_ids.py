"""Tests of `sparingly.protocols.openai_responses.ids`."""

import pytest

from sparingly.errors import UnknownAnswer
from sparingly.protocols.dialect import Stamp
from sparingly.protocols.openai_responses.ids import (
    asked_id,
    continued_id,
    item_id,
    providers_id,
    providers_path,
    response_id,
)

FRESH = Stamp("1a_2b", 0)
SAME = Stamp("1a_2b", 0, cached=True, is_same_question=True)


def test_the_id_of_a_hit_on_the_same_question_leads_to_the_providers() -> None:
    """So that the conversation can be continued there."""
    told = response_id(SAME, "resp_0f")

    assert told == "resp_sp_1a2b_resp_0f"
    assert providers_id(told) == "resp_0f"


@pytest.mark.parametrize(
    ("stamp", "providers"), [(FRESH, "resp_0f"), (SAME, None)], ids=["close", "not-held"]
)
def test_any_other_id_of_ours_leads_nowhere(stamp: Stamp, providers: str | None) -> None:
    """A close question's conversation is another one."""
    assert providers_id(response_id(stamp, providers)) is None


def test_a_providers_id_is_its_own() -> None:
    """Whatever it looks like."""
    assert providers_id("resp_67ccd2") == "resp_67ccd2"


def test_ids_of_gateways_behind_one_another_unwrap_one_by_one() -> None:
    """Each takes off its own."""
    inner = response_id(SAME, "resp_0f")

    assert providers_id(response_id(Stamp("9", 0, is_same_question=True), inner)) == inner


@pytest.mark.parametrize("rest", ["", "/cancel", "/input_items"])
def test_what_is_asked_of_an_answer_of_ours_is_asked_of_the_providers(rest: str) -> None:
    """It holds what there is to say."""
    assert providers_path(f"/v1/responses/resp_sp_1a2b_resp_0f{rest}") == f"/v1/responses/resp_0f{rest}"


@pytest.mark.parametrize(
    "path", ["/v1/responses/resp_0f/cancel", "/v1/responses", "/v1/files/resp_sp_1a2b", "/v1/responses/"]
)
def test_every_other_path_stays(path: str) -> None:
    """Only ids of ours mean nothing to a provider."""
    assert providers_path(path) == path


@pytest.mark.parametrize("rest", ["", "_", "/cancel"])
def test_an_answer_that_no_provider_holds_is_not_asked_for(rest: str) -> None:
    """The provider would only say that it never heard of it."""
    with pytest.raises(UnknownAnswer, match="no provider holds the answer 'resp_sp_1a2b"):
        providers_path(f"/v1/responses/resp_sp_1a2b{rest}")


def test_items_have_ids_of_their_own() -> None:
    """By kind and place."""
    assert {item_id("msg_", FRESH, 0), item_id("msg_", FRESH, 1), item_id("fc_", FRESH, 0)} == {
        "msg_1a2b00",
        "msg_1a2b01",
        "fc_1a2b00",
    }


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/v1/responses/resp_1", "resp_1"),
        ("/v1/responses/resp_1/cancel", "resp_1"),
        ("/v1/responses", None),
        ("/v1/responses/", None),
        ("/v1/files/resp_1", None),
    ],
)
def test_a_path_tells_which_answer_it_is_about(path: str, asked: str | None) -> None:
    """Whatever follows."""
    assert asked_id(path) == asked


def test_a_request_tells_which_answer_it_goes_on_with() -> None:
    """If any."""
    assert continued_id(b'{"previous_response_id":"resp_1","input":[1]}') == "resp_1"
    assert continued_id(b'{"input":"Hi"}') is None
