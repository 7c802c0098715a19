import json
from pathlib import Path

import pytest

from sparingly.errors import LogError
from sparingly.replay.logged import Logged
from sparingly.replay.openai_batch import read
from tests.replay.log_files import chat, completion, write_log


def _asked(custom_id: str, **fields: object) -> dict[str, object]:
    return {
        "custom_id": custom_id,
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": chat("Hi"),
        **fields,
    }


def _answered(custom_id: str, *, status: int = 200, created: int = 1) -> dict[str, object]:
    body = {**completion("Yes"), "created": created}
    response = {"status_code": status, "request_id": "req", "body": body}
    return {"id": "batch_req_1", "custom_id": custom_id, "response": response, "error": None}


def _requests(path: Path, answers: Path | None = None) -> list[Logged]:
    return [logged for _, logged in read(path, answers)]


def test_requests_come_in_order_a_second_apart(tmp_path: Path) -> None:
    """A batch has no arrival times of its own."""
    path = write_log(tmp_path, _asked("r1"), _asked("r2"), name="batch.jsonl")

    requests = _requests(path)

    assert [(one.id, one.time, one.path) for one in requests] == [
        ("r1", 1_767_225_600.0, "/v1/chat/completions"),
        ("r2", 1_767_225_601.0, "/v1/chat/completions"),
    ]
    assert json.loads(requests[0].request) == chat("Hi")
    assert requests[0].response is None


def test_the_earliest_answer_dates_the_batch(tmp_path: Path) -> None:
    """Prices depend on the day; the answers know it."""
    late, early = _answered("r1", created=1_750_000_060), _answered("r2", created=1_750_000_000)
    path = write_log(tmp_path, _asked("r1"), _asked("r2"), late, early)

    assert [one.time for one in _requests(path)] == [1_750_000_000.0, 1_750_000_001.0]


@pytest.mark.parametrize("place", ["named", "beside", "inside"])
def test_answers_are_joined_by_custom_id(tmp_path: Path, place: str) -> None:
    """Output files come in any order and in one of three places."""
    asked = [_asked("r1"), _asked("r2")]
    answers = [_answered("r2"), _answered("r1")]
    named: Path | None = None
    match place:
        case "named":
            path = write_log(tmp_path, *asked, name="batch.jsonl")
            named = write_log(tmp_path, *answers, name="results.jsonl")
        case "beside":
            path = write_log(tmp_path, *asked, name="my_input.jsonl")
            write_log(tmp_path, *answers, name="my_output.jsonl")
        case _:
            path = write_log(tmp_path, *asked, *answers, name="batch.jsonl")

    requests = _requests(path, named)

    assert [one.id for one in requests] == ["r1", "r2"]
    assert all(json.loads(one.response or b"") == completion("Yes") for one in requests)


def test_a_failed_answer_is_none(tmp_path: Path) -> None:
    """Only status 200 carries a completion; an `error` never does."""
    expired = {"custom_id": "r2", "response": None, "error": {"code": "batch_expired"}}
    path = write_log(tmp_path, _asked("r1"), _asked("r2"), _answered("r1", status=429), expired)

    requests = _requests(path)

    assert [one.response for one in requests] == [None, None]


BAD_FILES = [
    ("only answers", [_answered("r1")], "answers without requests"),
    ("stray answer", [_asked("r1"), _answered("r9")], ":2: the answer to 'r9' belongs to no request"),
    ("two answers", [_asked("r1"), _answered("r1"), _answered("r1")], ":3: a second answer to 'r1'"),
    ("neither", [_asked("r1"), {"custom_id": "r2"}], ":2: neither a request"),
    ("a GET", [_asked("r1", method="GET")], ":1: cannot replay the method 'GET'"),
    ("body is text", [_asked("r1", body="hi")], ":1: `body` must be an object"),
    ("no custom_id", [_asked("r1"), {"body": {}}], ":2: Object missing required field `custom_id`"),
    (
        "answer is text",
        [_asked("r1"), {"custom_id": "r1", "response": {"status_code": 200, "body": "x"}}],
        ":2: `response.body` must be an object",
    ),
]


@pytest.mark.parametrize(
    ("lines", "reason"), [case[1:] for case in BAD_FILES], ids=[case[0] for case in BAD_FILES]
)
def test_a_bad_batch_is_refused_and_the_line_named(tmp_path: Path, lines: list[object], reason: str) -> None:
    """All or nothing, as for every log."""
    path = write_log(tmp_path, *lines)

    with pytest.raises(LogError) as caught:
        _requests(path)

    assert reason in caught.value.message
