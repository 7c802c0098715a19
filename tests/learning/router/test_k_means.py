"""Centers of vectors."""

import numpy as np

from sparingly.learning.router.k_means import centers_of, closest
from tests.routing_tables import made_table


def test_two_heaps_have_two_centers() -> None:
    """Each with its own heap around it, of length 1."""
    _, vectors = made_table(60)

    centers, owners = centers_of(vectors, 2, seed=0)

    np.testing.assert_allclose(np.linalg.norm(centers, axis=1), 1.0, rtol=1e-5)
    assert len(set(owners[::2])) == len(set(owners[1::2])) == 1
    assert owners[0] != owners[1]
    assert owners.tolist() == closest(vectors, centers).tolist()


def test_no_center_is_without_vectors() -> None:
    """Also where more are asked for than there are different vectors."""
    vectors = np.repeat(np.eye(3, dtype=np.float32), 5, axis=0)

    centers, owners = centers_of(vectors, 10, seed=0)

    assert sorted(set(owners.tolist())) == list(range(len(centers)))
    assert len(centers) <= 3


def test_a_seed_gives_the_same_centers_again() -> None:
    """A fit can be repeated."""
    _, vectors = made_table(60)

    assert centers_of(vectors, 5, seed=2)[0].tolist() == centers_of(vectors, 5, seed=2)[0].tolist()
