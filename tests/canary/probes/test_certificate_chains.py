"""The certificate kind over chains and names of every sort: OpenSSL's verdict is final."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canary.model import Service, Status
from tests.canary.support.servers import faults
from tests.canary.support.servers.certificates import Chain, address, dns, written
from tests.canary.support.servers.toolbox import Bench, environment

HOST = "auth.hokus.ai"
LONG = "[0:0:0:0:0:0:0:1]"


def asked(folder: Path, chain: Chain, host: str = HOST, **spec: object) -> Bench:
    """Check a server that shows a chain."""
    context, bundle = written(chain, folder)
    with faults.serving(faults.good, context) as port:
        service = Service(url=f"https://{host}", connect_to={"443": f"127.0.0.1:{port}"})
        one = Bench(environment(services={"target": service}, ca_bundle=bundle))
        one.run("certificate", **spec)
        one.run("endpoint", path="/health")
    return one


def failing(one: Bench) -> set[str]:
    return {s.name for s in one.steps if s.status is Status.FAIL}


NAMED = dns(HOST)
BROKEN = [
    ("expired leaf", Chain(names=NAMED, leaf=(-90, -1)), {"leaf"}),
    ("leaf of tomorrow", Chain(names=NAMED, leaf=(1, 90)), {"leaf"}),
    ("expired intermediate", Chain(names=NAMED, intermediate=(-90, -1)), {"chain"}),
    ("intermediate of tomorrow", Chain(names=NAMED, intermediate=(1, 90)), {"chain"}),
    ("both expired", Chain(names=NAMED, leaf=(-9, -1), intermediate=(-9, -1)), {"leaf", "chain"}),
    ("expired root", Chain(names=NAMED, root=(-90, -1)), {"trust"}),
    ("unknown root", Chain(names=NAMED, known=False), {"trust"}),
    ("intermediate not sent", Chain(names=NAMED, sent=False), {"trust"}),
    ("unknown root, other name", Chain(names=dns("b.example"), known=False), {"trust", "name"}),
    ("expired, other name", Chain(names=dns("b.example"), leaf=(-90, -1)), {"name", "leaf"}),
    ("intermediate ends soon", Chain(names=NAMED, intermediate=(-90, 3)), {"chain"}),
]
REFUSED_NAMES = [
    (HOST, ()),
    (HOST, dns("other.hokus.ai")),
    (HOST, dns("*.ai")),
    ("hokus.ai", dns("*.ai")),
    (HOST, dns("*.*.ai")),
    (HOST, (x509.UniformResourceIdentifier(f"https://{HOST}"),)),
    (HOST, (x509.RFC822Name(f"x@{HOST}"),)),
    ("127.0.0.1", dns("127.0.0.1")),
    ("127.0.0.1", address("127.0.0.2")),
    (LONG, dns("::1")),
    ("a.auth.hokus.ai", dns("*.hokus.ai")),
]
ACCEPTED_NAMES = [
    (HOST, dns(HOST)),
    (HOST, dns("AUTH.Hokus.AI")),
    (HOST, dns("*.hokus.ai")),
    (f"{HOST}.", dns(HOST)),
    ("bücher.example", dns("xn--bcher-kva.example")),
    ("127.0.0.1", address("127.0.0.1")),
    ("[::1]", address("::1")),
    (LONG, address("::1")),
    (HOST, (x509.UniformResourceIdentifier("https://a.example"), *dns("a.example", HOST))),
]


@pytest.mark.parametrize(("chain", "steps"), [r[1:] for r in BROKEN], ids=[r[0] for r in BROKEN])
def test_each_broken_chain_fails_its_own_steps(
    tmp_path: Path, chain: Chain, steps: set[str]
) -> None:
    one = asked(tmp_path, chain)
    soon = steps == {"chain"} and chain.intermediate == (-90, 3)
    assert failing(one) == (steps if soon else {*steps, "GET /health"})


@pytest.mark.parametrize(("host", "names"), REFUSED_NAMES)
def test_a_name_that_openssl_refuses_fails_certificate_and_endpoint(
    tmp_path: Path, host: str, names: tuple[x509.GeneralName, ...]
) -> None:
    one = asked(tmp_path, Chain(names=names, common_name=host[:60]), host)
    assert failing(one) == {"name", "GET /health"}


@pytest.mark.parametrize(("host", "names"), ACCEPTED_NAMES)
def test_a_name_that_openssl_accepts_passes_certificate_and_endpoint(
    tmp_path: Path, host: str, names: tuple[x509.GeneralName, ...]
) -> None:
    one = asked(tmp_path, Chain(names=names), host)
    assert {s.name: s.status.value for s in one.steps} == {
        "trust": "PASS", "name": "PASS", "leaf": "PASS", "chain": "PASS", "GET /health": "PASS",
    }  # fmt: skip


def test_a_broken_chain_names_the_certificate_that_is_broken(tmp_path: Path) -> None:
    one = asked(tmp_path, Chain(names=NAMED, intermediate=(-90, -1)))
    assert "certificate above the leaf is intermediate, valid " in one.reason("chain")
    (seen,) = next(s for s in one.steps if s.name == "chain").evidence
    assert [text.partition(",")[0] for text in seen.certificate_chain] == ["intermediate"]


@pytest.mark.parametrize(
    ("chain", "steps"),
    [
        (Chain(names=dns("b.example")), set()),
        (Chain(names=NAMED, known=False), set()),
        (Chain(names=NAMED, leaf=(-90, -1)), {"leaf"}),
        (Chain(names=NAMED, intermediate=(-90, -1)), {"chain"}),
        (Chain(names=NAMED, root=(-90, -1)), {"chain"}),
    ],
)
def test_a_check_of_the_days_alone_leaves_trust_and_name_to_another(
    tmp_path: Path, chain: Chain, steps: set[str]
) -> None:
    one = asked(tmp_path, chain, only_days=True)
    assert failing(one) - {"GET /health"} == steps


def verdict(context: ssl.SSLContext, bundle: str, host: str) -> bool:
    """Return whether Python's ssl alone, without any of ours, accepts what a server shows."""
    client = ssl.create_default_context(cafile=bundle)
    client.hostname_checks_common_name = False
    coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(coming, going, server_hostname=host)
    theirs = context.wrap_bio(going, coming, server_side=True)
    for _ in range(4):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return False
    return True


DATES = st.sampled_from([(-10, 90), (-10, 90), (-90, -1), (1, 90)])
NAMES = st.sampled_from(
    [NAMED, dns("*.hokus.ai"), dns("other.hokus.ai"), dns("*.ai"), (), address("127.0.0.1")]
)
CHAINS = st.builds(
    Chain,
    names=NAMES,
    leaf=DATES,
    intermediate=st.one_of(st.none(), DATES),
    root=DATES,
    sent=st.sampled_from([True, True, True, False]),
    known=st.sampled_from([True, True, True, False]),
    keys=st.just(Chain().keys),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(chain=CHAINS)
def test_the_check_passes_where_ssl_accepts_and_nowhere_else(tmp_path: Path, chain: Chain) -> None:
    context, bundle = written(chain, tmp_path)
    accepted = verdict(context, bundle, HOST)
    failed = failing(asked(tmp_path, chain, days=0))
    assert (failed == set()) == accepted
    assert ("GET /health" in failed) == (not accepted)
