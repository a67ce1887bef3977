"""What can be known of the images without building them."""

import re
from fnmatch import fnmatch
from pathlib import Path


def copied_from_the_repository(dockerfile: str) -> set[str]:
    sources = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE)
    return {source for group in sources for source in group.split()}


def pins(lock: str) -> dict[str, str]:
    """Each package of a lock with its version and marker."""
    found = re.findall(r"^([a-z0-9][\w.-]*)==(\S+(?: ; [^\\]+)?)", lock, re.MULTILINE)
    return {name: pin.strip() for name, pin in found}


def test_all_that_is_copied_is_there_and_not_ignored(repository: Path) -> None:
    sources = copied_from_the_repository((repository / "Dockerfile").read_text())
    allowed = (repository / ".dockerignore").read_text()
    assert len(sources) > 5
    for source in sources:
        assert (repository / source).exists(), source
        assert any(fnmatch(source, kept) for kept in re.findall(r"^!(.+)$", allowed, re.M)), source


def test_the_lock_for_cuda_is_the_lock_and_nvidias_libraries(repository: Path) -> None:
    # They are installed over each other: another version of anything would be there twice.
    plain = pins((repository / "requirements.lock").read_text())
    cuda = pins((repository / "requirements-cuda.lock").read_text())
    assert "ctranslate2" in plain
    assert cuda.items() >= plain.items()
    assert all(name.startswith("nvidia-") for name in cuda.keys() - plain.keys())


def test_no_lock_says_where_packages_were_fetched(repository: Path) -> None:
    for lock in repository.glob("requirements*.lock"):
        text = lock.read_text()
        assert "index-url" not in text, lock.name
        assert "find-links" not in text, lock.name


def test_the_images_switch_off_what_reports_home(repository: Path) -> None:
    assert "ORT_DISABLE_TELEMETRY=1" in (repository / "Dockerfile").read_text()
