"""Reading examples, and the model that the package ships."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from sparingly.core.features import text_features
from sparingly.core.policy import Classifier
from sparingly.core.routing.classifying import classify
from sparingly.embedders.local import LocalEmbedder
from sparingly.errors import ConfigError
from sparingly.learning.router.tier_examples import (
    SHIPPED_TIERS,
    learn,
    read_examples,
    shipped_examples,
    shipped_model,
    tier_model,
)
from tests.fakes.embedder import HashingEmbedder

TIERS = ("low", "high")
ROWS = [("low", f"name {word}") for word in "abc"] + [("high", f"prove {word}") for word in "abc"]
JSON_LINES = "\n".join(f'{{"text": "{text}", "tier": "{tier}", "id": 7}}' for tier, text in ROWS)
YAML = "\n".join(f"- tier: {tier}\n  text: {text}" for tier, text in ROWS)


def _written(folder: Path, content: str, *, name: str = "examples.jsonl") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "content"), [("e.jsonl", JSON_LINES + "\n\n"), ("e.yaml", YAML), ("e.yml", YAML)]
)
def test_json_lines_and_yaml_lists_are_read(tmp_path: Path, name: str, content: str) -> None:
    """Blank lines and further fields are the operator's own business."""
    examples = read_examples(_written(tmp_path, content, name=name), tiers=TIERS)

    assert [(example.tier, example.text) for example in examples] == ROWS


@pytest.mark.parametrize(
    ("name", "content", "parts"),
    [
        ("e.jsonl", f'{JSON_LINES}\n{{"text": "x", "tier": "middle"}}', ["line 7", "'middle'", "low, high"]),
        ("e.jsonl", f'\n{{"text": "x"}}\n{JSON_LINES}', ["line 2", "tier"]),
        ("e.jsonl", f'{{"text": 3, "tier": "low"}}\n{JSON_LINES}', ["line 1", "$.text"]),
        ("e.jsonl", f'{{"text": "  ", "tier": "low"}}\n{JSON_LINES}', ["line 1", "empty"]),
        ("e.jsonl", "not json", ["line 1"]),
        ("e.jsonl", "\n".join(JSON_LINES.splitlines()[:5]), ["'high' has 2 examples", "3 or more"]),
        ("e.yaml", f"{YAML}\n- tier: middle\n  text: x", ["line 13", "'middle'"]),
        ("e.yaml", f"- tier: low\n{YAML}", ["line 1", "text"]),
        ("e.yaml", f"- just words\n{YAML}", ["line 1"]),
        ("e.yaml", f"- text: [a]\n  tier: low\n{YAML}", ["line 1", "$.text"]),
        ("e.yaml", "[]", ["'low' has 0 examples"]),
        ("e.yaml", "tier: low", ["a list of examples"]),
        ("e.yaml", "", ["a list of examples"]),
        ("e.yaml", "- {", ["e.yaml"]),
    ],
)
def test_a_mistake_is_named_with_file_and_line(
    tmp_path: Path, name: str, content: str, parts: list[str]
) -> None:
    """One line that says what is wrong, under the setting's path."""
    path = _written(tmp_path, content, name=name)

    with pytest.raises(ConfigError) as caught:
        read_examples(path, tiers=TIERS)

    assert caught.value.path == "routing.classifier.examples"
    assert name in caught.value.message
    assert "\n" not in caught.value.message
    for part in parts:
        assert part in caught.value.message


def test_a_missing_file_is_a_config_error(tmp_path: Path) -> None:
    """With the reason."""
    with pytest.raises(ConfigError, match=r"nowhere\.jsonl: No such file"):
        read_examples(tmp_path / "nowhere.jsonl", tiers=TIERS)


def test_the_packages_examples_are_many_and_even() -> None:
    """Distinct, and about as many of each tier."""
    examples = shipped_examples()

    counts = Counter(example.tier for example in examples)
    assert tuple(counts) == SHIPPED_TIERS
    assert min(counts.values()) > 100
    assert max(counts.values()) < 1.2 * min(counts.values())
    assert len({example.text for example in examples}) == len(examples)


@pytest.mark.anyio
@pytest.mark.slow
async def test_the_packages_model_is_what_its_embedder_learns_from_its_examples() -> None:
    """After a change of either, `python -m benchmarks.tiers.measure --write-model` makes it anew."""
    embedder = await LocalEmbedder.open()

    shipped = shipped_model(embedder.name)
    learned = await learn(shipped_examples(), SHIPPED_TIERS, embedder)

    await embedder.aclose()
    assert shipped is not None, "tier_model.json belongs to other examples or another embedder"
    assert shipped.temperature == learned.temperature
    assert shipped.vocabulary == learned.vocabulary
    # Integer arithmetic differs in the last digits between processors.
    assert np.allclose(shipped.weights, learned.weights, atol=0.05)


@pytest.mark.parametrize(
    ("text", "tier"),
    [
        ("What is the capital of Peru?", "simple"),
        ("Write a short email that thanks a supplier for a fast delivery.", "standard"),
        ("Prove that there are infinitely many primes congruent to 3 modulo 4, and generalize.", "complex"),
    ],
)
@pytest.mark.anyio
@pytest.mark.slow
async def test_the_packages_model_is_useful_out_of_the_box(text: str, tier: str) -> None:
    """The accuracy behind this is in benchmarks/results/tier_classifier.json."""
    embedder = await LocalEmbedder.open()
    model = await tier_model(Classifier(), tiers=SHIPPED_TIERS, embedder=embedder)

    vector = await embedder.embed(text)
    got = classify(model, text=text, features=text_features(text), vector=vector, tiers=SHIPPED_TIERS)

    await embedder.aclose()
    assert got is not None
    assert got.tier == tier


@pytest.mark.anyio
@pytest.mark.slow
async def test_another_embedder_learns_from_the_packages_examples() -> None:
    """Vectors of different embedders are never mixed."""
    embedder = HashingEmbedder()

    model = await tier_model(Classifier(), tiers=("a", "b"), embedder=embedder)

    assert model.tiers == SHIPPED_TIERS
    assert len(embedder.embedded) == len(shipped_examples())


@pytest.mark.anyio
async def test_own_examples_are_learned_with_the_configs_tiers(tmp_path: Path) -> None:
    """And nothing of the package's is mixed in."""
    path = _written(tmp_path, JSON_LINES)
    embedder = HashingEmbedder()

    model = await tier_model(Classifier(examples=str(path)), tiers=TIERS, embedder=embedder)

    assert model.tiers == TIERS
    assert len(embedder.embedded) == len(ROWS)


@pytest.mark.anyio
async def test_an_example_beyond_the_window_is_a_config_error() -> None:
    """It could teach nothing."""
    with pytest.raises(ConfigError, match="examples 1 to 16 is too long"):
        await learn(shipped_examples(), SHIPPED_TIERS, HashingEmbedder(window_tokens=3))
