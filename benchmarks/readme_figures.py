"""Print the figures of both READMEs from the committed results, so that none is typed by hand.

    python -m benchmarks.readme_figures            # the tables
    python -m benchmarks.readme_figures --write    # puts them into the two files, between their markers

What decides whether to trust the gateway stands in README.md, the rest in benchmarks/README.md.
A test holds both against what this prints.
"""

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
BEGIN, END = "<!-- figures: benchmarks/readme_figures.py -->", "<!-- end of figures -->"


def tables() -> str:
    """All of them, as Markdown."""
    parts = (_judge(), _guarantee(), _routing(), _clients(), _costs())
    return "\n\n".join(parts)


def details() -> str:
    """Those of benchmarks/README.md."""
    parts = (_thresholds(), _budget(), _router(), _choices())
    return "\n\n".join(parts)


FILES = {ROOT / "README.md": tables, ROOT / "benchmarks" / "README.md": details}


def in_readme(readme: str, figures: str) -> str:
    """The README with the figures between its markers."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{figures}\n{END}{after}"


def _judge() -> str:
    judge = _result("judge")
    sets, point = judge["sets"], judge["operating_point"]
    qqp = sets["qqp"]
    hits = [
        f"| right hits at {bound.replace('<=', '≤').replace('>=', '≥')} | {_percent(qqp['right_hits']['static'][bound]['right'])} "
        f"| {_percent(ours['right'])} | {qqp['times_static'][bound]:.1f} times |"
        for bound, ours in qqp["right_hits"]["judge"].items()
    ]
    replayed = _result("replayed")
    served = [_served(key, label, replayed) for key, label in _SETS.items()]
    head = (
        f"**What the judge is worth**, against the static threshold of the same embedder ([judge/measure.py](benchmarks/judge/measure.py)). "
        f"First {qqp['requests']:,} Quora questions it was not fitted on, each asked once, every answer kept, in percent "
        "of all requests; an error is a wrong hit, and only explicit labels count.\n\n"
        "| | threshold | judge | |\n|---|---|---|---|"
    )
    other = (
        f"Then what the whole gateway serves as shipped (from a probability of {point:g} on), of what may be served and of what must "
        "not, on the halves of these sets that the judge was not fitted on ([judge/replayed.py](benchmarks/judge/replayed.py)). Totals "
        "of these halves, not their questions, were in sight when the judge was designed; of the documentation bot, which nothing "
        "was fitted on, half of the questions were read.\n\n"
        "| | threshold 0.85 | threshold 0.95 | as shipped |\n|---|---|---|---|"
    )
    took = _result("judge_speed")["ms"]["remembered"]
    foot = (
        f"It takes {took['p50']:.2f} ms a look-up with five neighbors (99th percentile {took['p99']:.2f}). It is fitted on questions "
        f"of one site above all: trees that never saw that site are no better there than the threshold (AUC "
        f"{judge['left_out_domains']['qqp']['auc']['qqp']:.2f} against {qqp['auc']['static']:.2f}). The documentation bot's repeats "
        f"follow cosine closely (AUC {sets['osschat']['auc']['static']:.2f}), so a threshold serves more of them; "
        f"{replayed['default']['osschat']['why_not']['miss other-words']} differ in words that the embedder cannot read. "
        "`sparingly tune` says what holds on your traffic."
    )
    return "\n".join((head, *hits, "", other, *served, "", foot))


_SETS = {
    "traps_banking": "banking traps",
    "traps_finance": "finance traps",
    "cachesafety": "CacheSafety-Bench",
    "osschat": "a documentation bot's users, all",
}
_WAYS = ("static 0.85", "static 0.95", "default")


def _served(name: str, label: str, replayed: dict[str, Any]) -> str:
    found = [replayed[way][name] for way in _WAYS]
    if name == "osschat":
        cells = [_of(one["repeats_served_right"], one["served_wrong_of_all"]) for one in found]
    else:
        halves = [one["measured"] for one in found]
        cells = [_of(one["may_be_served"], one["must_not_be_served"]) for one in halves]
    return f"| {label} | {' | '.join(cells)} |"


def _of(right: str, wrong: str) -> str:
    """Without the shares in brackets."""
    right = "none to serve" if right == "none" else right.partition(" (")[0]
    return f"{right}, wrong {wrong.partition(' (')[0]}"


def _percent(value: float) -> str:
    return f"{value:.1f} %"


def _guarantee() -> str:
    found = _result("guarantee_fitted")
    summary = found["summary"]
    return (
        "**What a stated error is worth**, over 200 random splits for each of the bounds 5, 2, 1 and 0.5 % on Quora, medical and "
        f"banking questions ([cache/guarantee.py](benchmarks/cache/guarantee.py)), with the fitted judge's scores. The mean error was at most "
        f"{summary['worst_mean_error_over_bound']:.2f} of the bound; with 95 % confidence asked for, at most "
        f"{summary['worst_share_above_confidence']:.1%} of the calibrations were above it; of {summary['drift_runs']} streams that "
        f"drifted, {summary['drift_alarms']} raised the alarm."
    )


def _thresholds() -> str:
    sweep = _result("threshold_sweep_qqp")
    rows = [
        f"| {row['threshold']:.2f} | {row['hit_rate']:.1%} | {row['right_rate']:.1%} "
        f"| {row['error_rate']:.2%} | {row['precision']:.1%} |"
        for row in sweep["thresholds"]
        if round(row["threshold"] * 100) in (85, 90, 95, 97, 99)
    ]
    head = (
        f"**What a bare similarity threshold is worth**, on {sweep['requests']:,} Quora questions, each asked once, "
        "every answer kept ([cache/threshold_sweep.py](cache/threshold_sweep.py)). "
        "Wrong hits are counted over all requests, against explicit labels only; the default is 0.97.\n\n"
        "| threshold | hits | right | wrong, of all requests | precision |\n|---|---|---|---|---|"
    )
    return "\n".join((head, *rows))


def _budget() -> str:
    overhead = _result("overhead")
    rows = [
        f"| {line['promise']} | {line['target']:g} | {line['measured']:.3g} | {'yes' if line['met'] else 'no'} |"
        for line in overhead["budget"]
    ]
    machine = overhead["measured_on"]
    head = (
        f"**What the gateway costs**, on {machine['cpus']} cores ({machine['cpu']}) that it shares with the provider "
        "and the load ([overhead/measure.py](overhead/measure.py); gateway and direct in turns).\n\n"
        "| | target | measured | met |\n|---|---|---|---|"
    )
    return "\n".join((head, *rows))


def _costs() -> str:
    """The promises that a user notices, in one paragraph."""
    overhead, translation = _result("overhead"), _result("translation")
    measured = {line["promise"]: line["measured"] for line in overhead["budget"]}
    met = sum(line["met"] for line in overhead["budget"])
    names = {"off": "sparingly", "portkey": "Portkey", "litellm": "LiteLLM"}
    peers = ", ".join(
        f"{name} {load['cpu_ms_per_request']:.2f} ms"
        for key, name in names.items()
        if "cpu_ms_per_request" in (load := overhead["load"].get(key, {}))
    )
    return (
        "**What the gateway costs**, on two cores that it shares with the provider and the load: an exact hit takes "
        f"{measured['exact hit, median, ms']:.1f} ms, a semantic one "
        f"{measured['semantic hit, question of up to 32 tokens, median, ms']:.1f} ms, the first token comes "
        f"{measured['added to the first token, cache off, median, ms']:.1f} ms later than without, and a chunk "
        f"{measured['added to a chunk, cache off, median, ms']:.2f} ms; to say it in another dialect takes "
        f"{translation['worst_median_us']:.0f} \u00b5s ([web/translation.py](benchmarks/web/translation.py); medians). Of "
        "256 streams that begin at once, "
        f"{measured['streams of them with a chunk over 100 ms late, cache off']:.0f} have a chunk over 100 ms late. CPU per "
        f"proxied request, in the same run: {peers}. {met} of {len(overhead['budget'])} promises of the budget are kept; "
        "[benchmarks/README.md](benchmarks/README.md) lists them all."
    )


def _clients() -> str:
    found = _result("compatibility")
    dialects = ("Chat Completions", "Responses", "Messages")
    rows = [
        f"| {client} {found['versions'].get(client, '')} | {' | '.join(_passed(counts.get(one)) for one in dialects)} |"
        for client, counts in found["clients"].items()
    ]
    head = (
        "**Which clients work**: tests that pass with the real client against the gateway "
        "([web/compatibility.py](benchmarks/web/compatibility.py)), by the dialect that the client speaks; where the provider "
        "speaks another, both directions are translated.\n\n"
        f"| client | {' | '.join(dialects)} |\n|---|---|---|---|"
    )
    return "\n".join((head, *rows))


def _passed(counts: dict[str, int] | None) -> str:
    if counts is None:
        return ""
    ran = counts["passed"] + counts["failed"]
    return f"{counts['passed']} of {ran}" if ran else "not run"


def _routing() -> str:
    tables = {name: _result(f"routing_{name}") for name in _OUTCOMES}
    rows = []
    for name, label in _OUTCOMES.items():
        policies = tables[name]["policies"]
        cells = [
            f"{policies[policy]['gap_closed']:.0%}"
            for policy in ("knn", "kmeans", "ridge", "tasks", "default")
        ]
        saved = policies["default"]
        rows.append(
            f"| {label} | {' | '.join(cells)} | {saved['cost_save']:.0%} ({saved['cost_save_quality_delta'] * 100:+.1f}) |"
        )
    seeds = next(iter(tables.values()))["seeds"]
    head = (
        "**What the router is worth**: the share of the gap between mixing single models and an oracle that each policy "
        f"closes, on prompts it was not fitted on, mean of {seeds} splits ([routing/tables.py](benchmarks/routing/tables.py); "
        "intervals and pictures beside the results). Last, what the default saves where it is set to be no worse than the "
        "best single model on validation prompts, with what that did to test quality in points. The design was chosen while looking at these tables: expect less on others, and measure.\n\n"
        "| outcome table | kNN | k-means | ridge | tasks | default | saves |\n|---|---|---|---|---|---|---|"
    )
    return "\n".join((head, *rows))


_OUTCOMES = {
    "mmlu_pro": "MMLU-Pro, 14 models",
    "bfcl": "BFCL, 14 models",
    "paretobandit": "ParetoBandit, 4 models",
    "routellm_gsm8k": "GSM8K, 2 models",
}


def _router() -> str:
    return "\n".join(
        (
            "**What else is known of the router.**\n",
            *(_intents(), _paraphrases(), _conversations(), _limits()),
        )
    )


def _intents() -> str:
    result, labels = _result("intents"), {"clinc150": "CLINC150", "banking77": "BANKING77"}
    told = ", ".join(
        f"{label} {result[name]['own']['accuracy']:.1%} (semantic-router {result[name]['semantic_router']['accuracy']:.1%})"
        for name, label in labels.items()
    )
    own, other = (result["clinc150"][who]["out_of_scope_recall"] for who in ("own", "semantic_router"))
    return (
        f"- Intents as tiers, from the same vectors: {told}; of what is out of scope {own:.0%} is noticed "
        f"({other:.0%}) at 5% false alarms ([routing/intents.py](routing/intents.py))."
    )


def _paraphrases() -> str:
    result = _result("routing_robustness")
    told = []
    for name in ("mmlu_pro", "paretobandit", "bfcl"):
        always, declining = (result[f"{name} qqp {label}"] for label in ("always", "declining"))
        told.append(
            f"{_OUTCOMES[name]}: {always['same_choice']:.0%} and {declining['same_choice']:.0%}, "
            f"{always['largest_share']:.0%} of them to one model"
        )
    return (
        "- Two wordings of a question go to the same model, always routed and with the default where evidence is thin, "
        f"fitted on {'; '.join(told)} ([routing/robustness.py](routing/robustness.py))."
    )


def _conversations() -> str:
    told = []
    for name, table in _result("conversations")["tables"].items():
        ours = table["at_the_quality_of_never_stick"]["sparingly"]
        low, high = ours["cost_relative_ci95"]
        told.append(
            f"{_OUTCOMES[name]}: cost {ours['cost_relative']:.2f} ({low:.2f} to {high:.2f}), "
            f"changes of model {ours['switches_relative']:.2f}"
        )
    return (
        "- Conversations, against judging each turn alone, at equal quality: "
        f"{'; '.join(told)} ([routing/conversations.py](routing/conversations.py))."
    )


def _limits() -> str:
    variants = _result("routing_limits")["variants"]
    told = ", ".join(
        f"{name} {figures['gap_closed_on_validation']:.1%}"
        for name, figures in variants.items()
        if "half" not in name
    )
    return (
        f"- What limits it on MMLU-Pro, share of the gap closed on validation parts: {told}. Neither features that the "
        "embedding does not hold nor a latent difficulty adds anything, and knowing a question's true subject tells "
        "less than its words do ([routing/limits.py](routing/limits.py))."
    )


def _choices() -> str:
    tiers = _result("tier_classifier")["cross_validation"]["shipped"]
    store = next(
        one for one in _result("store")["process"] if one["entries"] == 50_000 and one["scopes"] == 1
    )
    models = _result("embedder_model")["models"]
    shipped = next(figures for name, figures in models.items() if "(shipped)" in name)
    model = (
        f"- The embedding model: {shipped['cpu_ms_by_pieces']['9']['p50']:.1f} ms for 9 word pieces on one thread, "
        f"{shipped['file_mb']:g} MB, cosine {shipped['cosine_to_float']['mean']:.3f} to its float original."
    )
    engine = (
        f"- The store with 50,000 entries in one scope: an exact look-up {store['exact_hit']['p50_ms']:.2f} ms, "
        f"the five nearest {store['neighbors']['p50_ms']:.1f} ms."
    )
    classifier = (
        f"- The local tier classifier: {tiers['accuracy']:.0%} right in cross-validation on its own "
        f"{tiers['prompts']} examples; {tiers['served_under']:.0%} served below their tier."
    )
    return f"**What the choices rest on.**\n\n{model}\n{engine}\n{classifier}\n{_left_out()}"


def _left_out() -> str:
    """What was tried for the judge and is not in it."""
    alignment = _result("alignment")
    aligned = alignment["whole"]["lexical_and_alignment"]
    bound = "error <= 0.5%"
    looked = _result("cross_encoder")
    alone, both = (looked["qqp"][way]["right_hits"][bound] for way in ("judge", "with cross-encoder"))
    return (
        f"- Not in the judge: aligning the words of two questions by their contextual vectors, which brings AUC from "
        f"{alignment['lexical']['qqp_auc']:.3f} to {aligned['qqp_auc']:.3f} on Quora "
        "([judge/alignment.py](judge/alignment.py)).\n"
        f"- Not shipped: a cross-encoder of three layers for doubtful candidates, which brings right hits at {bound.replace('<=', '≤')} from "
        f"{alone:.1f} to {both:.1f}% for {looked['cpu_ms_a_pair_in_floats']:.0f} ms a pair "
        "([judge/cross_encoder.py](judge/cross_encoder.py))."
    )


def _result(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


if __name__ == "__main__":
    if "--write" in sys.argv:
        for path, figures in FILES.items():
            path.write_text(in_readme(path.read_text(encoding="utf-8"), figures()), encoding="utf-8")
    else:
        print(tables(), details(), sep="\n\n")
