"""``make image-test``: build the images, look into them, and let them work behind hard walls.

    python -m images [--store FOLDER] [TARGET ...]     cpu, demo, cuda, ray unless some are named

Ends with 1 if anything is not as it should be, or an image is larger than it may be. Needs root,
and a network for the packages; a first build takes some ten minutes and 15 GB of disk.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from images.building import REPOSITORY, Config, Store
from images.sizes import PACKAGES, measure, table

HERE = Path(__file__).parent
USER = 4242  # neither root nor the user that the image names
LIMITS_MB = {"cpu": 700, "demo": 720, "cuda": 2000, "ray": 2200}
LOOKS = ("walls", "nothing_to_spare", "libraries", "extras", "bill")
# What each image is put to, in one container each.
TURNS = {
    "cpu": (("files", *LOOKS, "doctor"), ("work", "models", "serve")),
    "demo": (("files", "walls", "bill", "doctor"), ("work", "demo")),
    "cuda": (("files", *LOOKS, "doctor"), ("work", "models", "gpu", "serve")),
    "ray": (("files", *LOOKS, "doctor"), ("work", "models", "ray")),
}
LABELS = ("title", "description", "version", "revision", "source", "licenses", "base.name")


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


class Problem(Exception):
    """Something of an image is not as it should be."""


def try_image(store: Store, target: str, revision: str) -> None:
    """Raises Problem at the first thing that is wrong."""
    say(f"\n{target}: building")
    image = store.build(target, revision)
    config = store.config(image)
    _check_labels(config, revision)
    with store.mounted(image) as root:
        _weigh(target, root)
        for program, *tasks in TURNS[target]:
            with _order(target, root, config) as order:
                _within_walls(order, program, tasks)


def _revision() -> str:
    command = ["git", "-C", str(REPOSITORY), "rev-parse", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def _check_labels(config: Config, revision: str) -> None:
    missing = [name for name in LABELS if not config.labels.get(f"org.opencontainers.image.{name}")]
    if missing:
        raise Problem(f"it has no label {', '.join(missing)}")
    if config.labels["org.opencontainers.image.revision"] != revision:
        raise Problem("its label names another revision")
    if config.user != "10001:10001" or not config.health:
        raise Problem(f"it runs as {config.user}, its health check is {config.health}")
    say(f"  ok    {len(config.labels)} labels, a health check, user {config.user}")


def _weigh(target: str, root: Path) -> None:
    parts = measure(root, _ffmpeg(root))
    say(table(parts))
    size_mb = sum(parts.values()) / 1e6
    if size_mb > LIMITS_MB[target]:
        raise Problem(f"it takes {size_mb:.0f} MB; at most {LIMITS_MB[target]} are allowed")
    told_mb = documented_mb(target)
    if abs(size_mb - told_mb) > 0.03 * told_mb:
        raise Problem(f"it takes {size_mb:.0f} MB; docs/container.md tells of {told_mb}")
    say(f"  ok    at most {LIMITS_MB[target]} MB, and what docs/container.md says ({told_mb} MB)")


def documented_mb(target: str) -> int:
    """What the table of the guide says."""
    guide = (REPOSITORY / "docs/container.md").read_text()
    row = re.search(rf"^\| `{target}`[^|]*\|[^|]*\| ([\d,]+) MB \|", guide, re.MULTILINE)
    return int(row[1].replace(",", "")) if row else 0


def _ffmpeg(root: Path) -> list[Path]:
    """ffmpeg's programs and the libraries they load, but for the C library's."""
    found = {root / "usr/bin/ffmpeg", root / "usr/bin/ffprobe"}
    loader = next(root.glob("lib64/ld-linux-*"), root / "lib/ld-linux-aarch64.so.1")
    command = ["chroot", str(root), f"/{loader.relative_to(root)}", "--list", "/usr/bin/ffmpeg"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for path in re.findall(r"=> (/\S+)", listed):
        real = Path(os.path.realpath(root / path[1:]))
        inside = root / "usr" / "lib"
        if real.is_relative_to(inside) and not re.match(r"lib(c|m|dl|pthread|rt)\.so", real.name):
            found.add(real)
    return sorted(found)


@contextmanager
def _order(target: str, root: Path, config: Config) -> Iterator[Path]:
    """What ``walls.py`` is to do, and what is brought into the image with it."""
    with tempfile.TemporaryDirectory(prefix="polycue-images-") as folder:
        brought = Path(folder) / "brought"
        _bring(brought, target, config)
        order = Path(folder) / "order.json"
        wanted = {
            "root": str(root),
            "uid": USER,
            "folder": config.folder,
            "volumes": config.volumes,
            "environment": config.environment
            | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": "/home"},
            "brought": {"/home": str(brought)},
            "command": [],
        }
        order.write_text(json.dumps(wanted))
        yield order


def _bring(folder: Path, target: str, config: Config) -> None:
    """What the programs within want beside the image, for every user to read."""
    shutil.copytree(HERE, folder / "images", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(REPOSITORY / "demo/models", folder / "models")
    (folder / "locks").mkdir()
    for pattern in ("requirements*.lock", "deploy/image/*.lock"):
        for path in REPOSITORY.glob(pattern):
            shutil.copy(path, folder / "locks")
    for name in ("script.json", "tour.mp4"):
        shutil.copy(REPOSITORY / "demo" / name, folder)
    (folder / "order.json").write_text(json.dumps(_told(target, config)))
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _told(target: str, config: Config) -> dict[str, Any]:
    """What the programs within are to know of the image."""
    told = {
        "target": target,
        "user": config.user,
        "command": config.command,
        "health": config.health,
        "site": f"/{PACKAGES}",
    }
    if target == "demo":
        told["models"] = config.environment["POLYCUE_MODELS_DIR"]
    return told


def _within_walls(order: Path, program: str, tasks: list[str]) -> None:
    wanted = json.loads(order.read_text())
    wanted["command"] = ["/opt/polycue/bin/python", "-m", f"images.inside.{program}", *tasks]
    order.write_text(json.dumps(wanted))
    walls = ["unshare", "--mount", "--net", "--ipc", "--uts", "--pid", "--fork", "--kill-child"]
    done = subprocess.run([*walls, sys.executable, str(HERE / "walls.py"), str(order)])
    if done.returncode:
        raise Problem(f"{program} {' '.join(tasks)} ended with {done.returncode}")


def main() -> int:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("targets", nargs="*", metavar="TARGET", default=list(TURNS))
    arguments.add_argument("--store", type=Path, default=REPOSITORY / ".polycue/images")
    told = arguments.parse_args()
    if os.geteuid() != 0:
        say("make image-test mounts file systems and makes namespaces: it has to be run as root")
        return 1
    store = Store(told.store)
    store.make_base()
    wrong, revision = [], _revision()
    for target in told.targets:
        try:
            try_image(store, target, revision)
        except (Problem, subprocess.CalledProcessError) as problem:
            say(f"  WRONG {problem}")
            wrong.append(target)
    say(f"\nNot as they should be: {', '.join(wrong)}" if wrong else "\nAll is as it should be.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
