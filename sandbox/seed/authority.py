"""The twin's own certificate authority, whose key never leaves this process."""

from __future__ import annotations

import datetime as dt

import msgspec
import trustme

from emulator.aws.endpoint import Endpoint
from emulator.network.addresses import loopback
from sandbox.world.world import World


class Material(msgspec.Struct, frozen=True, kw_only=True):
    """A server certificate with its key and chain, PEM."""

    certificate: bytes
    key: bytes
    chain: bytes


class Authority:
    """Issues the server certificates of one twin."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ca = trustme.CA(organization_name="Hokusai sandbox", key_type=trustme.KeyType.ECDSA)

    @property
    def bundle(self) -> bytes:
        """Return the CA certificate that clients of the twin trust, PEM."""
        return self._ca.cert_pem.bytes()

    def issue(
        self,
        *identities: str,
        valid_days: float = 90,
        age_days: float = 1,
    ) -> Material:
        """Issue a certificate that was made `age_days` ago and ends in `valid_days` days."""
        now = dt.datetime.now(dt.UTC)
        leaf = self._ca.issue_cert(
            *identities,
            common_name=identities[0],
            key_type=trustme.KeyType.ECDSA,
            not_before=now - dt.timedelta(days=age_days),
            not_after=now + dt.timedelta(days=valid_days),
        )
        return Material(
            certificate=leaf.cert_chain_pems[0].bytes(),
            key=leaf.private_key_pem.bytes(),
            chain=self.bundle,
        )

    def platform(self, *, valid_days: float = 90, age_days: float = 1) -> Material:
        """Return the platform's certificate: the zone's wildcard, and the balancers' addresses.

        The addresses are a convenience for clients that cannot choose a server name.
        """
        return self.issue(
            *platform_identities(self._world), valid_days=valid_days, age_days=age_days
        )

    def of_host(self, host: str, *, valid_days: float = 90, age_days: float = 1) -> Material:
        """Return a certificate for one host alone, and the balancers' addresses."""
        addresses = platform_identities(self._world)[2:]
        return self.issue(host, *addresses, valid_days=valid_days, age_days=age_days)


def platform_identities(world: World) -> list[str]:
    """Return the names in the platform's certificate."""
    addresses = [loopback(address) for address in world.addresses.values()]
    return [f"*.{world.zone}", world.zone, *addresses]


def import_certificate(aws: Endpoint, material: Material, name: str) -> str:
    """Import a certificate into ACM and return its ARN."""
    answer = aws.client("acm").import_certificate(
        Certificate=material.certificate,
        PrivateKey=material.key,
        CertificateChain=material.chain,
        Tags=[{"Key": "Name", "Value": name}],
    )
    return str(answer["CertificateArn"])


def replace_certificate(aws: Endpoint, material: Material, arn: str) -> None:
    """Import a certificate in the place of another one, as its renewal does."""
    aws.client("acm").import_certificate(
        CertificateArn=arn,
        Certificate=material.certificate,
        PrivateKey=material.key,
        CertificateChain=material.chain,
    )
