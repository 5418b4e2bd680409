"""Run deployed Lambda functions with AWS's runtime client and a local runtime API."""

from __future__ import annotations

from pathlib import Path

from emulator.aws.endpoint import Endpoint
from emulator.lambda_host.install import LambdaHost, install_into_moto


def install(
    emulator: int | Endpoint,
    *,
    speed: float = 1.0,
    work_dir: Path | None = None,
    network: str = "",
) -> LambdaHost:
    """Let moto's Lambda run code; functions call the emulator at its endpoint or port.

    A function in a VPC asks the network at this host:port before it connects.
    The caller must stop the host, which ends every environment and removes its files.
    """
    url = f"http://127.0.0.1:{emulator}" if isinstance(emulator, int) else emulator.url
    return install_into_moto(url, speed, work_dir, network)


__all__ = ["LambdaHost", "install"]
