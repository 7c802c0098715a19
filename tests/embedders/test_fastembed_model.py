"""Models that fastembed runs: the package's own, a folder's, and what cannot be one."""

import base64
import shutil
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from sparingly.core.vectors import Vector
from sparingly.embedders.fastembed_model import FastembedModel, Run, load
from sparingly.embedders.model_files import PACKAGED
from sparingly.errors import EmbedderError, StartupError, TextUnreadable

# An ONNX model whose token embeddings are (token id, 1): five nodes, no weights.
TOKEN_ID_MODEL = base64.b64decode(
    "CAk6sQIKHwoJaW5wdXRfaWRzEgFmIgRDYXN0KgkKAnRvGAGgAQIKFQoBZgoCYXgSAXUiCVVuc3F1ZWV6ZQoRCgF1CgR6ZXJvEgF6IgNN"
    "dWwKEAoBegoDb25lEgFvIgNBZGQKLQoBdQoBbxIQdG9rZW5fZW1iZWRkaW5ncyIGQ29uY2F0KgsKBGF4aXMYAqABAhIDaWRzKhIIARAH"
    "QgJheEoIAgAAAAAAAAAqDhABQgR6ZXJvSgQAAAAAKg0QAUIDb25lSgQAAIA/Wh0KCWlucHV0X2lkcxIQCg4IBxIKCgMSAWIKAxIBc1oi"
    "Cg5hdHRlbnRpb25fbWFzaxIQCg4IBxIKCgMSAWIKAxIBc2IoChB0b2tlbl9lbWJlZGRpbmdzEhQKEggBEg4KAxIBYgoDEgFzCgIIAkIE"
    "CgAQEg=="
)
CLS, HELLO, SEP = 101, 7592, 102  # ids in the package's vocabulary


@pytest.fixture(scope="module")
def minilm() -> FastembedModel:
    return load("minilm", threads=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's own model: the package's tokenizer and another graph."""
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "config.json"):
        shutil.copy(PACKAGED / name, tmp_path / name)
    (tmp_path / "model.onnx").write_bytes(TOKEN_ID_MODEL)
    return tmp_path


def test_the_packaged_model_states_what_it_is(minilm: FastembedModel) -> None:
    """A window of 256 word pieces is what it was trained for, though its tokenizer allows 512."""
    assert minilm.name.startswith("minilm@")
    assert minilm.dimensions == 384
    assert minilm.window_tokens == 256


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("How do I reset my password?", "How can I change my password?", 0.860),
        ("How do I reset my password?", "How do I not reset my password?", 0.928),
        ("What is the capital of France?", "How do I bake bread?", 0.148),
        ("List three ways to cook an egg.", "Name 3 methods of preparing eggs.", 0.825),
    ],
)
def test_similarities_are_the_float_models(minilm: FastembedModel, a: str, b: str, expected: float) -> None:
    """Eight bits may cost the second digit, not more; `expected` is from the float weights."""
    left, right = minilm.vectors([minilm.read(a), minilm.read(b)])

    assert float(left @ right) == pytest.approx(expected, abs=0.015)


def test_a_text_in_a_padded_run_gets_the_vector_it_gets_alone(minilm: FastembedModel) -> None:
    """Activations are rounded for each token by itself, so company changes nothing."""
    texts = [
        "Hello there.",
        "A much longer text about nothing in particular, with twenty or more word pieces in it.",
    ]

    together = minilm.vectors([minilm.read(text) for text in texts])

    for text, vector in zip(texts, together, strict=True):
        assert np.allclose(vector, _vector(minilm, text), atol=1e-5)


def test_fastembed_is_not_imported_before_a_model_is_loaded() -> None:
    """It takes a third of a second, which a command that embeds nothing must not wait for."""
    done = subprocess.run(
        [sys.executable, "-c", "import sys, sparingly.embedders.local; print(*sys.modules)"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    assert not {"fastembed", "onnxruntime", "tokenizers"} & set(done.stdout.split())


def test_pieces_are_counted_uncut(minilm: FastembedModel) -> None:
    """A tokenizer that truncates would call every long text one of 512 pieces."""
    assert len(minilm.read("hello " * 1000).ids) == 1002


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("What does 👍 mean?", ("👍",)),
        ("이것은 무엇입니까?", ("이것은", "무엇입니까")),
        ("Put 订单 and x" + "y" * 120, ("订单", "x" + "y" * 120)),
        # All of its letters are in the vocabulary, but that is no reading: one more turns a sentence round.
        ("可以 to you", ("可以",)),
        ("Что это, café?", ("Что", "это")),
    ],
)
def test_words_outside_the_vocabulary_are_refused_by_name(
    minilm: FastembedModel, text: str, words: tuple[str, ...]
) -> None:
    """All of them are one piece to the model: 👍 and 👎 would have a similarity of 1."""
    with pytest.raises(TextUnreadable) as caught:
        minilm.read(text)

    assert caught.value.words == words


def test_a_text_beyond_the_window_is_told_by_its_length(minilm: FastembedModel) -> None:
    """Its first words must not pass for all of it, unreadable ones or not."""
    assert len(minilm.read("👍 " * 400).ids) == 402


def test_the_head_of_a_text_is_its_first_window(minilm: FastembedModel) -> None:
    """A text that fits is its own head; of a longer one the first pieces are left, and the mark of the end."""
    short, long = "How tall is Everest?", "word " * 400

    head = minilm.head(long)

    assert minilm.head(short) == minilm.read(short)
    whole = minilm.read(long).ids
    assert head.ids == [*whole[: minilm.window_tokens - 1], whole[-1]]
    assert minilm.read(head.text).ids == head.ids


def test_a_head_may_have_words_outside_the_vocabulary(minilm: FastembedModel) -> None:
    """Routing asks what a text is about; two such heads must never be compared."""
    assert len(minilm.head("route this \N{SNOWMAN WITHOUT SNOW}\U0001f9a9").ids) > 3


def test_marks_typed_by_a_user_are_plain_text(minilm: FastembedModel) -> None:
    """`[SEP]` in a text must not end it."""
    assert len(minilm.read("[SEP]").ids) == len(["[CLS]", "[", "sep", "]", "[SEP]"])


def test_a_second_thread_changes_no_vector(minilm: FastembedModel) -> None:
    """More threads are a matter of speed."""
    wider = load("minilm", threads=2)

    assert wider.name == minilm.name
    assert np.allclose(_vector(wider, "Hello there."), _vector(minilm, "Hello there."), atol=1e-5)


def test_a_folder_without_pooling_takes_the_mean(folder: Path) -> None:
    """Token vectors are averaged and scaled to length 1."""
    model = load(str(folder), threads=1)

    mean = np.array([(CLS + HELLO + SEP) / 3, 1.0])
    assert model.dimensions == 2
    assert model.window_tokens == 512
    assert model.name.startswith(f"{folder.name}@")
    assert np.allclose(_vector(model, "hello"), mean / np.linalg.norm(mean), atol=1e-5)


def test_a_folder_may_name_its_pooling(folder: Path) -> None:
    """`1_Pooling/config.json` is where sentence models keep it."""
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')

    model = load(str(folder), threads=1)

    first = np.array([CLS, 1.0])
    assert np.allclose(_vector(model, "hello"), first / np.linalg.norm(first), atol=1e-5)


def test_a_model_that_does_not_run_is_the_operators_error(folder: Path) -> None:
    """Such as one whose inputs have other names: told at start-up, not by the first request."""
    (folder / "model.onnx").write_bytes(TOKEN_ID_MODEL.replace(b"input_ids", b"other_ids"))

    with pytest.raises(StartupError, match="does not run"):
        load(str(folder), threads=1)


@pytest.mark.parametrize(("unknown", "is_refused"), [("[UNK]", True), ("<unk>", True), ("spare", False)])
def test_the_unknown_word_goes_by_its_usual_names(unknown: str, *, is_refused: bool) -> None:
    """WordPiece and SentencePiece write it differently; byte-level tokenizers have none."""
    tokenizer = Tokenizer(WordLevel({unknown: 0, "known": 1}, unk_token=unknown))
    model = FastembedModel(name="any", tokenizer=tokenizer, window_tokens=4, run=_constant([1.0]))

    assert len(model.read("known").ids) == 1
    with pytest.raises(TextUnreadable) if is_refused else nullcontext():
        model.read("other")


def test_a_vector_without_a_direction_is_an_error(minilm: FastembedModel) -> None:
    """Zero and NaN have no cosine; a store must never see them."""
    for values in ([0.0, 0.0], [float("nan"), 1.0], [float("inf"), 1.0]):
        with pytest.raises(EmbedderError, match="length"):
            FastembedModel(name="broken", tokenizer=minilm._tokenizer, window_tokens=4, run=_constant(values))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of downloads, and no network."""
    monkeypatch.setenv("FASTEMBED_CACHE_PATH", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return tmp_path / "cache"


def test_a_model_that_fastembed_knows_is_taken_from_its_cache(folder: Path, cache: Path) -> None:
    """Downloaded once, it needs no network; fastembed says how its token vectors are pooled."""
    repository = cache / "models--Qdrant--all-MiniLM-L6-v2-onnx"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("0a1b")
    shutil.copytree(folder, repository / "snapshots" / "0a1b", ignore=shutil.ignore_patterns("cache"))

    model = load("sentence-transformers/all-MiniLM-L6-v2", threads=1)

    mean = np.array([(CLS + HELLO + SEP) / 3, 1.0])
    assert model.name.startswith("sentence-transformers/all-MiniLM-L6-v2@")
    assert np.allclose(_vector(model, "hello"), mean / np.linalg.norm(mean), atol=1e-5)


def test_a_model_that_is_no_onnx_model_is_refused(cache: Path) -> None:
    """fastembed also has tables of word vectors, which no session runs."""
    repository = cache / "models--minishlab--potion-base-8M"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("0a1b")
    (repository / "snapshots" / "0a1b").mkdir(parents=True)
    (repository / "snapshots" / "0a1b" / "model.safetensors").touch()

    with pytest.raises(StartupError, match="minishlab/potion-base-8M is not an ONNX model"):
        load("minishlab/potion-base-8M", threads=1)


@pytest.mark.usefixtures("cache")
def test_a_model_that_cannot_be_downloaded_is_the_operators_error(capfd: pytest.CaptureFixture[str]) -> None:
    """One clear line; fastembed's account of its attempts is not printed."""
    with pytest.raises(StartupError, match=r"BAAI/bge-small-en-v1\.5 cannot be downloaded"):
        load("BAAI/bge-small-en-v1.5", threads=1)

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["no-such/model", "/no/such/folder"])
def test_an_unknown_name_is_the_operators_error(name: str) -> None:
    """One clear line that names the setting, and no attempt at a download."""
    with pytest.raises(StartupError, match=r"embedder\.model"):
        load(name, threads=1)


@pytest.mark.parametrize(
    ("name", "content"),
    [("model.onnx", b"not a model"), ("tokenizer.json", b"{}"), ("tokenizer_config.json", b"{}")],
)
def test_an_unusable_file_is_the_operators_error(folder: Path, name: str, content: bytes) -> None:
    """The message names the folder or the file, not a line of a library."""
    (folder / name).write_bytes(content)

    with pytest.raises(StartupError, match=str(folder)):
        load(str(folder), threads=1)


def _vector(model: FastembedModel, text: str) -> Vector:
    return model.vectors([model.read(text)])[0]


def _constant(values: list[float]) -> Run:
    """A run that gives every text the same vector."""
    return lambda readings: [values for _ in readings]
