"""Certificate chains of the tests' own making, good and bad in one respect each."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey
Days = tuple[float, float]  # valid from and until, in days from now
GOOD: Days = (-10, 90)


def dns(*names: str) -> tuple[x509.GeneralName, ...]:
    return tuple(x509.DNSName(name) for name in names)


def address(*texts: str) -> tuple[x509.GeneralName, ...]:
    return tuple(x509.IPAddress(ipaddress.ip_address(text)) for text in texts)


@dataclass(frozen=True, kw_only=True)
class Chain:
    """What a server shows: names of the leaf, and the dates of each certificate."""

    names: Sequence[x509.GeneralName] = ()
    common_name: str = "leaf"
    leaf: Days = GOOD
    intermediate: Days | None = GOOD  # None: the root signs the leaf
    root: Days = GOOD
    sent: bool = True  # the server sends the intermediate, too
    known: bool = True  # the client knows the root
    keys: list[Key] = field(default_factory=lambda: [_key() for _ in range(3)])


def _key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def _signed(
    subject: str, key: Key, issuer: str, by: Key, days: Days, names: Sequence[x509.GeneralName]
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + dt.timedelta(days=days[0]))
        .not_valid_after(now + dt.timedelta(days=days[1]))
        .add_extension(
            x509.BasicConstraints(ca=subject in ("root", "intermediate"), path_length=None),
            critical=True,
        )
    )
    if names:
        made = made.add_extension(x509.SubjectAlternativeName(list(names)), critical=False)
    return made.sign(by, hashes.SHA256())


def _pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(c.public_bytes(serialization.Encoding.PEM) for c in certificates)


def written(chain: Chain, folder: Path) -> tuple[ssl.SSLContext, str]:
    """Write a chain's files; return the server's context and the path of the client's bundle."""
    leaf_key, middle_key, root_key = chain.keys
    root = _signed("root", root_key, "root", root_key, chain.root, ())
    shown = []
    signer = ("root", root_key)
    if chain.intermediate is not None:
        middle = _signed("intermediate", middle_key, *signer, chain.intermediate, ())
        signer = ("intermediate", middle_key)
        shown = [middle] if chain.sent else []
    leaf = _signed(chain.common_name, leaf_key, *signer, chain.leaf, chain.names)
    other = _key()
    bundle = root if chain.known else _signed("root", other, "root", other, GOOD, ())
    (folder / "ca.pem").write_bytes(_pem(bundle))
    (folder / "chain.pem").write_bytes(_pem(leaf, *shown))
    (folder / "key.pem").write_bytes(
        leaf_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "chain.pem", folder / "key.pem")
    return context, str(folder / "ca.pem")
