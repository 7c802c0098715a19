"""Ask rival classifiers, each under its own interpreter; none of them can live in this one's environment."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

_HERE = Path(__file__).parent


def litellm_tiers(python: Path, prompts: Sequence[str]) -> list[str]:
    """The tier that LiteLLM's complexity router puts each prompt in, by its local scoring."""
    command = [str(python), str(_HERE / "litellm_tiers.py")]
    asked = json.dumps({"prompts": prompts})
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)  # noqa: S603
    tiers: list[str] = json.loads(done.stdout.splitlines()[-1])
    return tiers


def semantic_router(
    python: Path,
    *,
    texts: Sequence[str],
    labels: Sequence[str],
    vectors: npt.NDArray[np.float32],
    prompts: Sequence[str],
    prompt_vectors: npt.NDArray[np.float32],
) -> list[tuple[str | None, float]]:
    """The route and confidence that semantic-router, taught by labelled texts, gives each prompt."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in (("texts", texts), ("labels", labels), ("prompts", prompts)):
            (folder / f"{file}.json").write_text(json.dumps(content))
        np.save(folder / "vectors.npy", vectors)
        np.save(folder / "prompt_vectors.npy", prompt_vectors)
        command = [str(python), str(_HERE / "semantic_router_labels.py"), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return [(label, score or 0.0) for label, score in json.loads(done.stdout.splitlines()[-1])]
