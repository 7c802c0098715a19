"""Mark a request for the cache: its fingerprint, with what its headers add to it."""

import msgspec

from sparingly.core.chat import Ask, Tenant
from sparingly.core.fingerprint import Canon, Fingerprint, fingerprint
from sparingly.core.routing.target import Target


def marked(
    ask: Ask,
    canon: Canon,
    target: Target,
    *,
    tenant: Tenant,
    switched: str = "",
    pin: str | None = None,
    is_private: bool = False,
) -> Fingerprint:
    """The fingerprint; `switched` are the request's switches (see `protocols/switches.py`), `pin` its own model."""
    if switched:
        # Another version of an API is another world.
        canon = msgspec.structs.replace(canon, realm=f"{canon.realm} {switched}")
    if target.is_labelled:
        # An equal request that comes another way is answered by another model.
        canon = msgspec.structs.replace(canon, realm=f"{canon.realm} #{target.route}")
    if pin is None:
        return fingerprint(ask, tenant=tenant, canon=canon, is_private=is_private)
    ask = msgspec.structs.replace(ask, model=pin)
    return fingerprint(ask, tenant=tenant, canon=canon, pinned=True, is_private=is_private)
