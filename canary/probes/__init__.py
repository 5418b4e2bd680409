"""How a kind of check is carried out: one file a kind, and the one table that names them."""

from __future__ import annotations

from canary.probes import access, endpoint
from canary.probes.kit import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="endpoint",
            spec=endpoint.EndpointSpec,
            run=endpoint.run,
            summary="one request, and what its answer must be",
            requests=endpoint.requests,
        ),
        Kind(
            name="access",
            spec=access.AccessSpec,
            run=access.run,
            summary="a matrix of principal, header form and route, and the answer each must get",
            requests=access.requests,
        ),
    )
}
