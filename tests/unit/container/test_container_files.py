"""What can be known of the images without building them."""

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from polycue.app.doors import safe_address
from polycue.commands.serve import serve
from polycue.config import Settings
from polycue.rpc.address import Address

# What a command of the light client, run in the image, would read too.
NAMES_OF_COMMANDS = {"POLYCUE_SERVER", "POLYCUE_TOKEN"}


@pytest.fixture(scope="module")
def dockerfile(repository: Path) -> str:
    return (repository / "Dockerfile").read_text()


@pytest.fixture(scope="module")
def guide(repository: Path) -> str:
    return (repository / "docs/container.md").read_text()


def copied_from_the_repository(dockerfile: str) -> set[str]:
    joined = re.sub(r"\\\n\s*", "", dockerfile)
    sources = re.findall(r"^COPY (?!--from)(.+) \S+$", joined, re.MULTILINE)
    return {source for group in sources for source in group.split()}


def pins(lock: str) -> dict[str, str]:
    """Each package of a lock with its version and marker."""
    found = re.findall(r"^([a-z0-9][\w.-]*)==(\S+(?: ; [^\\]+)?)", lock, re.MULTILINE)
    return {name: pin.strip() for name, pin in found}


def stages(dockerfile: str) -> list[str]:
    return re.split(r"^(?=FROM )", dockerfile, flags=re.MULTILINE)[1:]


def environment(dockerfile: str) -> dict[str, str]:
    return dict(re.findall(r"\b(POLYCUE_[A-Z_]+)=(\S+)", dockerfile))


def test_all_that_is_copied_is_there_and_not_ignored(repository: Path, dockerfile: str) -> None:
    sources = copied_from_the_repository(dockerfile)
    allowed = (repository / ".dockerignore").read_text()
    assert len(sources) > 5
    for source in sources:
        assert list(repository.glob(source)), source
        kept = re.findall(r"^!(.+)$", allowed, re.M)
        assert any(fnmatch(source, each) or source.startswith(f"{each}/") for each in kept), source


def test_the_lock_for_cuda_is_the_lock_and_nvidias_libraries(repository: Path) -> None:
    # They are installed over each other: another version of anything would be there twice.
    plain = pins((repository / "requirements.lock").read_text())
    cuda = pins((repository / "requirements-cuda.lock").read_text())
    assert "ctranslate2" in plain
    assert cuda.items() >= plain.items()
    assert all(name.startswith("nvidia-") for name in cuda.keys() - plain.keys())


def test_the_lock_for_ray_is_that_for_cuda_and_more(repository: Path) -> None:
    cuda = pins((repository / "requirements-cuda.lock").read_text())
    ray = pins((repository / "requirements-ray.lock").read_text())
    assert "ray" in ray
    assert ray.items() >= cuda.items()


def test_the_images_can_share_jobs_and_files(repository: Path) -> None:
    assert {"psycopg-binary", "s3fs"} <= pins((repository / "requirements.lock").read_text()).keys()


def test_what_servers_do_without_is_in_no_lock_that_ships(repository: Path) -> None:
    overrides = (repository / "overrides-served.txt").read_text()
    left_out = set(re.findall(r"^([a-z0-9-]+);", overrides, re.MULTILINE))
    assert {"av", "nvidia-cuda-nvrtc-cu12"} <= left_out
    for name in ("requirements.lock", "requirements-cuda.lock", "requirements-ray.lock"):
        assert not left_out & pins((repository / name).read_text()).keys(), name


def test_no_lock_says_where_packages_were_fetched(repository: Path) -> None:
    for lock in repository.glob("requirements*.lock"):
        text = lock.read_text()
        assert "index-url" not in text, lock.name
        assert "find-links" not in text, lock.name


def test_nothing_of_the_images_says_where_debian_is_fetched(
    repository: Path, dockerfile: str
) -> None:
    # Every network has its own mirror, and BASE knows it.
    assert "://" not in dockerfile
    for path in (repository / "deploy/image").iterdir():
        if path.is_file():
            assert "://" not in path.read_text(), path.name


def test_the_images_switch_off_what_reports_home(dockerfile: str) -> None:
    assert "ORT_DISABLE_TELEMETRY=1" in dockerfile


def test_every_stage_that_fetches_packages_is_given_the_certificates_for_it(
    dockerfile: str,
) -> None:
    # Not every builder hands an argument on from stage to stage.
    fetching = [
        stage for stage in stages(dockerfile) if re.search(r"pip install|install.sh req", stage)
    ]
    assert len(fetching) == 4
    assert all("ARG PIP_CERT" in stage for stage in fetching)


def test_nothing_is_installed_that_no_lock_has_the_hash_of(
    repository: Path, dockerfile: str
) -> None:
    script = (repository / "deploy/image/install.sh").read_text()
    for text in (dockerfile, script):
        joined = re.sub(r"\\\n\s*", "", text)
        commands = re.findall(r"^.*\bpip\b.* (?:install|wheel) .*$", joined, re.MULTILINE)
        assert commands
        for command in commands:
            assert re.search(r"--require-hashes|--no-build-isolation", command), command
    assert 'set -- "$2" --require-hashes -r' in script
    assert 'set -- "$2" --no-index' in script
    assert not re.search(r"apt-get|apt install|curl|wget ", dockerfile)


def test_what_ships_is_built_upon_no_base_image(dockerfile: str) -> None:
    starts = re.findall(r"^FROM (\S+) AS (\S+)", dockerfile, re.MULTILINE)
    upon = {name: base for base, name in starts}
    for target in ("cpu", "cuda", "ray", "demo"):
        assert upon[target] == "runtime"
    assert (upon["runtime"], upon["os"]) == ("os", "scratch")


def test_the_images_version_is_that_of_the_package(repository: Path, dockerfile: str) -> None:
    version = tomllib.loads((repository / "pyproject.toml").read_text())["project"]["version"]
    assert set(re.findall(r"^ARG VERSION=(.+)$", dockerfile, re.MULTILINE)) == {version}


def test_ray_is_added_to_what_the_cuda_image_has(repository: Path) -> None:
    cuda = pins((repository / "requirements-cuda.lock").read_text())
    ray = pins((repository / "requirements-ray.lock").read_text())
    assert "ray" in ray
    assert ray.items() >= cuda.items()


def test_the_health_check_asks_where_callers_need_nothing(dockerfile: str) -> None:
    asked = re.search(r'"health", "--server", "([^"]+)"', dockerfile)
    assert asked is not None
    assert asked[1] == environment(dockerfile)["POLYCUE_ADMIN_LISTEN"]
    assert Address.parse(asked[1]).is_local


def test_every_variable_of_the_images_and_their_guide_is_a_setting(
    dockerfile: str, guide: str
) -> None:
    settings = {f"POLYCUE_{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"\bPOLYCUE_[A-Z_]+", dockerfile + guide))
    assert named - NAMES_OF_COMMANDS <= settings


def test_the_replicas_of_the_guide_are_safe_and_share_all_they_have_to(
    dockerfile: str, guide: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = re.search(r"```yaml\n(.*?)```", guide, re.DOTALL)
    secrets = re.search(r"# polycue\.env\n((?: +\w+=.+\n)+)", guide)
    assert example is not None
    assert secrets is not None
    replica = yaml.safe_load(example[1])["services"]["polycue"]
    given = environment(dockerfile) | replica["environment"]
    given |= dict(line.strip().split("=", 1) for line in secrets[1].splitlines())
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    command, *flags = replica["command"].split()
    assert command == "serve"
    told = serve.make_context(command, flags).params
    settings = Settings(
        **{name: told[name] for name in Settings.model_fields if told[name] not in {None, ()}}
    )
    assert not safe_address(settings).is_local
    assert settings.tls_cert
    assert settings.tokens_file
    assert settings.database_url
    assert settings.files_url
    assert settings.require_sandbox
    assert replica["read_only"]
