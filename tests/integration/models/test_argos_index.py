import json
from pathlib import Path
from typing import Any

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import DownloadFailed, InvalidRequest, ModelDamaged, ModelMissing
from polycue.engine.backends.threads import ThreadTexts
from polycue.engine.devices import choose
from polycue.engine.texts.translator import Translator
from polycue.models.argos_index import ArgosIndex
from polycue.models.pull import Pulled, Sources, pull
from polycue.models.store import ModelStore
from polycue.translation.packages import Packages

Site = Any  # see conftest.py


def listed(site: Site, source: str, target: str, version: str = "1.0", **more: object) -> object:
    link = f"{site.url}/{source}_{target}-{version}.argosmodel"
    about = {"from_code": source, "to_code": target, "package_version": version}
    return {**about, "links": [link], "type": "translate", **more}


def offer(site: Site, *packages: object) -> ArgosIndex:
    site.files["/index.json"] = json.dumps(packages).encode()
    return ArgosIndex(site.url)


def pulled(wanted: str, store: ModelStore, index: ArgosIndex) -> tuple[Pulled, list[int]]:
    steps: list[int] = []
    result = pull(
        wanted,
        store,
        offline=False,
        progress=lambda done, total: steps.append(done),
        sources=Sources(argos=index),
    )
    return result, steps


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def test_a_pair_comes_over_the_wire_and_translates(
    site: Site, store: ModelStore, repository: Path
) -> None:
    archive = repository / "demo" / "models" / "argos" / "translate-en_es-0_1.argosmodel"
    index = offer(site, listed(site, "en", "es", "0.1"))
    site.files["/en_es-0.1.argosmodel"] = archive.read_bytes()
    result, steps = pulled("en:es", store, index)
    assert result.model.name == "en:es"
    assert steps == sorted(steps)
    assert steps[-1] == archive.stat().st_size
    assert store.verify("en:es") == []
    translator = Translator(Packages(store.argos_root), ThreadTexts(choose("cpu")))
    ((found, *_),) = translator.translate(["Look closely."], ("en", "es"), cancel=CancelToken())
    assert found.text


def test_the_newest_version_is_found(site: Site) -> None:
    index = offer(
        site,
        listed(site, "en", "es", "1.10"),
        listed(site, "en", "es", "1.9"),
        listed(site, "en", "es", "9", type="sbd"),
        {"type": "sbd", "links": []},
    )
    assert index.find("en", "es").version == "1.10"
    assert [package.version for package in index.packages()] == ["1.9", "1.10"]


def test_what_nobody_offers_goes_through_english_or_not_at_all(site: Site) -> None:
    index = offer(site, listed(site, "es", "en"), listed(site, "en", "de"))
    with pytest.raises(ModelMissing, match=r"polycue models pull es:en en:de$"):
        index.find("es", "de")
    with pytest.raises(InvalidRequest):
        index.find("fr", "de")


def test_a_link_that_fails_gives_way_to_the_next(site: Site, tmp_path: Path) -> None:
    links = ["ipfs://x", f"{site.url}/gone", "http://elsewhere.test/x", f"{site.url}/there"]
    index = offer(site, listed(site, "en", "es", links=links))
    site.files["/there"] = b"archive"
    package = index.find("en", "es")
    assert package.links == (f"{site.url}/gone", f"{site.url}/there")
    link = index.fetch(package, tmp_path / "x", lambda done, total: None)
    assert link == f"{site.url}/there"
    assert (tmp_path / "x").read_bytes() == b"archive"


def test_a_download_that_breaks_off_installs_nothing(site: Site, store: ModelStore) -> None:
    index = offer(site, listed(site, "en", "es"))
    site.files["/en_es-1.0.argosmodel"] = b"x" * 100_000
    site.cut.add("/en_es-1.0.argosmodel")
    with pytest.raises(DownloadFailed, match="polycue models import"):
        pulled("en:es", store, index)
    assert store.installed() == ()


def test_a_page_that_is_no_archive_installs_nothing(site: Site, store: ModelStore) -> None:
    index = offer(site, listed(site, "en", "es"))
    site.files["/en_es-1.0.argosmodel"] = b"<html>sign in to the hotel's network</html>"
    with pytest.raises(ModelDamaged):
        pulled("en:es", store, index)
    assert store.installed() == ()


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b"{}", b"[5]", b'[{"from_code": "a", "to_code": "b", "links": 5}]', b"\xff"],
)
def test_a_list_that_is_none_is_told(site: Site, content: bytes) -> None:
    site.files["/index.json"] = content
    with pytest.raises(DownloadFailed, match="no list of packages"):
        ArgosIndex(site.url).packages()


def test_no_list_and_no_server_are_told(site: Site) -> None:
    with pytest.raises(DownloadFailed, match="404"):
        ArgosIndex(site.url + "/nowhere/").packages()
    with pytest.raises(DownloadFailed, match="cannot be reached"):
        ArgosIndex("http://127.0.0.1:9/index.json").packages()


@pytest.mark.parametrize(
    "url", ["http://index.test", "file:///etc/passwd.json", "ftp://x.test", "gopher://x", "x"]
)
def test_only_tls_and_this_machine_are_asked(url: str) -> None:
    with pytest.raises(DownloadFailed, match="not an https address"):
        ArgosIndex(url).packages()


def test_a_redirect_out_of_tls_is_not_followed_to_its_answer(site: Site) -> None:
    site.redirects["/index.json"] = "file:///etc/hostname"
    with pytest.raises(DownloadFailed):
        ArgosIndex(site.url).packages()
