"""Does a question ever get the answer that it had in another conversation?

The conversations of TREC CAsT are asked turn by turn, each turn with everything before it, and then all of
them once more.  In the first round nothing may cross: "is it treatable?" after one disease and after
another are two questions.  In the second round every request is one that was answered before.  Everything goes
through replay, which is the gateway's own code; the answers are made up, for nobody reads them.

    python -m benchmarks.cache.histories      writes results/histories.json
"""

import asyncio
import json
import tempfile
from collections import Counter
from pathlib import Path

import msgspec
from rich.console import Console

from benchmarks.data_folder import rows
from benchmarks.result import write_result
from sparingly.config.loading import load_settings
from sparingly.replay.command import Options
from sparingly.replaying import run_replay

# Short enough that what is kept for an hour is still there in the second round.
_APART_S = 1.0


def main() -> None:
    """Play, count, write."""
    with tempfile.TemporaryDirectory() as folder:
        log, decisions = Path(folder) / "log.jsonl", Path(folder) / "decisions.jsonl"
        asked = _requests()
        log.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in asked))
        asyncio.run(
            run_replay(
                Options(log=log, decisions=decisions),
                load_settings(None, {}),
                config=b"",
                console=Console(quiet=True),
            )
        )
        told = [json.loads(line) for line in decisions.read_text().splitlines()]
    figures = _figures({str(one["id"]): str(one["label"]) for one in asked}, told)
    print(write_result("histories", {"what": __doc__, **figures}))


def _requests() -> list[dict[str, object]]:
    """Both rounds, in order; the label is all that was said."""
    found: list[dict[str, object]] = []
    for round_ in (1, 2):
        for conversation in rows("conversations/treccast"):
            turns = msgspec.convert(conversation["turns"], type=list[dict[str, str | None]])
            messages: list[dict[str, str]] = []
            for number, turn in enumerate(turns):
                said = turn["raw"] or ""
                messages = [*messages, {"role": "user", "content": said}]
                answer = f"About {conversation['id']}, turn {number}: {said.lower()}"
                found.append(
                    {
                        "id": f"{round_}-{conversation['id']}-{number}",
                        "time": len(found) * _APART_S,
                        "label": json.dumps(messages),
                        "request": {"model": "gpt-4o", "messages": messages},
                        "response": _response(answer),
                    }
                )
                messages = [*messages, {"role": "assistant", "content": answer}]
    return found


def _response(answer: str) -> dict[str, object]:
    message = {"role": "assistant", "content": answer}
    return {
        "id": "chatcmpl-made",
        "object": "chat.completion",
        "created": 0,
        "model": "gpt-4o",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20},
    }


def _figures(labels: dict[str, str], told: list[dict[str, str]]) -> dict[str, object]:
    last_words = Counter(json.loads(label)[-1]["content"] for label in set(labels.values()))
    crossings = [
        one["id"]
        for one in told
        if one["verdict"] in ("exact", "semantic")
        and labels[one["id"]] != labels[one["neighbor_id"]]
        # Two first turns have the same history, none: that one is close to the other is the judge's affair.
        and not (one["id"].endswith("-0") and one["neighbor_id"].endswith("-0"))
    ]
    again = [one for one in told if one["id"].startswith("2-")]
    return {
        "requests": len(told),
        "last_words_asked_in_several_histories": sum(count > 1 for count in last_words.values()),
        "crossings": len(crossings),
        "identical_prefixes": len(again),
        "identical_prefixes_hit": sum(one["verdict"] == "exact" for one in again),
        "reasons_of_the_second_round": dict(Counter(f"{one['verdict']} {one['reason']}" for one in again)),
    }


if __name__ == "__main__":
    main()
