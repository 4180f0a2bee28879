"""RSA keys for practice apps. `acts.accounts` takes one for each app it makes.

Making a key takes a tenth of a second and a test run makes hundreds of forges, so the n-th app of every
forge in a process has the same key. No two apps of one forge share one.
"""

from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@cache
def private_key(number: int) -> str:
    """The PEM of the `number`-th key in PKCS#1, the form in which GitHub hands keys out."""
    return (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        .decode()
    )


@cache
def public_key(pem: str) -> rsa.RSAPublicKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("a practice app has an RSA key")
    return key
