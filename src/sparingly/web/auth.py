"""Who is calling: from a key to a tenant.

Two ways.  With keys configured, a caller must present one, and it names the
tenant; it never travels on.  Without, every caller is let in; its own provider
key is passed through and, hashed, is its tenant, so that callers with different
keys never share answers.
"""

from collections.abc import Mapping
from hashlib import blake2b

from sparingly.core.chat import Tenant
from sparingly.errors import ConfigError, NotAuthorized
from sparingly.pipeline.exchange import Caller

DEFAULT_TENANT = Tenant("default")


class Door:
    """Lets callers in; `tenants` maps keys to tenants, empty for an open door."""

    def __init__(self, tenants: Mapping[str, Tenant]) -> None:
        # Compared as hashes: a look-up by hash takes the same time whatever a wrong key shares with a right one.
        self._tenants = {_hashed(key): tenant for key, tenant in tenants.items()}

    @property
    def has_keys(self) -> bool:
        """Whether callers' credentials are ours, and must not travel on."""
        return bool(self._tenants)

    def admit(self, key: str | None) -> Caller:
        """The caller behind a key; raises NotAuthorized."""
        if not self._tenants:
            if key is None:
                return Caller(DEFAULT_TENANT)
            return Caller(Tenant(f"key-{_hashed(key)[:16]}"), key)
        if key is None:
            raise NotAuthorized("this gateway wants a key: send it as a Bearer token or as x-api-key")
        tenant = self._tenants.get(_hashed(key))
        if tenant is None:
            raise NotAuthorized("this gateway does not know the key")
        return Caller(tenant)


def read_keys(value: str, *, variable: str) -> dict[str, Tenant]:
    """Read `tenant:key` pairs, comma separated; raises ConfigError that never quotes a key."""
    tenants: dict[str, Tenant] = {}
    for number, pair in enumerate(filter(None, (part.strip() for part in value.split(","))), start=1):
        tenant, colon, key = pair.partition(":")
        if not (colon and tenant.strip() and key.strip()):
            raise ConfigError(
                f"{variable}: pair {number} is not of the form tenant:key", path="server.keys_env"
            )
        if key.strip() in tenants:
            raise ConfigError(f"{variable}: pair {number} repeats an earlier key", path="server.keys_env")
        tenants[key.strip()] = Tenant(tenant.strip())
    if not tenants:
        raise ConfigError(f"{variable} holds no tenant:key pair", path="server.keys_env")
    return tenants


def _hashed(key: str) -> str:
    return blake2b(key.encode(), digest_size=16, person=b"sparingly-tenant").hexdigest()
