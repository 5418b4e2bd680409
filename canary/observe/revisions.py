"""Convert a task definition: everything but the values of variables, options and labels."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import Container, TaskDefinition
from canary.observe.calls import plain, strings, when
from canary.observe.variables import address, is_address, is_bucket
from canary.redaction.patterns import mask_arguments

# Texts that may hold a secret. They are fields of their own, or known by their names alone.
_TEXTS = frozenset(
    {
        *("environment", "command", "entryPoint", "healthCheck", "logConfiguration"),
        *("dockerLabels", "firelensConfiguration", "extraHosts"),
    }
)
_PASSES = frozenset(
    {
        *("containerDefinitions", "status", "registeredAt", "registeredBy", "deregisteredAt"),
        *("requiresAttributes", "compatibilities", "deleteRequestedAt"),
        *("proxyConfiguration", "volumes"),  # their options are texts, too
    }
)
Json = dict[str, Any]


def described(raw: Json, parts: frozenset[str] = frozenset()) -> TaskDefinition:
    """Return a task definition without any value that could be a secret.

    `parts` are parts of names of variables that say who asks, see `Service.identity_variable`.
    """
    platform = raw.get("runtimePlatform") or {}
    region = (str(raw["taskDefinitionArn"]).split(":") + [""] * 4)[3]
    return TaskDefinition(
        arn=str(raw["taskDefinitionArn"]),
        family=str(raw.get("family", "")),
        revision=int(raw.get("revision") or 0),
        status=str(raw.get("status", "")),
        registered_at=when(raw.get("registeredAt")),
        execution_role=str(raw.get("executionRoleArn", "")),
        task_role=str(raw.get("taskRoleArn", "")),
        cpu=str(raw.get("cpu", "")),
        memory=str(raw.get("memory", "")),
        architecture=str(platform.get("cpuArchitecture", "X86_64")),
        network_mode=str(raw.get("networkMode") or ""),
        compatibilities=strings(raw.get("requiresCompatibilities")),
        ephemeral_gib=int((raw.get("ephemeralStorage") or {}).get("sizeInGiB") or 0),
        config={k: plain(v) for k, v in raw.items() if k not in _PASSES},
        containers=tuple(
            _container(c, parts, region) for c in raw.get("containerDefinitions") or []
        ),
    )


def _container(raw: Json, parts: frozenset[str], region: str) -> Container:
    pairs = raw.get("environment") or []
    variables = {str(e.get("name", "")): str(e.get("value", "")) for e in pairs}
    log = raw.get("logConfiguration") or {}
    options = log.get("options") or {}
    log_region = str(options.get("awslogs-region", ""))
    health = raw.get("healthCheck") or {}
    return Container(
        name=str(raw.get("name", "")),
        image=str(raw.get("image", "")),
        ports=tuple(int(p.get("containerPort") or 0) for p in raw.get("portMappings") or []),
        variables=tuple(sorted(variables)),
        plain={
            k: address(v)
            for k, v in sorted(variables.items())
            if is_address(k, parts) or is_bucket(k, v)
        },
        secrets={str(s["name"]): str(s.get("valueFrom", "")) for s in raw.get("secrets") or []},
        log_group=str(options.get("awslogs-group", "")),
        log_region=log_region if log_region != region else "",
        log_prefix=str(options.get("awslogs-stream-prefix", "")),
        log_driver=str(log.get("logDriver") or ""),
        memory=int(raw.get("memory") or 0),
        memory_reservation=int(raw.get("memoryReservation") or 0),
        cpu=int(raw.get("cpu") or 0),
        command=mask_arguments(strings(raw.get("command"))),
        entry_point=mask_arguments(strings(raw.get("entryPoint"))),
        health_command=" ".join(mask_arguments(strings(health.get("command")))),
        essential=bool(raw.get("essential", True)),
        user=str(raw.get("user") or ""),
        depends_on={
            str(d["containerName"]): str(d.get("condition", "")) for d in raw.get("dependsOn") or []
        },
        start_timeout_s=int(raw.get("startTimeout") or 0),
        stop_timeout_s=int(raw.get("stopTimeout") or 0),
        config={k: plain(v) for k, v in raw.items() if k not in _TEXTS},
    )
