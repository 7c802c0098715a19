"""From the URL of a client's request to where it would have gone, and which of our endpoints it means.

A client says `https://api.openai.com/v1/chat/completions`; the base URL is its
provider's, and `/v1/chat/completions` is the path that our endpoints know.  Where a
path has no version in it (Azure's deployments), no endpoint of ours is meant, and
the request is relayed as it is.
"""

import re
from collections.abc import Iterable

import msgspec

# As in `upstreams.provider`, which puts the two halves together again: `/v1`, `/v1beta`, `/v4`.
_VERSION = re.compile(r"/v\d+[a-z0-9]*(?=/)")


class Destination(msgspec.Struct, frozen=True):
    """Where a request would have gone: `base_url` with a version, where there is one, and our `path` for it."""

    base_url: str
    path: str


def destination(origin: str, path: str, *, endpoints: Iterable[str]) -> Destination:
    """Split a request's path, percent-encoded as on the wire; `endpoints` begin with `/v1`."""
    for endpoint in endpoints:
        tail = endpoint.removeprefix("/v1")
        prefix = path.removesuffix(tail)
        if prefix != path and _VERSION.search(prefix + "/"):
            return Destination(origin + prefix, endpoint)
    found = _VERSION.search(path)
    if found is None:
        return Destination(origin, path)
    return Destination(origin + path[: found.end()], "/v1" + path[found.end() :])
