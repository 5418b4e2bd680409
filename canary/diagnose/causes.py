"""Every cause that a diagnosis may name, with its meaning.

Ids are stable: scripts rely on them. The rules in `canary.diagnose` find the causes; a test keeps
the two lists equal.
"""

from __future__ import annotations

CAUSES: dict[str, dict[str, str]] = {
    "routing": {
        "listener-missing": "The load balancer has no listener on the port.",
        "rule-missing": "No listener rule takes a path of the contract.",
        "rule-wrong-target": "The rule that takes the path forwards to another service.",
        "rule-shadowed": "A rule with a smaller priority takes the path first.",
        "rule-on-wrong-listener": "The rule exists, but on another listener of the balancer.",
        "target-group-detached": "No rule and no default action forwards to the target group.",
        "target-group-empty": "The target group has no registered target.",
        "balancer-attribute-wrong": "The balancer's idle timeout is too short for good answers.",
        "dns-wrong-load-balancer": "The host's name leads to another load balancer.",
        "dns-name-missing": "The host's name does not resolve.",
    },
    "targets": {
        "health-check-mismatch": "The health check's path or matcher is not what the app answers.",
        "port-mismatch": "The target group and the container do not use the same port.",
        "security-group-blocked": "No rule of a security group lets the connection in.",
        "targets-unhealthy": "Targets fail their health checks, and no other cause is found.",
        "target-protocol-mismatch": "One side speaks another protocol or version than the other.",
    },
    "ecs": {
        "service-missing": "The ECS service does not exist, or is inactive.",
        "service-scaled-to-zero": "The desired count of the service is 0.",
        "task-crash-loop": "Tasks start and stop again and again.",
        "task-out-of-memory": "Tasks are stopped because they use too much memory.",
        "container-ended": "A container that others of its task need has ended.",
        "image-pull-failed": "The image cannot be pulled.",
        "image-wrong-architecture": "The image is built for another processor architecture.",
        "log-group-missing": "The log group that the task writes to does not exist.",
        "secret-unavailable": "A secret or parameter that the task names cannot be read.",
        "execution-role-denied": "The execution role may not read what the task needs to start.",
        "deployment-stuck": "A deployment does not reach its steady state.",
        "deployment-rolled-back": "ECS's circuit breaker went back to the previous revision.",
        "deployment-not-effective": "The revision that runs is not the one that was deployed.",
    },
    "configuration": {
        "environment-variable-missing": "The task definition lost a variable.",
        "environment-variable-wrong": "A variable of the task definition has a wrong value.",
        "secret-not-injected": "The task definition lost a secret.",
        "upstream-url-wrong": "A service asks its upstream at a wrong address.",
        "service-id-wrong": "The API names itself to the auth service by a wrong id.",
    },
    "dependencies": {
        "database-unreachable": "The database does not answer.",
        "database-auth-failed": "The database refuses the user or password.",
        "database-schema-missing": "Tables are missing: migrations did not run.",
        "cache-unreachable": "The cache does not answer, or refuses its token.",
        "service-discovery-missing": "The service's name in Cloud Map has no instance.",
        "service-discovery-stale": "The service's name leads to an address without a task.",
        "artifact-store-failing": "Artifacts cannot be written or read.",
        "circuit-breaker-open": "A service stopped calling its dependency for a while.",
        "dependency-unreachable": "A service does not reach a service that it depends on.",
        "breaker-document-failing": "The circuit breaker's document cannot say that it is open.",
    },
    "auth": {
        "auth-service-down": "The auth service does not answer.",
        "credential-rejected": "A valid key is refused.",
        "credential-header-lost": "The key is lost on the way: a header is not forwarded.",
        "scope-insufficient": "The key is valid, but lacks a scope.",
        "scope-excessive": "A route does what the key's scope does not allow.",
        "mlflow-token-missing": "A service's own credential to MLflow is missing or refused.",
        "protection-missing": "A protected path answers without a key.",
        "revoked-key-accepted": "A protected path accepts a revoked key.",
        "expired-key-accepted": "A protected path accepts an expired key.",
        "rate-limit-missing": "Answers carry no rate limit headers.",
        "auth-error-misreported": "A failure of the auth service is answered as a refused key.",
    },
    "tls": {
        "certificate-expired": "The certificate has expired.",
        "certificate-expiring": "The certificate expires soon and was not renewed.",
        "certificate-name-mismatch": "The certificate is made for other names.",
        "certificate-untrusted": "No trusted authority signed the certificate.",
    },
    "application": {
        "route-not-mounted": "The application itself does not know the path.",
        "route-failing": "One route answers with an error each time; the others are well.",
        "host-header-rejected": "The application refuses the Host header it is sent.",
        "path-prefix-wrong": "A prefix of the path is lost or doubled on the way.",
        "proxy-drops-body": "A proxy loses the body of a request on the way.",
        "health-endpoint-misleading": "A health document contradicts the answers of real requests.",
        "latency-degraded": "Answers are correct, but slow.",
        "capacity-throttled": "Requests are refused because of load, a rate limit or a balance.",
    },
    "canary": {
        "canary-egress-blocked": "The canary itself cannot reach the platform.",
        "canary-permission-denied": "The canary's role may not read something it needs.",
        "canary-credential-missing": "The canary lacks a credential, or another kind is asked for.",
        "canary-config-wrong": "The environment file names something that does not exist.",
    },
}

ALL: dict[str, str] = {cause: says for family in CAUSES.values() for cause, says in family.items()}
