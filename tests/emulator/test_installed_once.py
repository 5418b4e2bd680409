"""Moto is extended once in a process, whoever asks for it and in whatever order."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import emulator
from emulator.server import install_extensions


def installers() -> dict[str, Callable[[], None]]:
    """Every module of the emulator that extends moto by itself, by its name."""
    found: dict[str, Callable[[], None]] = {}
    root = Path(emulator.__file__).parent
    for file in sorted(root.rglob("*.py")):
        if "\ndef install() -> None:" in file.read_text():
            parts = file.relative_to(root.parent).with_suffix("").parts
            name = ".".join(part for part in parts if part != "__init__")
            found[name] = importlib.import_module(name).install
    return found


def extended() -> dict[str, Any]:
    """The calls of moto that a module of ours stands before."""
    from moto.elbv2.models import ELBv2Backend
    from moto.rds.models import RDSBackend
    from moto.wafv2.models import WAFV2Backend

    return {
        f"{backend.__name__}.{name}": call
        for backend in (ELBv2Backend, RDSBackend, WAFV2Backend)
        for name, call in vars(backend).items()
    }


def test_a_second_installation_changes_nothing() -> None:
    install_extensions()
    first = extended()
    assert first["WAFV2Backend.associate_web_acl"].__module__ == "emulator.waf.moto_waf"
    again = installers()
    assert {"emulator.waf.moto_waf", "emulator.trail", "emulator.iam.enforcement"} <= set(again)
    for install in again.values():
        install()
    assert extended() == first
