"""The files of an embedding model."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from sparingly.embedders import model_files
from sparingly.errors import StartupError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with every file a model needs, and their checksums."""
    contents = {"model.onnx": b"weights", "tokenizer.json": b"{}", "tokenizer_config.json": b"{}"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    sums = {name: sha256(content).hexdigest() for name, content in contents.items()}
    (tmp_path / "checksums.json").write_text(json.dumps(sums))
    return tmp_path


def test_the_packaged_model_is_whole() -> None:
    """What is released is what was made: a file changed without its checksum fails here."""
    model_files.check_files(model_files.PACKAGED)

    listed = json.loads((model_files.PACKAGED / "checksums.json").read_text())
    files = {path.name for path in model_files.PACKAGED.iterdir()}
    assert files == {*listed, "checksums.json", "NOTICE"}


def test_whole_files_pass(folder: Path) -> None:
    """No complaint about files that agree with their checksums."""
    model_files.check_files(folder)


def test_a_changed_file_is_named_with_both_sums(folder: Path) -> None:
    """The operator sees which file to replace, and can compare."""
    (folder / "model.onnx").write_bytes(b"weight")

    with pytest.raises(StartupError) as caught:
        model_files.check_files(folder)

    assert str(folder / "model.onnx") in caught.value.message
    assert sha256(b"weight").hexdigest() in caught.value.message
    assert sha256(b"weights").hexdigest() in caught.value.message


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "tokenizer_config.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    """A folder that lacks a file is not a model."""
    (folder / name).unlink()

    with pytest.raises(StartupError, match=name):
        model_files.check_files(folder)


def test_broken_checksums_are_told(folder: Path) -> None:
    """A list that cannot be read proves nothing."""
    (folder / "checksums.json").write_text("[]")

    with pytest.raises(StartupError, match=r"checksums\.json"):
        model_files.check_files(folder)


def test_a_folder_without_checksums_is_taken_as_it_is(folder: Path) -> None:
    """A user's own model need not have them."""
    (folder / "checksums.json").unlink()
    (folder / "model.onnx").write_bytes(b"other weights")

    model_files.check_files(folder)


def test_the_name_changes_with_the_weights(folder: Path) -> None:
    """Vectors of different weights must never be compared."""
    names = ("model.onnx", "tokenizer.json")
    (folder / "checksums.json").unlink()
    before = model_files.identity("mine", folder, names)
    (folder / "model.onnx").write_bytes(b"other weights")

    after = model_files.identity("mine", folder, names)

    assert before.startswith("mine@")
    assert after.startswith("mine@")
    assert before != after


def test_the_name_does_not_depend_on_the_folder(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A moved model keeps its cache."""
    other = tmp_path_factory.mktemp("moved")
    for name in ("model.onnx", "tokenizer.json"):
        (other / name).write_bytes((folder / name).read_bytes())

    names = ("tokenizer.json", "model.onnx")
    assert model_files.identity("mine", folder, names) == model_files.identity("mine", other, names[::-1])


def test_the_model_file_is_found_where_exports_put_it(folder: Path) -> None:
    """Beside the tokenizer, or in `onnx/`."""
    assert model_files.model_file(folder) == "model.onnx"
    (folder / "onnx").mkdir()
    (folder / "model.onnx").rename(folder / "onnx" / "model.onnx")
    assert model_files.model_file(folder) == "onnx/model.onnx"
    (folder / "onnx" / "model.onnx").unlink()
    with pytest.raises(StartupError, match=r"model\.onnx"):
        model_files.model_file(folder)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ('{"pooling_mode_cls_token": true}', "CLS"),
        ('{"pooling_mode_mean_tokens": true}', "MEAN"),
        ('{"pooling_mode_lasttoken": true}', "LAST_TOKEN"),
        (None, "MEAN"),
    ],
)
def test_pooling_is_what_the_model_says(folder: Path, config: str | None, expected: str) -> None:
    """Sentence models carry it in `1_Pooling/config.json`; the mean is the usual."""
    if config is not None:
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling" / "config.json").write_text(config)

    assert model_files.pooling(folder) == expected


def test_the_window_is_the_length_in_training_where_it_is_known(folder: Path) -> None:
    """A model takes more than it was trained for, but not well."""
    assert model_files.sentence_window(folder) is None
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 99}')
    assert model_files.sentence_window(folder) == 99
