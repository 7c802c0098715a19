"""Print the README's figures from the committed results, so that none is typed by hand.

    python -m benchmarks.readme_figures            # the tables
    python -m benchmarks.readme_figures --write    # puts them into README.md, between its markers

A test holds the README against what this prints.
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
    return f"{_thresholds()}\n\n{_budget()}\n\n{_choices()}"


def in_readme(readme: str, figures: str) -> str:
    """The README with the figures between its markers."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{figures}\n{END}{after}"


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
        "every answer kept ([threshold_sweep.py](benchmarks/threshold_sweep.py)). "
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
    names = {"off": "sparingly", "portkey": "Portkey", "litellm": "LiteLLM"}
    peers = ", ".join(
        f"{name} {load['cpu_ms_per_request']:.2f} ms"
        for key, name in names.items()
        if "cpu_ms_per_request" in (load := overhead["load"].get(key, {}))
    )
    head = (
        f"**What the gateway costs**, on {machine['cpus']} cores ({machine['cpu']}) that it shares with the provider "
        "and the load ([overhead.py](benchmarks/overhead.py); gateway and direct in turns).\n\n"
        "| | target | measured | met |\n|---|---|---|---|"
    )
    return "\n".join((head, *rows, "", f"CPU per proxied request, in the same run: {peers}."))


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
    return f"**What the choices rest on.**\n\n{model}\n{engine}\n{classifier}"


def _result(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


if __name__ == "__main__":
    if "--write" in sys.argv:
        path = ROOT / "README.md"
        path.write_text(in_readme(path.read_text(encoding="utf-8"), tables()), encoding="utf-8")
    else:
        print(tables())
