"""Write the arguments of the Terraform provider's resources from its published Python bindings.

    pip download --no-deps -d OUT cdktf-cdktf-provider-aws==21.22.1
    python -m tests.canary.support.terraform.bindings OUT/*.whl

The bindings have 59 MB and need Node, so the tests read the table that this program writes. Each
row has its page of the provider's documentation. What Terraform gives every resource is left out.
"""

from __future__ import annotations

import ast
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("schema.json")
TYPES = (
    *("aws_lb", "aws_lb_listener", "aws_lb_listener_certificate", "aws_lb_listener_rule"),
    *("aws_lb_target_group", "aws_ecs_service", "aws_service_discovery_service"),
    *("aws_vpc_security_group_egress_rule", "aws_vpc_security_group_ingress_rule"),
    *("aws_cloudwatch_log_group", "aws_iam_role_policy", "aws_iam_role_policy_attachment"),
)
_PAGE = "https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/{}"
# What each resource has by Terraform itself, and the computed id.
_META = frozenset(
    {"connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioners", "id"}
)


def main(wheel: str) -> None:
    """Write the table from the bindings' wheel."""
    with zipfile.ZipFile(wheel) as bindings:
        found = {kind: _resource(bindings, kind) for kind in TYPES}
    whole = {"source": Path(wheel).name, "resources": found}
    TABLE.write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _resource(bindings: zipfile.ZipFile, kind: str) -> dict[str, Any]:
    name = kind.removeprefix("aws_")
    text = bindings.read(f"cdktf_cdktf_provider_aws/{name}/__init__.py").decode()
    classes = {n.name: n for n in ast.parse(text).body if isinstance(n, ast.ClassDef)}
    config = next(name for name in classes if name.endswith("Config") and _is_whole(classes[name]))
    return {"page": _PAGE.format(name), **_arguments(classes, config)}


def _is_whole(found: ast.ClassDef) -> bool:
    return any(a.arg == "provisioners" for a in _init(found).args.kwonlyargs)


def _init(found: ast.ClassDef) -> ast.FunctionDef:
    return next(n for n in found.body if isinstance(n, ast.FunctionDef) and n.name == "__init__")


def _arguments(classes: dict[str, ast.ClassDef], name: str) -> dict[str, Any]:
    """Return which arguments a class takes, which of them it needs, and the blocks among them."""
    arguments = _init(classes[name]).args
    given = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    own = [(a, default) for a, default in given if a.arg not in _META]
    inner = {a.arg: found for a, _ in own if (found := _block(classes, a))}
    return {
        "required": sorted(a.arg for a, default in own if default is None),
        "optional": sorted(a.arg for a, default in own if default is not None),
        "blocks": {key: _arguments(classes, kind) for key, kind in sorted(inner.items())},
    }


def _block(classes: dict[str, ast.ClassDef], argument: ast.arg) -> str:
    """Return the class of a block's arguments, "" if the argument takes a plain value."""
    assert argument.annotation is not None
    for node in ast.walk(argument.annotation):
        if isinstance(node, ast.Constant) and str(node.value) in classes:
            return str(node.value)
        if isinstance(node, ast.Name) and node.id in classes:
            return node.id
    return ""


if __name__ == "__main__":
    main(sys.argv[1])
