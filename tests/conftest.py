"""What every test shares."""

import pytest
from hypothesis import settings

# Seeded by the test itself, so that a failure can be seen again anywhere; no deadline, since build machines
# are shared; no folder of examples in the checkout.
settings.register_profile("sparingly", derandomize=True, deadline=None, database=None)
settings.load_profile("sparingly")


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, as the server and the HTTP client do."""
    return "asyncio"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tests out unless `-m` speaks of them: `-m "not slow"` must not bring them in."""
    if "thorough" in config.option.markexpr:
        return
    long = [item for item in items if item.get_closest_marker("thorough") is not None]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
