import json
from pathlib import Path

import pytest

from sparingly.errors import LogError
from sparingly.replay.logged import Candidate, Logged
from sparingly.replay.trace import FORMATS, read_trace, recognized
from tests.replay.log_files import chat, completion, line, write_log


def test_every_field_of_a_line_is_read(tmp_path: Path) -> None:
    """Bodies are kept byte for byte; fields nobody here knows are left alone."""
    full = (
        '{"id":"a","time":12.5,"tenant":"t","path":"/v1/chat/completions","request":{"model":"m",  "x":1},'
        '"response":{"y":2},"latency_s":0.5,"cost_usd":0.25,"label":"l","differs":["b"],'
        '"candidates":{"m":{"score":1,"cost_usd":0.1,"latency_s":2}},"new_field":[]}'
    )
    path = write_log(tmp_path, full)

    trace = read_trace(path)

    assert trace.requests == (
        Logged(
            id="a",
            time=12.5,
            tenant="t",  # type: ignore[arg-type]  # a literal stands for the NewType
            path="/v1/chat/completions",
            request=b'{"model":"m",  "x":1}',
            response=b'{"y":2}',
            latency_s=0.5,
            cost_usd=0.25,
            label="l",
            differs=frozenset({"b"}),
            candidates={"m": Candidate(1.0, 0.1, 2.0)},
        ),
    )


def test_the_short_form_takes_the_defaults(tmp_path: Path) -> None:
    """Id, time and request are enough; null means absent."""
    path = write_log(tmp_path, line("a", 1, response=None, label=None), line("b", 3.5))

    trace = read_trace(path)

    first = trace.requests[0]
    assert (first.tenant, first.path) == ("default", "/v1/chat/completions")
    assert (first.response, first.label, first.differs, first.candidates) == (None, None, None, None)
    assert (trace.name, trace.format, trace.span_s) == ("log.jsonl", "sparingly", 2.5)


def test_an_empty_list_of_differences_is_not_a_missing_one(tmp_path: Path) -> None:
    """FORMATS: `differs` counts as present even when it is empty."""
    path = write_log(tmp_path, line("a", differs=[]), line("b"))

    trace = read_trace(path)

    assert [one.differs for one in trace.requests] == [frozenset(), None]


BAD_LINES = [
    ("not JSON", "{oops", "malformed"),
    ("bad JSON inside the request", '{"id":"b","time":1,"request":{"a":tru}}', "malformed"),
    ("bad UTF-8 inside the request", '{"id":"b","time":1,"request":{"a":"\udcff"}}', "UTF-8"),
    ("nested without end", '{"id":"b","time":1,"request":' + '{"a":' * 100_000, "nested too deeply"),
    ("an array", "[]", "Expected `object`"),
    ("no id", {"time": 1, "request": {}}, "missing required field `id`"),
    ("empty id", {"id": "", "time": 1, "request": {}}, "`$.id`"),
    ("no time", {"id": "b", "request": {}}, "missing required field `time`"),
    ("no request", {"id": "b", "time": 1}, "missing required field `request`"),
    ("id is a number", {"id": 7, "time": 1, "request": {}}, "Expected `str`, got `int`"),
    ("time is text", {"id": "b", "time": "1", "request": {}}, "Expected `float`, got `str`"),
    ("time is true", {"id": "b", "time": True, "request": {}}, "Expected `float`, got `bool`"),
    ("negative time", {"id": "b", "time": -1, "request": {}}, "`$.time`"),
    ("request is text", {"id": "b", "time": 1, "request": "hi"}, "`request` must be an object"),
    ("request is null", {"id": "b", "time": 1, "request": None}, "`request` must be an object"),
    ("response is a list", line("b", 1, response=[]), "`response` must be an object"),
    ("negative cost", line("b", 1, cost_usd=-1), "`$.cost_usd`"),
    ("differs is text", line("b", 1, differs="a"), "Expected `array | null`"),
    ("differs of numbers", line("b", 1, differs=[1]), "`$.differs"),
    (
        "score above one",
        line("b", 1, candidates={"m": {"score": 1.5, "cost_usd": 0}}),
        "`$.candidates[...].score`",
    ),
    ("candidate without cost", line("b", 1, candidates={"m": {"score": 1}}), "`cost_usd`"),
    ("unknown path", line("b", 1, path="/v1/poems"), "cannot replay the path '/v1/poems'"),
    ("id twice", line("a", 1), "the id 'a' is that of line 1 too"),
    ("time runs back", line("b", 0.5), "before the line above"),
]


@pytest.mark.parametrize(("bad", "reason"), [case[1:] for case in BAD_LINES], ids=[c[0] for c in BAD_LINES])
def test_one_bad_line_refuses_the_log_and_is_named(tmp_path: Path, bad: object, reason: str) -> None:
    """The message holds file, line and reason, and nothing is returned."""
    good = line("a", 0.75)
    path = write_log(tmp_path, good, "", bad)

    with pytest.raises(LogError) as caught:
        read_trace(path)

    assert caught.value.message.startswith(f"{path}:3: ")
    assert reason in caught.value.message


def test_equal_times_are_in_order(tmp_path: Path) -> None:
    """Non-decreasing, not increasing."""
    path = write_log(tmp_path, line("a", 1), line("b", 1))

    assert len(read_trace(path).requests) == 2


def test_a_log_without_requests_is_refused(tmp_path: Path) -> None:
    """An empty result would look like a result."""
    path = write_log(tmp_path, "", "  ")

    with pytest.raises(LogError, match="holds no requests"):
        read_trace(path)
    with pytest.raises(LogError, match="holds no requests"):
        read_trace(path, form="sparingly")


def test_a_query_does_not_make_a_path_unknown(tmp_path: Path) -> None:
    """Clients add `?beta=true` and the like; endpoints may be added by the caller."""
    path = write_log(tmp_path, line("a", path="/v1/messages?beta=true"))

    trace = read_trace(path, served_paths={"/v1/messages"})

    assert trace.requests[0].path == "/v1/messages?beta=true"


BATCH_LINE = {"custom_id": "r1", "method": "POST", "url": "/v1/chat/completions", "body": chat("Hi")}
LITELLM_LINE = {"id": "x", "call_type": "acompletion", "startTime": 1.0, "model": "m", "messages": []}


@pytest.mark.parametrize(
    ("first", "form"),
    [
        (line("a"), "sparingly"),
        (BATCH_LINE, "openai-batch"),
        (LITELLM_LINE, "litellm"),
        ({"resourceSpans": []}, "otel"),
        ({"what": 1}, "sparingly"),
    ],
)
def test_the_format_is_told_from_the_first_line(tmp_path: Path, first: object, form: str) -> None:
    """An unknown line is taken for the project's own format, whose errors name its fields."""
    path = write_log(tmp_path, first)

    assert recognized(path) == form
    assert form in FORMATS


@pytest.mark.parametrize(("first", "form"), [(BATCH_LINE, "openai-batch"), (LITELLM_LINE, "litellm")])
def test_other_formats_are_read_through_the_same_door(tmp_path: Path, first: object, form: str) -> None:
    """`auto` recognizes them and the rules of every log are kept."""
    path = write_log(tmp_path, first, first)

    with pytest.raises(LogError, match=r"2: the id '(r1|x)' is that of line 1 too"):
        read_trace(path)

    path = write_log(tmp_path, first)

    assert read_trace(path).format == form


def test_a_format_that_is_not_read_yet_is_said_so(tmp_path: Path) -> None:
    """A clear message instead of wrong requests."""
    path = write_log(tmp_path, {"resourceSpans": []})

    with pytest.raises(LogError, match="'otel' are not supported yet"):
        read_trace(path)


def test_answers_are_for_batches_only(tmp_path: Path) -> None:
    """A file that would be ignored is refused."""
    path = write_log(tmp_path, line("a"))

    with pytest.raises(LogError, match="belongs to the format openai-batch"):
        read_trace(path, answers=path)


def test_garbage_in_the_first_line_is_named_even_with_auto(tmp_path: Path) -> None:
    """Recognition fails with file and line, too."""
    path = write_log(tmp_path, json.dumps(completion("x"))[:-1])

    with pytest.raises(LogError, match=r"log\.jsonl:1: "):
        read_trace(path)
