import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from polycue.domain.errors import ModelDamaged, PairNotInstalled
from polycue.translation.packages import Packages, bpe_tokenizer

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Writes an unpacked package as small as one can be."""

    def write(source: object, target: object, version: str = "1.0", **metadata: object) -> Path:
        folder = tmp_path / f"translate-{source}_{target}-{version}"
        (folder / "model").mkdir(parents=True)
        (folder / "model" / "model.bin").touch()
        about = {"from_code": source, "to_code": target, "package_version": version}
        (folder / "metadata.json").write_text(json.dumps({**about, **metadata}))
        return folder

    return write


@pytest.fixture
def packages(tmp_path: Path) -> Packages:
    return Packages(tmp_path)


def test_a_root_that_is_not_there_has_no_packages(tmp_path: Path) -> None:
    packages = Packages(tmp_path / "nowhere")
    assert packages.installed() == ()
    assert packages.pairs() == ()


def test_packages_speak_bcp_47(packages: Packages, install: Install) -> None:
    install("en", "pb")
    install("zt", "en")
    assert [(p.source, p.target) for p in packages.installed()] == [
        ("en", "pt-BR"),
        ("zh-Hant", "en"),
    ]


def test_the_newest_of_a_pair_counts(packages: Packages, install: Install) -> None:
    install("en", "es", "1.9")
    install("en", "es", "1.10")
    assert [p.version for p in packages.installed()] == ["1.10"]
    assert packages.find("en", "es").version == "1.10"


def test_demo_and_prefix_come_from_the_metadata(packages: Packages, install: Install) -> None:
    install("en", "es", demo=True, target_prefix=">>spa<<")
    install("en", "de")
    german, spanish = packages.installed()
    assert (spanish.demo, spanish.target_prefix) == (True, ">>spa<<")
    assert (german.demo, german.target_prefix) == (False, "")


def test_a_pivot_is_found_and_reported(packages: Packages, install: Install) -> None:
    install("es", "en")
    install("en", "de")
    assert packages.route("es", "de") == ("es", "en", "de")
    assert packages.route("es-MX", "de-AT") == ("es", "en", "de")
    assert packages.pairs() == (("en", "de"), ("es", "en", "de"), ("es", "en"))


def test_brazilian_falls_back_to_portuguese_but_traditional_chinese_to_nothing(
    packages: Packages, install: Install
) -> None:
    install("en", "pt")
    install("en", "zh")
    assert packages.route("en", "pt-BR") == ("en", "pt")
    assert packages.route("en", "zh-Hans") == ("en", "zh")
    with pytest.raises(PairNotInstalled):
        packages.route("en", "zh-TW")


def test_a_missing_pair_names_what_to_pull(packages: Packages, install: Install) -> None:
    install("en", "de")
    with pytest.raises(PairNotInstalled) as failure:
        packages.route("es", "de")
    assert failure.value.command == "polycue models pull es:en"
    with pytest.raises(PairNotInstalled) as failure:
        packages.route("fr", "es")
    assert failure.value.command == "polycue models pull fr:en en:es"
    with pytest.raises(PairNotInstalled):
        packages.find("de", "en")


def test_a_package_that_comes_later_is_seen(packages: Packages, install: Install) -> None:
    assert packages.pairs() == ()
    install("en", "es")
    assert packages.pairs() == (("en", "es"),)


@pytest.mark.parametrize("text", ["{", "[]", "5", '{"from_code": "en"}', '{"from_code": []}'])
def test_metadata_that_says_nothing_is_damage_not_a_crash(
    packages: Packages, install: Install, text: str
) -> None:
    install("en", "es")
    (install("en", "de") / "metadata.json").write_text(text)
    assert [p.target for p in packages.installed()] == ["es"]
    assert [each.path.name for each in packages.damaged()] == ["translate-en_de-1.0"]


def test_a_package_without_weights_is_damaged(packages: Packages, install: Install) -> None:
    (install("en", "es") / "model" / "model.bin").unlink()
    assert packages.installed() == ()
    assert "model.bin" in packages.damaged()[0].problem


def test_what_does_not_translate_is_no_package(packages: Packages, install: Install) -> None:
    install("en", "es", type="sbd")
    (install("en", "de").parent / ".staging-x").mkdir()
    assert [p.target for p in packages.installed()] == ["de"]
    assert packages.damaged() == ()


def test_a_damaged_bpe_model_is_named_and_does_not_end_the_process(
    packages: Packages, install: Install
) -> None:
    (install("en", "es") / "bpe.model").write_text("a b c d\n")
    with pytest.raises(ModelDamaged, match="bpe"):
        bpe_tokenizer(packages.installed()[0])


def test_a_bpe_tokenizer_splits_and_joins(packages: Packages, install: Install) -> None:
    (install("en", "es") / "bpe.model").write_text("#version: 0.2\nl o\nlo o\nloo k</w>\n")
    tokenizer = bpe_tokenizer(packages.installed()[0])
    assert tokenizer.encode("look, wow") == ["look", ",", "w@@", "o@@", "w"]
    assert tokenizer.decode(["w@@", "o@@", "w", ",", "look"]) == "wow, look"


def test_argostranslate_finds_none_of_the_users_folders(tmp_path: Path) -> None:
    """Its settings would make folders in the home, and read what is configured there."""
    script = (
        "import os\n"
        "from pathlib import Path\n"
        "from polycue.translation.packages import Packages\n"
        "before = dict(os.environ)\n"
        "Packages(Path('nowhere'))\n"
        "assert dict(os.environ) == before\n"
        "from argostranslate import settings\n"
        "assert settings.beam_size == 4 and not settings.debug\n"
    )
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o500)
    environment = {**os.environ, "HOME": str(home), "ARGOS_BEAM_SIZE": "7", "ARGOS_DEBUG": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert list(home.iterdir()) == []
