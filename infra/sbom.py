"""The bundle's list of parts: a CycloneDX document of the packages in the zip.

It is made from the metadata of the installed packages, not from the requirements. The same bundle
has the same SBOM: CycloneDX 1.6 allows a document without a time stamp, and the serial number is
derived from the packages.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

import canary

NAME = "sbom.cdx.json"


def write(folder: Path) -> Path:
    """Write the SBOM of a folder of packages into the folder and return its path."""
    packages = sorted(_packages(folder), key=lambda c: c.name)
    whole = Component(
        name="hokusai-canary",
        version=canary.__version__,
        type=ComponentType.APPLICATION,
        licenses=[LicenseExpression("Apache-2.0")],
        bom_ref="hokusai-canary",
    )
    identity = "\n".join(str(c.purl) for c in packages)
    document = Bom(
        components=packages,
        metadata=BomMetaData(component=whole),
        serial_number=uuid.uuid5(uuid.NAMESPACE_URL, identity),
    )
    document.metadata.timestamp = None  # type: ignore[assignment]
    document.register_dependency(whole, packages)
    text = JsonV1Dot6(document).output_as_string(indent=1)
    path = folder / NAME
    path.write_text(text + "\n", encoding="utf-8")
    return path


def _packages(folder: Path) -> Iterator[Component]:
    for found in distributions(path=[str(folder)]):
        name, version = found.metadata["Name"], found.version
        purl = PackageURL(type="pypi", name=name.lower(), version=version)
        licence = _licence(found)
        yield Component(
            name=name,
            version=version,
            type=ComponentType.LIBRARY,
            purl=purl,
            bom_ref=str(purl),
            licenses=[licence] if licence else [],
        )


def _licence(found: Distribution) -> LicenseExpression | DisjunctiveLicense | None:
    """Return the licence in the package's metadata, if it is short."""
    metadata = found.metadata.json  # PEP 566: keys in lower case, "_" for "-"
    if metadata.get("license_expression"):
        return LicenseExpression(str(metadata["license_expression"]))
    text = str(metadata.get("license") or "")
    return DisjunctiveLicense(name=text) if 0 < len(text) <= 60 else None
