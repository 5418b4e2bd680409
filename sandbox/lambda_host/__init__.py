"""Runs deployed Lambda functions as AWS does: AWS's runtime client against a local runtime API."""

from __future__ import annotations

from pathlib import Path

from sandbox.lambda_host.install import LambdaHost, install_into_moto


def install(
    port: int, *, speed: float = 1.0, work_dir: Path | None = None, host: str = "127.0.0.1"
) -> LambdaHost:
    """Make moto's Lambda run code; `port` is the emulator's, which functions call back.

    The caller stops the host that is returned: it ends every environment and removes its files.
    """
    return install_into_moto(f"http://{host}:{port}", speed, work_dir)


__all__ = ["LambdaHost", "install"]
