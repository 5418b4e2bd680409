"""Carry a survey out: from the words of a person to an environment and its first checks."""

from __future__ import annotations

from typing import Any

import msgspec

from canary.model import Environment, Frozen, Service
from canary.observe import definitions
from canary.observe.calls import Clients, Permission, Reader, in_order
from canary.observe.threads import begin
from canary.survey import checks, clusters, entries, front, names, parts, stores, surroundings, ways
from canary.survey.failures import near as alike
from canary.survey.values import UNKNOWN, Asked, Note, Part, Survey, SurveyError

PERMISSIONS: tuple[Permission, ...] = (
    *clusters.ACTIONS,
    *definitions.ACTIONS[:1],
    *front.ACTIONS,
    *stores.ACTIONS,
    *surroundings.ACTIONS,
)
Json = dict[str, Any]
Led = dict[str, tuple[str, str]]


class _Place(Frozen, frozen=True, kw_only=True):
    """The cluster, its account, and the services that are meant."""

    cluster: str
    account: str
    raw: list[Json]

    @property
    def groups(self) -> frozenset[str]:
        """Return the ARNs of all target groups of the services."""
        return frozenset(arn for s in self.raw for arn in clusters.groups_in(s))


def survey(clients: Clients, asked: Asked) -> Survey:
    """Return what is found; raises SurveyError in one sentence where it cannot go on."""
    reader = Reader(clients, _empty(asked))
    every = front.listed(reader)
    place = _place(reader, asked, every)
    kept = begin(stores.read, reader)
    found = parts.read(reader, place.raw, place.cluster)
    _known(asked, place)
    near = front.chosen(every, place.groups, ())
    led = {u.host: _led(u.service, place, every) or front.leads(u, every.balancers or [], near)
           for u in asked.urls}  # fmt: skip
    environment = _begun(asked, place)
    wanted = front.chosen(every, place.groups, [name for name, _ in led.values()])
    before, other = front.read(clients, environment, wanted, place.groups)
    found = parts.with_groups(found, place.raw, before.groups)
    certificates = surroundings.shown(other, before.balancers)
    doors = entries.found(asked, led, before.balancers, certificates)
    way = ways.found(doors, found, asked, before.balancers)
    used = stores.used(reader, found, kept.result())
    whole, notes = _whole(reader, environment, found, way, used, asked)
    return Survey(
        environment=whole,
        checks=checks.made(whole, found, before.balancers, way.asked),
        balancers=before.balancers,
        parts=found,
        notes=(*_of_urls(led), *way.notes, *notes, *used.notes, *_missing(whole)),
        unavailable=in_order({*reader.unavailable(), *other.unavailable()}),
    )


def _empty(asked: Asked) -> Environment:
    return Environment(
        name="survey",
        account=UNKNOWN,
        region=asked.region,
        cluster=asked.cluster,
        services={},
        ca_bundle=asked.ca_bundle,
        aws_endpoint_url=asked.aws_endpoint_url,
    )


def _begun(asked: Asked, place: _Place) -> Environment:
    return msgspec.structs.replace(
        _empty(asked),
        name=names.plain(place.cluster),
        cluster=place.cluster,
        account=place.account or UNKNOWN,
    )


def _place(reader: Reader, asked: Asked, every: front.Listed) -> _Place:
    """Find the services: by the cluster, else by the groups behind the addresses."""
    led = [front.leads(u, every.balancers or [], frozenset())[0] for u in asked.urls]
    arns = {
        str(b["LoadBalancerArn"]) for b in every.balancers or [] if b["LoadBalancerName"] in led
    }
    groups = frozenset(
        str(g["TargetGroupArn"])
        for g in every.groups or []
        if arns & {*(g.get("LoadBalancerArns") or [])}
    )
    if groups and not asked.cluster and not asked.services:
        cluster, raw, account = clusters.behind(reader, groups)
        return _Place(cluster=cluster, account=account, raw=raw)
    cluster, account = clusters.cluster_of(reader, asked)
    raw = clusters.services_of(reader, cluster, asked, groups)
    return _Place(cluster=cluster, account=account, raw=raw)


def _known(asked: Asked, place: _Place) -> None:
    """Refuse an address of a service that is none of those that are meant."""
    names = [str(s["serviceName"]) for s in place.raw]
    for url in asked.urls:
        if url.service and url.service not in names:
            text = f"--url {url.service[:100]}={url.base}: no such service; "
            raise SurveyError(text + alike(url.service, names))


def _led(service: str, place: _Place, every: front.Listed) -> tuple[str, str] | None:
    """Return the balancer of an address whose service a person told, None if nobody did."""
    own = [clusters.groups_in(s) for s in place.raw if s.get("serviceName") == service]
    known = front.chosen(every, frozenset().union(*own), ()) if own and service else frozenset()
    return (sorted(known)[0], "") if known else None


def _whole(
    reader: Reader,
    environment: Environment,
    found: tuple[Part, ...],
    way: ways.Ways,
    used: stores.Used,
    asked: Asked,
) -> tuple[Environment, tuple[Note, ...]]:
    """Return the environment with everything that was found."""
    registered = frozenset(arn for p in found for arn in p.service.registries)
    services, notes = parts.services(found, way, used, surroundings.cloud_map(reader, registered))
    network, more = surroundings.network(reader, found)
    whole = msgspec.structs.replace(
        environment,
        services={n: _connected(s, asked) for n, s in services.items()},
        routes=way.routes,
        network=network,
    )
    return whole, (*notes, *more)


def _connected(service: Service, asked: Asked) -> Service:
    """Return a service with the other place to which its host's connections are led."""
    host = service.url.partition("://")[2].partition("/")[0].partition(":")[0]
    return msgspec.structs.replace(service, connect_to=asked.connect_to.get(host, {}))


def _of_urls(led: Led) -> list[Note]:
    """Return what is not known of the addresses that a person gave."""
    notes = []
    for host, (name, why) in led.items():
        if not name:
            told = "say which service it is: --url SERVICE=URL"
            text = f"no balancer was found to which {host} leads; {told}"
            notes.append(Note(key=f"url {host}", text=text, missing=True))
        elif why:
            notes.append(Note(key=f"url {host}", text=f"it leads to {name}: {why}"))
    return notes


def _missing(environment: Environment) -> list[Note]:
    """Return what could not be known of the services."""
    notes = []
    for name, service in environment.services.items():
        if service.load_balancer and not service.url and not _shares(environment, name):
            text = "no host is known by which users reach it: give it with --url"
            notes.append(Note(key=f"services.{name}.url", text=text, missing=True))
        if service.ecs_service and not service.log_group:
            text = "its containers name no log group of CloudWatch"
            notes.append(Note(key=f"services.{name}.log_group", text=text, missing=True))
    return notes


def _shares(environment: Environment, name: str) -> bool:
    return any(r.service == name for r in environment.routes)
