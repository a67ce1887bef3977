"""The Debian packages of the images: what the lock says, and how it is held to."""

import hashlib
import os
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ARCHITECTURES = ("amd64", "arm64")
Entry = tuple[str, str, str]  # SHA-256, group, path

needs_debian = pytest.mark.skipif(
    not (shutil.which("dpkg-deb") and Path("/usr/lib/apt/apt-helper").exists()),
    reason="no dpkg-deb and apt-helper here",
)


@pytest.fixture
def folder(repository: Path) -> Path:
    return repository / "deploy/image"


@pytest.fixture
def asked(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "debian.toml").read_text())


def entries(folder: Path, architecture: str) -> list[Entry]:
    lines = (folder / f"debian-{architecture}.lock").read_text().splitlines()
    found = [line.split() for line in lines if not line.startswith("#")]
    return [(sha256, group, path) for sha256, group, path in found]


def name_of(path: str) -> str:
    return Path(path).name.partition("_")[0]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_package_has_its_hash(folder: Path, architecture: str) -> None:
    found = entries(folder, architecture)
    assert len(found) > 200
    for sha256, _, path in found:
        assert len(bytes.fromhex(sha256)) == 32
        assert path.startswith(("debian/pool/", "debian-security/pool/"))
        assert path.endswith((f"_{architecture}.deb", "_all.deb"))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_it_has_what_was_asked_for_and_nothing_that_was_left_out(
    folder: Path, asked: dict[str, Any], architecture: str
) -> None:
    found = entries(folder, architecture)
    base = {name_of(path) for _, group, path in found if group == "runtime"}
    for group, wanted in asked["groups"].items():
        assert set(wanted) <= base | {name_of(path) for _, its, path in found if its == group}
    assert not {name_of(path) for *_, path in found} & asked["left_out"].keys()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_no_image_for_one_node_has_a_shell_or_a_package_manager(
    folder: Path, architecture: str
) -> None:
    runtime = {
        name_of(path) for _, group, path in entries(folder, architecture) if group == "runtime"
    }
    assert not runtime & {"apt", "bash", "busybox", "coreutils", "dash", "dpkg", "perl-base"}


@pytest.fixture
def mirror(tmp_path: Path) -> Callable[[str, str], str]:
    """Puts a package that holds one file into a mirror below ``tmp_path`` and gives its SHA-256."""

    def publish(place: str, path: str) -> str:
        tree = tmp_path / "tree"
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "usr/share/doc/film").mkdir(parents=True)
        (tree / "usr/share/man/man1").mkdir(parents=True)
        (tree / "DEBIAN/control").write_text(
            "Package: film\nVersion: 1\nArchitecture: all\nMaintainer: us <us@film.example>\n"
            "Description: a film\n"
        )
        for name in ("doc/film/copyright", "doc/film/changelog", "man/man1/film.1"):
            (tree / "usr/share" / name).write_text("words\n")
        archive = tmp_path / place / path
        archive.parent.mkdir(parents=True)
        command = ["dpkg-deb", "--root-owner-group", "--build", str(tree), str(archive)]
        subprocess.run(command, check=True, capture_output=True)
        return hashlib.sha256(archive.read_bytes()).hexdigest()

    return publish


def apt_of(tmp_path: Path, *sites: str) -> dict[str, str]:
    """An environment whose apt takes packages from these below ``tmp_path`` alone."""
    sources = tmp_path / "sources.list"
    sources.write_text("".join(f"deb file://{tmp_path}/{site} stable main\n" for site in sites))
    settings = tmp_path / "apt.conf"
    settings.write_text(f'Dir::Etc::SourceList "{sources}";\nDir::Etc::SourceParts "-";\n')
    plain = {name: value for name, value in os.environ.items() if not name.startswith("DEBIAN_")}
    return plain | {"APT_CONFIG": str(settings)}


def mirror_of(folder: Path, site: str, environment: dict[str, str]) -> str:
    command = ["sh", str(folder / "mirror.sh"), site]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


@needs_debian
def test_the_mirror_is_the_one_that_apt_uses(folder: Path, tmp_path: Path) -> None:
    ours = apt_of(tmp_path, "elsewhere/apt", "here/debian", "there/debian-security")
    assert mirror_of(folder, "debian", ours) == f"file:{tmp_path}/here"
    assert mirror_of(folder, "debian-security", ours) == f"file:{tmp_path}/there"


@needs_debian
def test_what_apt_has_no_source_for_is_looked_for_beside_debian(
    folder: Path, tmp_path: Path
) -> None:
    ours = apt_of(tmp_path, "here/debian")
    assert mirror_of(folder, "debian-security", ours) == f"file:{tmp_path}/here"


@needs_debian
@pytest.mark.parametrize("site", ["debian", "debian-security"])
def test_another_mirror_can_be_named(folder: Path, tmp_path: Path, site: str) -> None:
    ours = apt_of(tmp_path, "here/debian") | {"DEBIAN_MIRROR": "http://mirror.example/all/"}
    assert mirror_of(folder, site, ours) == "http://mirror.example/all"


@needs_debian
def test_where_apt_knows_no_debian_it_is_said_how_to_name_one(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        mirror_of(folder, "debian", apt_of(tmp_path, "elsewhere/apt"))
    assert "DEBIAN_MIRROR" in capfd.readouterr().err


POOL = "pool/main/f/film/film_1_all.deb"


def unpack(
    folder: Path, tmp_path: Path, sha256: str, **places: str
) -> subprocess.CompletedProcess[str]:
    """Run the script for a lock of that one package.

    Where apt's sources name ``tmp_path``/mirror alone.
    """
    place = tmp_path / "image"
    place.mkdir()
    for name in ("unpack.sh", "mirror.sh", "left-out-debian.txt"):
        shutil.copy(folder / name, place)
    own = subprocess.run(
        ["dpkg", "--print-architecture"], check=True, capture_output=True, text=True
    ).stdout.strip()
    (place / f"debian-{own}.lock").write_text(
        f"# snapshot 20260101T000000Z\n{sha256}  runtime  debian/{POOL}\n"
    )
    environment = (
        apt_of(tmp_path, "mirror/debian") | {"FETCHED": str(tmp_path / "fetched")} | places
    )
    return subprocess.run(
        ["sh", "unpack.sh", "runtime", str(tmp_path / "root")],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
    )


@needs_debian
def test_packages_are_unpacked_with_their_licences_and_without_their_manuals(
    folder: Path, tmp_path: Path, mirror: Callable[[str, str], str]
) -> None:
    done = unpack(folder, tmp_path, mirror("mirror/debian", POOL))
    assert done.returncode == 0, done.stderr
    root = tmp_path / "root"
    kept = {str(p.relative_to(root)) for p in (root / "usr/share").rglob("*") if p.is_file()}
    assert kept == {"usr/share/doc/film/copyright"}
    assert "Version: 1" in (root / "var/lib/dpkg/status.d/film").read_text()


@needs_debian
def test_what_the_mirror_no_longer_has_comes_from_the_day_of_the_lock(
    folder: Path, tmp_path: Path, mirror: Callable[[str, str], str]
) -> None:
    sha256 = mirror("snapshot/debian/20260101T000000Z", POOL)
    done = unpack(folder, tmp_path, sha256, DEBIAN_SNAPSHOT=f"file://{tmp_path}/snapshot")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "root/usr/share/doc/film/copyright").exists()


@needs_debian
def test_another_package_of_the_same_name_is_refused(
    folder: Path, tmp_path: Path, mirror: Callable[[str, str], str]
) -> None:
    mirror("mirror/debian", POOL)
    done = unpack(folder, tmp_path, "0" * 64)
    assert done.returncode != 0
    assert not (tmp_path / "root/usr/share/doc/film/copyright").exists()
    assert "make lock-debian" in done.stderr


@needs_debian
def test_without_an_archive_of_snapshots_it_is_said_which_argument_names_one(
    folder: Path, tmp_path: Path, mirror: Callable[[str, str], str]
) -> None:
    done = unpack(folder, tmp_path, mirror("elsewhere/debian", POOL))
    assert done.returncode != 0
    assert "Give DEBIAN_SNAPSHOT, the address of an archive of Debian's snapshots" in done.stderr
