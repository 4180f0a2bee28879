"""The token cache that processes share: encrypted here, so that the store never sees a token. Used by `tokens`.

AES-256-GCM under a key derived from the operator's setting; the name of the entry is authenticated with it, so that a
ciphertext moved to another name does not open.
"""

import json
import logging
import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from forgehand.ports.github import Token
from forgehand.ports.store import Secrets, StoreUnavailable

log = logging.getLogger(__name__)

_NONCE = 12


class Vault:
    """`random(n)` gives n bytes for nonces. What cannot be read (another key, a damaged entry, the store down) counts
    as absent: a token can always be minted again."""

    def __init__(self, secrets: Secrets, key: str, random: Callable[[int], bytes] = os.urandom) -> None:
        self._secrets = secrets
        # The salt keeps this use of the setting apart from others; scrypt, since operators choose passphrases.
        derived = Scrypt(salt=b"forgehand token cache", length=32, n=2**14, r=8, p=1).derive(key.encode())
        self._cipher = AESGCM(derived)
        self._random = random

    async def get(self, name: str, now: float) -> Token | None:
        try:
            sealed = await self._secrets.get_secret(name, now)
        except StoreUnavailable as error:
            log.warning("the shared token cache cannot be read: %s", error.why)
            return None
        if not sealed:
            return None
        try:
            opened = json.loads(self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], name.encode()))
            return Token(str(opened["token"]), float(opened["expires_at"]))
        except (InvalidTag, ValueError, KeyError, TypeError):
            log.warning("an entry of the shared token cache does not open with FORGEHAND_SECRET_KEY; it is replaced")
            return None

    async def put(self, name: str, token: Token) -> None:
        plain = json.dumps({"token": token.value, "expires_at": token.expires_at}).encode()
        nonce = self._random(_NONCE)
        try:
            sealed = nonce + self._cipher.encrypt(nonce, plain, name.encode())
            await self._secrets.put_secret(name, sealed, token.expires_at)
        except StoreUnavailable as error:
            log.warning("the shared token cache cannot be written: %s", error.why)
