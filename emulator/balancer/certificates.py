"""Choose a listener's certificate by the server name that a client requests."""

from __future__ import annotations

import logging
import os
import ssl
import tempfile
import warnings
from functools import lru_cache
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from emulator.balancer.model import Certificate, Tls

VERSIONS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
# OpenSSL's lowest level of security: higher ones refuse TLS 1.0 and 1.1 whatever a policy allows
LOWEST_LEVEL = "@SECLEVEL=0"
log = logging.getLogger(__name__)


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate ready to serve; a higher rank is preferred."""

    names: tuple[str, ...]
    rank: tuple[int, int]
    context: ssl.SSLContext
    chain: str
    key: str


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        return tuple(name.lower() for name in found.value.get_values_for_type(x509.DNSName))
    except x509.ExtensionNotFound:
        common = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return tuple(str(attribute.value).lower() for attribute in common)


def _rank(certificate: x509.Certificate) -> tuple[int, int]:
    """Return a certificate's rank: ECDSA before RSA, then by key length."""
    key = certificate.public_key()
    size = key.key_size if isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey) else 0
    return (int(isinstance(key, ec.EllipticCurvePublicKey)), size)


def _context(chain: str, key: str, tls: Tls) -> ssl.SSLContext:
    """Return a server's TLS context; the key is in a file briefly, as OpenSSL requires."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    allowed = [VERSIONS[name] for name in tls.protocols]
    with warnings.catch_warnings():  # TLS 1.0 and 1.1 are old, and some policies allow them
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = min(allowed), max(allowed)
    if tls.ciphers:
        context.set_ciphers(":".join([*tls.ciphers, LOWEST_LEVEL]))
    context.set_alpn_protocols(["http/1.1"])
    with tempfile.TemporaryDirectory(prefix="balancer-") as folder:  # 0700
        path = Path(folder) / "pair.pem"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{chain.strip()}\n{key.strip()}\n")
        context.load_cert_chain(path)
    return context


@lru_cache(maxsize=64)
def load(certificate: str, chain: str, key: str, tls: Tls) -> Loaded:
    """Return a certificate ready to serve; raises ValueError or ssl.SSLError where it is broken."""
    parsed = x509.load_pem_x509_certificate(certificate.encode())
    whole = f"{certificate.strip()}\n{chain}"
    return Loaded(
        names=_names(parsed),
        rank=_rank(parsed),
        context=_context(whole, key, tls),
        chain=whole,
        key=key,
    )


def name_matches(pattern: str, name: str) -> bool:
    """Return whether a certificate's name covers a host; a wildcard is one label deep."""
    if pattern.startswith("*."):
        return name.partition(".")[2] == pattern[2:]
    return name == pattern


def choose(loaded: list[Loaded], name: str | None) -> Loaded:
    """Return the certificate to serve; without a match it is the first one, the default."""
    wanted = (name or "").lower().rstrip(".")
    fitting = [one for one in loaded if any(name_matches(p, wanted) for p in one.names)]
    return max(fitting, key=lambda one: one.rank) if fitting else loaded[0]


def server_context(certificates: list[Certificate], tls: Tls) -> ssl.SSLContext | None:
    """Return a listener's context; None (handshakes fail) where no certificate can be served."""
    ordered = sorted(certificates, key=lambda one: not one.default)
    loaded: list[Loaded] = []
    for one in ordered:
        try:
            loaded.append(load(one.certificate, one.chain or "", one.key, tls))
        except (ValueError, ssl.SSLError) as error:
            log.warning("certificate %s cannot be served: %s", one.arn, error)
    if not loaded:
        return None

    def by_name(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        connection.context = choose(loaded, name).context

    # A context of its own: the callback belongs to this listener, the loaded ones are shared.
    context = _context(loaded[0].chain, loaded[0].key, tls)
    context.sni_callback = by_name
    return context
