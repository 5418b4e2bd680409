"""Start moto's server in this process, with the emulator's extensions installed."""

from __future__ import annotations

import functools
import logging
import socket
import threading
from typing import Any

from emulator import cloudformation, trail
from emulator.autoscaling import moto_autoscaling as autoscaling
from emulator.aws import certificates, changes, discovery, ec2, gateways, in_use, modules, secrets
from emulator.aws.endpoint import Endpoint
from emulator.ecs import moto_ecs
from emulator.ecs.rollouts import install as rollouts
from emulator.elbv2 import target_health as elbv2
from emulator.iam import enforcement as iam
from emulator.stores import caches, databases
from emulator.validation import operations
from emulator.waf import moto_waf as waf

HOST = "127.0.0.1"


class AwsServer:
    """The server of the emulated AWS API."""

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._server: Any = None
        self.endpoint = Endpoint(url="")

    def start(self) -> Endpoint:
        """Listen on loopback; raises OSError if the port is taken."""
        install_extensions()
        from moto.moto_server.werkzeug_app import (
            DomainDispatcherApplication,
            MotoRequestHandler,
            create_backend_app,
        )
        from werkzeug.serving import make_server

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        # werkzeug ends the process when a port is taken: bind here, where it is an exception
        listener = socket.create_server((HOST, self._port), backlog=128)
        self._server = make_server(
            HOST,
            listener.getsockname()[1],
            DomainDispatcherApplication(create_backend_app),
            threaded=True,
            request_handler=MotoRequestHandler,
            fd=listener.detach(),
        )
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="aws", daemon=True).start()
        self.endpoint = Endpoint(url=f"http://{HOST}:{self._server.port}")
        return self.endpoint

    def stop(self) -> None:
        """Stop listening; the state goes with the process."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


@functools.cache
def install_extensions() -> None:
    """Patch moto once, before it answers its first request."""
    modules.install()
    operations.install()  # first: AWS asks who somebody is before it reads what they want
    iam.install()
    elbv2.install()
    waf.install()
    ec2.install()
    gateways.install()
    in_use.install()
    discovery.install()
    certificates.install()
    secrets.install()
    databases.install()
    caches.install()
    changes.install()
    cloudformation.install()
    moto_ecs.install()
    rollouts.install()
    autoscaling.install()
    trail.install()  # last: it records what all the others answer
