import json
from pathlib import Path

import pytest

from sparingly.errors import LogError
from sparingly.replay.litellm_log import read
from tests.replay.log_files import completion, write_log


def _payload(id_: str, started: float, **fields: object) -> dict[str, object]:
    return {
        "id": id_,
        "call_type": "acompletion",
        "startTime": started,
        "model": "gpt-5-2025-08-07",
        "model_group": "gpt-5",
        "messages": [{"role": "user", "content": "Hi"}],
        "model_parameters": {"temperature": 0, "stream": True},
        "metadata": {"user_api_key_team_id": "team", "user_api_key_hash": "hash"},
        "status": "success",
        "response": completion("Yes"),
        "response_cost": 0.5,
        "response_time": 1.5,
        **fields,
    }


def test_the_request_is_put_together_as_the_client_sent_it(tmp_path: Path) -> None:
    """It asked for the model group, with its parameters beside the messages."""
    path = write_log(tmp_path, _payload("a", 7.0))

    [(number, logged)], left_out = read(path)

    assert json.loads(logged.request) == {
        "model": "gpt-5",
        "messages": [{"role": "user", "content": "Hi"}],
        "temperature": 0,
        "stream": True,
    }
    assert json.loads(logged.response or b"") == completion("Yes")
    assert (number, left_out) == (1, 0)
    assert (logged.id, logged.time, logged.tenant) == ("a", 7.0, "team")
    assert (logged.cost_usd, logged.latency_s) == (0.5, 1.5)


def test_calls_are_sorted_by_their_start(tmp_path: Path) -> None:
    """Payloads are written when a call ends, so a slow one comes late."""
    path = write_log(tmp_path, _payload("late", 9.0), _payload("early", 3.0))

    found, _ = read(path)

    assert [(number, logged.id) for number, logged in found] == [(2, "early"), (1, "late")]


def test_a_failed_call_has_neither_answer_nor_cost(tmp_path: Path) -> None:
    """Its response is an error or nothing."""
    path = write_log(tmp_path, _payload("a", 1.0, status="failure"), _payload("b", 2.0, response="text"))

    found, _ = read(path)

    assert [(logged.response, logged.cost_usd) for _, logged in found] == [(None, None), (None, None)]


@pytest.mark.parametrize(
    ("metadata", "tenant"),
    [({"user_api_key_hash": "hash"}, "hash"), ({}, "default"), (None, "default")],
)
def test_the_tenant_is_the_team_else_the_key(tmp_path: Path, metadata: object, tenant: str) -> None:
    """Without either, everybody is one tenant."""
    path = write_log(tmp_path, _payload("a", 1.0, metadata=metadata, model_parameters=None, model_group=None))

    [(_, logged)], _ = read(path)

    assert logged.tenant == tenant
    assert json.loads(logged.request)["model"] == "gpt-5-2025-08-07"


def test_other_calls_are_left_out_and_counted(tmp_path: Path) -> None:
    """Embeddings and images stand in the same logs."""
    path = write_log(tmp_path, _payload("a", 1.0), _payload("b", 2.0, call_type="aembedding"))

    found, left_out = read(path)

    assert (len(found), left_out) == (1, 1)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (
            {"messages": [{"role": "user", "content": "redacted-by-litellm"}]},
            ":1: the messages were redacted",
        ),
        ({"messages": "text"}, ":1: `messages` must be an array"),
        ({"startTime": "noon"}, ":1: Expected `float`, got `str`"),
    ],
)
def test_what_cannot_be_replayed_is_refused(tmp_path: Path, fields: dict[str, object], reason: str) -> None:
    """With redacted texts every request would be a hit on every other."""
    path = write_log(tmp_path, _payload("a", 1.0, **fields))

    with pytest.raises(LogError) as caught:
        read(path)

    assert reason in caught.value.message
