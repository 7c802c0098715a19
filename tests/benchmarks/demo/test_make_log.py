import gzip
import json
from collections import Counter

import msgspec
import yaml

from benchmarks.demo.make_log import OUT, SENTENCES, Sentences, log
from sparingly.protocols.dialects import INBOUND, OUTBOUND
from sparingly.replay.trace import read_trace


def test_the_log_in_the_package_is_the_one_that_the_script_makes() -> None:
    """Nobody edits it by hand; the same seed gives the same log."""
    packaged = [json.loads(line) for line in gzip.decompress(OUT.read_bytes()).splitlines()]

    assert packaged == json.loads(json.dumps(log()))


def test_another_seed_gives_another_log() -> None:
    """Order, popularity and times are drawn."""
    assert log(1) != log(2)


def test_replay_reads_it_and_the_gateway_understands_every_line() -> None:
    """A few hundred requests with answers, labels and token counts."""
    trace = read_trace(OUT)

    asks = [INBOUND["openai"].read(logged.request) for logged in trace.requests]
    answers = [OUTBOUND["openai"].read(logged.response or b"") for logged in trace.requests]

    assert 350 <= len(trace.requests) <= 450
    assert all(logged.label for logged in trace.requests)
    assert all(answer.usage is not None and answer.text for answer in answers)
    assert {ask.model for ask in asks} == {"auto", "claude-opus-4-6"}
    assert any(ask.stream for ask in asks)


def test_it_is_honest_about_repeats() -> None:
    """Word-for-word repeats are no more than a fifth, and requests that stand alone no less than a quarter."""
    lines = log()
    asked = Counter(json.dumps([line["request"], line["label"]], sort_keys=True) for line in lines)
    labels = Counter(line["label"] for line in lines)

    repeats = sum(count - 1 for count in asked.values())
    alone = sum(count for count in labels.values() if count == 1)

    assert repeats / len(lines) <= 0.20
    assert alone / len(lines) >= 0.25


def test_traps_differ_in_one_detail_and_are_all_in_it() -> None:
    """Every family has two answers at least, and every question is asked."""
    sentences = msgspec.convert(yaml.safe_load(SENTENCES.read_text(encoding="utf-8")), Sentences)
    families = Counter(question.family for question in sentences.questions if question.family)
    asked = {line["label"] for line in log()}

    assert len(families) >= 15
    assert all(question.label in asked for question in sentences.questions)
    assert len({question.answer for question in sentences.questions}) == len(sentences.questions)


def test_equal_last_words_after_another_history_have_another_label() -> None:
    """Else a conversation's hit on another one would count as right."""
    last: dict[str, set[object]] = {}
    for line in log():
        request = line["request"]
        assert isinstance(request, dict)
        messages = request["messages"]
        if len(messages) > 2:
            last.setdefault(messages[-1]["content"], set()).add(line["label"])

    assert len(last["How much does it cost?"]) == 2
