"""A fitted router as bytes."""

import msgspec
import numpy as np
import pytest

from sparingly.core.routing.estimators import Blend, Neighbors
from sparingly.core.routing.router_file import dump_router, load_router
from sparingly.core.routing.router_model import RouterModel
from sparingly.errors import StartupError
from sparingly.learning.router.train_router import train_router
from tests.routing_tables import made_table

TABLE, VECTORS = made_table(120)


@pytest.fixture(scope="module")
def router() -> RouterModel:
    return train_router(TABLE, VECTORS, embedder="e", seed=0).router


def test_a_router_comes_back_as_it_was(router: RouterModel) -> None:
    """It estimates the same, and gives the same bytes again."""
    data = dump_router(router)

    found = load_router(data, embedder="e", source="f")

    assert dump_router(found) == data
    for row in range(5):
        assert found.estimate(VECTORS[row], TABLE.prompts[row]) == router.estimate(
            VECTORS[row], TABLE.prompts[row]
        )


def test_every_kind_of_estimator_can_be_kept(router: RouterModel) -> None:
    """Whole numbers and fractions, nested."""
    known = Neighbors(VECTORS, TABLE.scores.astype(np.float32), 3)
    nested = msgspec.structs.replace(router, quality=Blend((known, router.quality), (0.5, 0.5)))

    found = load_router(dump_router(nested), embedder="e", source="f")

    assert found.estimate(VECTORS[0], "x") == nested.estimate(VECTORS[0], "x")


def test_the_file_holds_no_word_of_the_prompts(router: RouterModel) -> None:
    """It may leave the machine that the prompts may not leave."""
    assert b"poem" not in dump_router(router)


def test_what_is_damaged_is_refused(router: RouterModel) -> None:
    """At any byte, at any length, and what never was a router."""
    data = dump_router(router)
    flipped = bytearray(data)
    flipped[-5] ^= 1

    for wrong in (bytes(flipped), data[:-1], data[: len(data) // 2]):
        with pytest.raises(StartupError, match="router file f is damaged"):
            load_router(wrong, embedder="e", source="f")
    for wrong in (b"", b"hello"):
        with pytest.raises(StartupError, match="f is no router file"):
            load_router(wrong, embedder="e", source="f")


def test_a_file_for_another_embedder_is_refused(router: RouterModel) -> None:
    """Its vectors mean something else."""
    with pytest.raises(StartupError, match="fitted with the embedder e, not with other"):
        load_router(dump_router(router), embedder="other", source="f")
