"""Write down which Debian packages the images are made of: `make lock-debian`.

What debian.toml asks for and what that depends on, less what it leaves out, as Debian has it today:
one line for each package with the SHA-256 of its archive, which the build holds it to. Needs apt;
the mirror is this machine's, or DEBIAN_MIRROR.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
SITES = ("debian", "debian-security")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_ALTERNATIVE = re.compile(r"([a-z0-9][a-z0-9+.-]+)(?::any)?")

Fields = dict[str, str]


class Index:
    """Debian's packages for one architecture, the newest of each, in a folder of our own."""

    def __init__(self, folder: Path, suite: str, architecture: str) -> None:
        self._options = _options(folder, architecture)
        debian, security = (f"deb [signed-by={KEYRING}] {_mirror(site)}/{site}" for site in SITES)
        (folder / "sources.list").write_text(
            f"{debian} {suite} main\n"
            f"{debian} {suite}-updates main\n"
            f"{security} {suite}-security main\n"
        )
        (folder / "status").touch()
        (folder / "lists/partial").mkdir(parents=True)
        self._run("apt-get", "update", "-qq")
        self._known: dict[str, Fields] = {}
        self._provided: dict[str, list[str]] = {}
        for fields in _paragraphs(self._run("apt-cache", "dumpavail")):
            self._known[fields["Package"]] = fields
            for name in _names(fields.get("Provides", "")):
                self._provided.setdefault(name, []).append(fields["Package"])

    def closure(self, wanted: Iterable[str], left_out: Iterable[str]) -> list[Fields]:
        """The packages and what they depend on; of alternatives one that is there or the first."""
        found: dict[str, Fields] = {}
        without, waiting = set(left_out), list(wanted)
        while waiting:
            name = waiting.pop(0)
            if name in found or name in without:
                continue
            found[name] = self._known[name]
            for field in ("Pre-Depends", "Depends"):
                for group in filter(None, found[name].get(field, "").split(",")):
                    waiting.append(self._choice(_names(group, "|"), {*found, *without, *waiting}))
        return [found[name] for name in sorted(found)]

    def _choice(self, alternatives: list[str], settled: set[str]) -> str:
        offered = [
            package
            for name in alternatives
            for package in ([name] if name in self._known else self._provided.get(name, []))
        ]
        return next((package for package in offered if package in settled), offered[0])

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            [command[0], *self._options, *command[1:]],
            check=True,
            text=True,
            stdout=subprocess.PIPE,
        )
        return done.stdout


def _mirror(site: str) -> str:
    command = ["sh", str(HERE / "mirror.sh"), site]
    done = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE)
    return done.stdout.strip()


def _options(folder: Path, architecture: str) -> list[str]:
    options = {
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Dir::Cache": folder / "cache",
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": "-",
        "Dir::State::Lists": folder / "lists",
        "Dir::State::Status": folder / "status",
    }
    return [word for name, value in options.items() for word in ("-o", f"{name}={value}")]


def _paragraphs(text: str) -> Iterator[Fields]:
    for paragraph in text.split("\n\n"):
        fields = dict(re.findall(r"^([\w-]+): (.*)$", paragraph, re.MULTILINE))
        if fields:
            yield fields


def _names(relations: str, separator: str = ",") -> list[str]:
    found = (_ALTERNATIVE.match(each.strip()) for each in relations.split(separator))
    return [name[1] for name in found if name]


def _line(fields: Fields, group: str) -> str:
    path = fields["Filename"]
    site = SITES[path.startswith("pool/updates/")]
    return f"{fields['SHA256']}  {group:8} {site}/{path}"


def locked(index: Index, groups: dict[str, list[str]], left_out: Iterable[str]) -> list[str]:
    """The first group is in every image; those after it hold what it lacks."""
    lines: list[str] = []
    base: set[str] = set()
    for number, (group, wanted) in enumerate(groups.items()):
        packages = index.closure(wanted, {*left_out, *base})
        lines += [_line(fields, group) for fields in packages]
        if number == 0:
            base = {fields["Package"] for fields in packages}
    return lines


def main() -> None:
    asked = tomllib.loads((HERE / "debian.toml").read_text())
    today = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    for architecture in asked["architectures"]:
        with tempfile.TemporaryDirectory() as folder:
            index = Index(Path(folder), asked["suite"], architecture)
            lines = locked(index, asked["groups"], asked["left_out"])
        head = f"# Made by `make lock-debian` from debian.toml; never edited.\n# snapshot {today}\n"
        (HERE / f"debian-{architecture}.lock").write_text(head + "\n".join(lines) + "\n")
        sys.stdout.write(f"{architecture}: {len(lines)} packages\n")


if __name__ == "__main__":
    main()
