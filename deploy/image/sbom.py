"""What an image is made of, as a CycloneDX 1.6 bill of materials: Debian's and Python's packages.

    sbom.py --groups runtime [...] --reports packages [...]

Each with its version, its licence where its maker declares one, and the SHA-256 of the archive
that it came from: Debian's by the lock and the packages' own words, Python's by pip's reports. Runs
in the build, with the library of requirements-build.lock; an invalid result is an error.
"""

import argparse
import json
import platform
from collections.abc import Iterable, Iterator
from email.parser import Parser
from pathlib import Path
from typing import Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

BUILD = Path("/build")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def debian(lock: Path, statuses: Path, groups: Iterable[str]) -> Iterator[Component]:
    """The packages of these groups; ``statuses`` has a folder for each, a file for each package."""
    wanted = set(groups)
    lines = [line.split() for line in lock.read_text().splitlines() if not line.startswith("#")]
    for sha256, group, path in lines:
        if group not in wanted:
            continue
        name = Path(path).name.partition("_")[0]
        about = Parser().parsestr((statuses / group / name).read_text())
        source, version = str(about.get("Source", name)), str(about["Version"])
        yield _component(
            PackageURL(
                "deb",
                "debian",
                name,
                version,
                qualifiers={"arch": about["Architecture"], "distro": "debian-12"},
            ),
            sha256,
            description=f"of Debian's source package {source.partition(' ')[0]}",
        )


def python(report: Path) -> Iterator[Component]:
    """What pip says that it installed."""
    for item in json.loads(report.read_text())["install"]:
        about: dict[str, Any] = item["metadata"]
        archive = item["download_info"]["archive_info"]
        licence = about.get("license_expression") or about.get("license", "")
        yield _component(
            PackageURL("pypi", None, about["name"].lower().replace("_", "-"), about["version"]),
            archive["hashes"]["sha256"],
            description=about.get("summary"),
            licence=licence if len(licence) < 80 else "",
        )


def _component(
    purl: PackageURL, sha256: str, *, description: str | None, licence: str = ""
) -> Component:
    return Component(
        name=purl.name,
        version=purl.version,
        type=ComponentType.LIBRARY,
        purl=purl,
        bom_ref=purl.to_string(),
        description=description,
        licenses=[LicenseFactory().make_from_string(licence)] if licence else [],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256)],
    )


def bill(components: Iterable[Component]) -> str:
    """The text of it; raises ValueError if it is not what the schema says."""
    image = Component(name="polycue", type=ComponentType.CONTAINER, bom_ref="polycue-image")
    bom = Bom(components=components)
    bom.metadata.component = image
    bom.register_dependency(image, bom.components)
    text = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1)
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if problem is not None:
        raise ValueError(f"no valid CycloneDX: {problem}")
    return text


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--groups", nargs="+", required=True)
    asked.add_argument("--reports", nargs="+", required=True)
    told = asked.parse_args()
    lock = BUILD / f"debian-{ARCHITECTURES[platform.machine()]}.lock"
    components = list(debian(lock, Path("/debian"), told.groups))
    for report in told.reports:
        components += python(Path("/reports") / f"{report}.json")
    Path("/sbom.json").write_text(bill(components))


if __name__ == "__main__":
    main()
