"""What the small sets get from the whole gateway with default settings, not from the judge alone.

Everything goes through replay, which is the gateway's own code: scopes, freshness, personal data, guards and judge.
Of a pair the stored question is asked first and the other one a second later, each pair by a tenant of its own; of
CacheSafety the second is the whole request as the set gives it.  The docs bot's questions are asked by one tenant, each
once, in a seeded order.  Halves are those of small_sets.py: the judge is fitted on the first.  The same logs are played
with a static threshold of cosine similarity in the judge's place.

    python -m benchmarks.judge.replayed      writes results/replayed.json
"""

import asyncio
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console

from benchmarks.data_folder import rows
from benchmarks.judge.sets import docs_questions
from benchmarks.judge.small_sets import SMALL, half_of
from benchmarks.result import write_result
from sparingly.config.loading import load_settings
from sparingly.replay.command import Options
from sparingly.replaying import run_replay

MODEL: Final = "gpt-4o"
# 2026-01-05 00:00 UTC, a Monday.
BEGIN: Final = 1_767_571_200.0
HALVES: Final = ("fitted", "measured")
WAYS: Final[Mapping[str, Mapping[str, object]]] = {
    "default": {},
    **{f"static {bar}": {"judge": "threshold", "threshold": bar} for bar in (0.8, 0.85, 0.9, 0.95)},
}


class Asked(msgspec.Struct, frozen=True):
    """A request and what is known of it: whether an earlier answer may serve it, its kind and half; None of a first one."""

    line: dict[str, object]
    may_serve: bool | None = None
    kind: str = ""
    half: str = ""


def main() -> None:
    """Play, count, write."""
    pairs = {name: list(pair_log(name)) for name in SMALL}
    docs = list(docs_log())
    figures: dict[str, object] = {"what": __doc__}
    for way, cache in WAYS.items():
        sets: dict[str, object] = {
            name: pair_figures(asked, played(asked, cache)) for name, asked in pairs.items()
        }
        sets["osschat"] = docs_figures(docs, played(docs, cache))
        figures[way] = sets
    print(write_result("replayed", figures))


def played(asked: Sequence[Asked], cache: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """Each request's decision, by its id; `cache` is that part of the config."""
    with tempfile.TemporaryDirectory() as folder:
        log, decisions = Path(folder) / "log.jsonl", Path(folder) / "decisions.jsonl"
        log.write_bytes(b"".join(msgspec.json.encode(one.line) + b"\n" for one in asked))
        asyncio.run(
            run_replay(
                Options(log=log, decisions=decisions),
                load_settings({"cache": dict(cache)} if cache else None, {}),
                config=b"",
                console=Console(quiet=True),
            )
        )
        told = [json.loads(line) for line in decisions.read_text().splitlines()]
    return {str(one["id"]): one for one in told}


def pair_log(name: str) -> Iterable[Asked]:
    """The stored question and the asked one of each pair, in turn."""
    for number, row in enumerate(rows(f"pairs/{name}")):
        is_request = name == "cachesafety"
        stored = str(row["old_request" if is_request else "a"])
        request = row["request"] if is_request else _request(str(row["b"]))
        may_serve = row["expected"] == "semantic_safe" if is_request else bool(row["same"])
        assert isinstance(request, dict)
        first = {**request, "messages": [{"role": "user", "content": stored}]}
        answer = str(row.get("old_answer") or "An answer.")
        yield Asked(_line(f"{number}-stored", 2 * number, f"tenant-{number}", first, answer))
        yield Asked(
            _line(f"{number}-asked", 2 * number + 1, f"tenant-{number}", request, "Another answer."),
            may_serve,
            str(row["kind"]),
            HALVES[half_of(stored)],
        )


def docs_log() -> Iterable[Asked]:
    """What real users asked a documentation bot, each text once; `kind` is the cluster."""
    seen: set[str] = set()
    for number, (text, cluster) in enumerate(docs_questions().items()):
        yield Asked(
            _line(str(number), number, "docs", _request(text), f"About {cluster}."),
            cluster in seen,
            cluster,
        )
        seen.add(cluster)


def pair_figures(
    asked: Sequence[Asked], told: Mapping[str, Mapping[str, object]]
) -> dict[str, dict[str, object]]:
    """Served of those that may be and of those that must not, by half and by kind; why the others were not."""
    found: dict[str, dict[str, object]] = {}
    for half in (*HALVES, "both"):
        some = [
            (one, told[str(one.line["id"])])
            for one in asked
            if one.may_serve is not None and half in (one.half, "both")
        ]
        kinds = sorted({one.kind for one, _ in some})
        found[half] = {
            "may_be_served": _share([_is_hit(ruling) for one, ruling in some if one.may_serve]),
            "must_not_be_served": _share([_is_hit(ruling) for one, ruling in some if not one.may_serve]),
            "by_kind": {
                kind: _share([_is_hit(ruling) for one, ruling in some if one.kind == kind]) for kind in kinds
            },
            "why_not": dict(
                Counter(
                    f"{ruling['verdict']} {ruling['reason']}"
                    for one, ruling in some
                    if one.may_serve and not _is_hit(ruling)
                )
            ),
        }
    return found


def docs_figures(asked: Sequence[Asked], told: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """Repeats served with an answer of their own cluster, and requests served with another's."""
    cluster = {str(one.line["id"]): one.kind for one in asked}
    hits = {id_: one for id_, one in told.items() if _is_hit(one)}
    right = {id_ for id_, one in hits.items() if cluster[str(one["neighbor_id"])] == cluster[id_]}
    repeats = [str(one.line["id"]) for one in asked if one.may_serve]
    return {
        "requests": len(asked),
        "repeats_served_right": _share([id_ in right for id_ in repeats]),
        "served_wrong_of_all": _share([id_ in hits and id_ not in right for id_ in cluster]),
        "why_not": dict(
            Counter(f"{told[id_]['verdict']} {told[id_]['reason']}" for id_ in repeats if id_ not in hits)
        ),
    }


def _is_hit(ruling: Mapping[str, object]) -> bool:
    return ruling["verdict"] in ("exact", "semantic")


def _share(what: Sequence[bool]) -> str:
    return f"{sum(what)} of {len(what)} ({100 * sum(what) / len(what):.1f} %)" if what else "none"


def _request(text: str) -> dict[str, object]:
    return {"model": MODEL, "messages": [{"role": "user", "content": text}]}


def _line(
    id_: str, second: int, tenant: str, request: Mapping[str, object], answer: str
) -> dict[str, object]:
    message = {"role": "assistant", "content": answer}
    response = {
        "id": "chatcmpl-made",
        "object": "chat.completion",
        "created": 0,
        "model": request["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20},
    }
    return {
        "id": id_,
        "time": BEGIN + second,
        "tenant": tenant,
        "request": dict(request),
        "response": response,
    }


if __name__ == "__main__":
    main()
