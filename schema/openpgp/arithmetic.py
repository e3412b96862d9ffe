"""The arithmetic of keys, all of it by libraries that nothing else imports.

That is `cryptography`, but for Ed25519 signatures, which `nacl` judges in two thirds of the time,
with other threads running meanwhile. It is the stricter one too: a key or signature whose point is
one of the few that make anything look signed is refused.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from nacl.bindings import crypto_sign_BYTES, crypto_sign_open
from nacl.exceptions import BadSignatureError

from .errors import BadOpenPgp
from .publickey import CurvePoint, DsaNumbers, EdwardsPoint, Material, RsaNumbers

Verifier = Callable[[bytes, str, tuple[bytes, ...]], bool]
"""Whether values sign the digest that a hash function of that name made."""

_PADDING = padding.PKCS1v15()
_PREHASHED = {
    "sha1": Prehashed(hashes.SHA1()),  # noqa: S303  # what Perkeep accepts, see README.md
    "sha256": Prehashed(hashes.SHA256()),
}
_NIST_CURVES = {curve.name: curve for curve in (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1())}


def verifier(material: Material) -> Verifier:
    """How to check signatures by a key. Raises `BadOpenPgp` for numbers that are no key."""
    try:
        return _verifier(material)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadOpenPgp(f"a public key whose numbers are no key: {error}") from None


def rsa_signer(public: RsaNumbers, d: int, p: int, q: int) -> Callable[[bytes], bytes]:
    """How to sign SHA-256 digests: with as many bytes as the modulus has. Raises `BadOpenPgp`."""
    try:
        key = rsa.RSAPrivateNumbers(
            p,
            q,
            d,
            rsa.rsa_crt_dmp1(d, p),
            rsa.rsa_crt_dmq1(d, q),
            rsa.rsa_crt_iqmp(p, q),
            rsa.RSAPublicNumbers(public.e, public.n),
        ).private_key()
    except (ValueError, ZeroDivisionError, UnsupportedAlgorithm) as error:
        raise BadOpenPgp(f"a secret key whose numbers are no key: {error}") from None
    return lambda digest: key.sign(digest, _PADDING, _PREHASHED["sha256"])


def new_rsa(bits: int) -> tuple[RsaNumbers, int, int, int]:
    """A fresh key: its public numbers, d, p and q."""
    numbers = rsa.generate_private_key(public_exponent=65537, key_size=bits).private_numbers()
    public = RsaNumbers(numbers.public_numbers.n, numbers.public_numbers.e)
    return public, numbers.d, numbers.p, numbers.q


def ed25519_signer(seed: bytes) -> tuple[EdwardsPoint, Callable[[bytes], bytes]]:
    """The public key of 32 secret bytes, and how to sign with them: 64 bytes."""
    key = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    return EdwardsPoint(key.public_key().public_bytes_raw()), key.sign


def new_ed25519() -> bytes:
    """The 32 secret bytes of a fresh key."""
    return ed25519.Ed25519PrivateKey.generate().private_bytes_raw()


def _verifier(material: Material) -> Verifier:
    match material:
        case RsaNumbers(n, e):
            return _rsa(rsa.RSAPublicNumbers(e, n).public_key())
        case DsaNumbers(p, q, g, y):
            group = dsa.DSAParameterNumbers(p, q, g)
            return _dsa(dsa.DSAPublicNumbers(y, group).public_key())
        case CurvePoint(curve, point):
            on = _NIST_CURVES[curve]
            return _ecdsa(ec.EllipticCurvePublicKey.from_encoded_point(on, point))
        case EdwardsPoint(point):
            return _ed25519(ed25519.Ed25519PublicKey.from_public_bytes(point).public_bytes_raw())


def _rsa(key: rsa.RSAPublicKey) -> Verifier:
    size = (key.key_size + 7) // 8

    def has_signed(digest: bytes, hash_name: str, values: tuple[bytes, ...]) -> bool:
        # Programs that count bits leave out the zeros in front.
        value = values[0].rjust(size, b"\0")
        try:
            key.verify(value, digest, _PADDING, _PREHASHED[hash_name])
        except InvalidSignature:
            return False
        return True

    return has_signed


def _dsa(key: dsa.DSAPublicKey) -> Verifier:
    def has_signed(digest: bytes, hash_name: str, values: tuple[bytes, ...]) -> bool:
        try:
            key.verify(_dss(values), digest, _PREHASHED[hash_name])
        except InvalidSignature:
            return False
        return True

    return has_signed


def _ecdsa(key: ec.EllipticCurvePublicKey) -> Verifier:
    def has_signed(digest: bytes, hash_name: str, values: tuple[bytes, ...]) -> bool:
        try:
            key.verify(_dss(values), digest, ec.ECDSA(_PREHASHED[hash_name]))
        except InvalidSignature:
            return False
        return True

    return has_signed


def _ed25519(point: bytes) -> Verifier:
    def has_signed(digest: bytes, hash_name: str, values: tuple[bytes, ...]) -> bool:
        # The hash function is OpenPGP's; Ed25519 signs its digest like any other bytes.
        del hash_name
        whole = values[0] if len(values) == 1 else b"".join(v.rjust(32, b"\0") for v in values)
        if len(whole) != crypto_sign_BYTES:
            return False
        try:
            crypto_sign_open(whole + digest, point)
        except BadSignatureError:
            return False
        return True

    return has_signed


def _dss(values: tuple[bytes, ...]) -> bytes:
    r, s = (int.from_bytes(value, "big") for value in values)
    return encode_dss_signature(r, s)
