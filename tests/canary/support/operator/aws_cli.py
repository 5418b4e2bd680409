"""Hand words to the AWS CLI; it makes the request that AWS would get, and sends nothing."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from awscli.clidriver import CLIDriver, create_clidriver
from botocore.validate import ParamValidator

from tests.canary.support.aws_model.drawn import model


class Arrived(NamedTuple):
    """A call as it would reach AWS: API names of operation and parameters."""

    service: str
    operation: str
    region: str
    parameters: dict[str, Any]

    @property
    def can_be(self) -> bool:
        """Return whether AWS's model takes the parameters; the AWS CLI sends nothing else."""
        shape = model(self.service).operation_model(self.operation).input_shape
        return not ParamValidator().validate(self.parameters, shape).has_errors()


class _StoppedError(BaseException):
    """Ends a call whose request is made: nothing that catches an exception sends it."""


class _Cli:
    def __init__(self) -> None:
        self.driver: CLIDriver = create_clidriver()
        session = self.driver.session
        session.set_credentials("test", "test")
        events = session.get_component("event_emitter")
        events.register_first("before-parameter-build.*.*", self._built)
        events.register_first("before-call.*.*", self._made)
        make, self._clients = session.create_client, dict[tuple[str, str], Any]()

        def client(service: str, region_name: str = "", **options: Any) -> Any:
            """Return one client for a service and region: making it takes most of the time."""
            key = (service, region_name)
            if key not in self._clients:
                self._clients[key] = make(service, region_name=region_name, **options)
            return self._clients[key]

        session.create_client = client
        self.parameters: dict[str, Any] = {}
        self.arrived: Arrived | None = None

    def _built(self, params: dict[str, Any], **_: Any) -> None:
        self.parameters = dict(params)

    def _made(self, model: Any, request_signer: Any, **_: Any) -> None:
        service = model.service_model.service_name
        self.arrived = Arrived(service, model.name, request_signer._region_name, self.parameters)
        raise _StoppedError


@cache
def _cli() -> _Cli:
    return _Cli()


def arrived(words: list[str]) -> Arrived | None:
    """Return the call of `aws WORDS`, None if the AWS CLI makes none (it says why on stderr)."""
    cli = _cli()
    cli.arrived = None
    try:
        cli.driver.main(words)
    except _StoppedError:
        return cli.arrived
    except SystemExit:  # of its parser of arguments
        return None
    return None
