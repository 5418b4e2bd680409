"""Any listener that AWS allows comes back from one fault just as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

from canary.diagnose.routing import listeners as rules
from canary.model import Result
from tests.canary.support import platforms as p
from tests.canary.support.aws_model import draw_routing as draw
from tests.canary.support.aws_model.account import NAMES, Account
from tests.canary.support.aws_model.profiles import PROFILES, holds
from tests.canary.support.aws_model.proof import remedy, restores, restores_if_confirmed

Json = dict[str, Any]
URL = f"https://registry.{NAMES.domain}/health"


def refused() -> Result:
    return p.failed("registry.health", "registry", p.none(URL, "refused"))


@pytest.mark.parametrize("many", PROFILES)
def test_a_deleted_listener(many: bool) -> None:
    def check(drawn: Json) -> None:
        well = draw.account(drawn)
        broken = well.copy()
        broken.do("elbv2", "DeleteListener", ListenerArn=draw.secure(broken))
        found = remedy(rules.listeners, "listener-missing", broken, well, refused())
        if draw.oidc(drawn):  # nobody but a person knows the client's secret
            assert found.fix == () and "client secret" in found.decision
        else:
            restores_if_confirmed(found, broken, well)

    holds(check, draw.listeners(), many=many)


CHANGES = st.one_of(
    st.integers(1, 65535).filter(lambda n: n not in (80, 443)).map(lambda n: {"Port": n}),
    st.just({"Protocol": "HTTP"}),
    st.just({"Protocol": "HTTP", "Port": 8080}),
)


@pytest.mark.parametrize("many", PROFILES)
def test_a_listener_on_another_port_or_of_another_protocol(many: bool) -> None:
    def check(drawn: Json, change: Json) -> None:
        well = draw.account(drawn)
        broken = well.copy()
        broken.do("elbv2", "ModifyListener", ListenerArn=draw.secure(broken), **change)
        found = remedy(rules.listeners, "listener-missing", broken, well, refused())
        restores_if_confirmed(found, broken, well)

    holds(check, draw.listeners(), CHANGES, many=many)


def plain(found: Account) -> str:
    return next(str(a) for a, x in found.held["listeners"].items() if x["Port"] == 80)


@pytest.mark.parametrize("many", PROFILES)
def test_a_plain_listener_that_redirects_no_more(many: bool) -> None:
    def check(drawn: Json, redirect: Json, other: Json) -> None:
        well = draw.account(drawn, redirect=redirect)
        broken = well.copy()
        broken.do("elbv2", "ModifyListener", ListenerArn=plain(broken), DefaultActions=[other])
        failed = p.failed("registry.plain", "registry", p.page(URL.replace("https", "http"), 503))
        found = remedy(rules.redirects, "rule-wrong-target", broken, well, failed)
        restores(found, broken, well)

    holds(check, draw.listeners(), draw.REDIRECTS, draw.action("forward"), many=many)
