"""Argos packages on disk: the only module that imports argostranslate."""

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from polycue.domain import language
from polycue.domain.errors import ModelDamaged, PairNotInstalled
from polycue.translation.routes import Route, all_routes, best_route, missing_legs, routes

_SETTINGS = re.compile(r"ARGOS_|LIBRETRANSLATE_|OPENAI_|SNAP")
_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_UNLIKE_ITS_PLAIN_FORM = {"zh-Hant"}  # another script: Simplified Chinese does not stand in for it


@dataclass(frozen=True, slots=True)
class Package:
    """An installed translation model. ``source`` and ``target`` are BCP-47.

    ``target_prefix`` is the token that tells a model of many languages which one to write.
    """

    source: str
    target: str
    version: str
    path: Path
    demo: bool = False
    target_prefix: str = ""


@dataclass(frozen=True, slots=True)
class DamagedPackage:
    """A folder among the packages that is none, and why."""

    path: Path
    problem: str


class Tokenizer(Protocol):
    """Text to a model's pieces and back."""

    def encode(self, sentence: str) -> list[str]: ...
    def decode(self, tokens: list[str]) -> str: ...


class Packages:
    """The packages below ``root``, read anew at each call, so that a pull is seen at once.

    Make it before other threads run: importing argostranslate needs the environment for a moment.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        with _private_environment():
            import argostranslate.package  # noqa: F401

    def __repr__(self) -> str:
        return f"Packages({str(self._root)!r})"

    def installed(self) -> tuple[Package, ...]:
        """One package for each pair, the newest, in order of the languages."""
        newest: dict[tuple[str, str], Package] = {}
        for package in self._readable():
            pair = package.source, package.target
            if pair not in newest or _age(package) > _age(newest[pair]):
                newest[pair] = package
        return tuple(newest[pair] for pair in sorted(newest))

    def damaged(self) -> tuple[DamagedPackage, ...]:
        read = (_read(folder) for folder in self._folders())
        return tuple(r for r in read if isinstance(r, DamagedPackage))

    def find(self, source: str, target: str) -> Package:
        """The package of a single leg.

        Raises:
            PairNotInstalled: none leads from ``source`` to ``target`` directly.
        """
        for package in self.installed():
            if (package.source, package.target) == (source, target):
                return package
        raise PairNotInstalled(source, target, _pull(((source, target),)))

    def route(self, source: str, target: str) -> Route:
        """The languages to go through, both ends included: the fewest, English preferred.

        Raises:
            PairNotInstalled: the installed packages do not lead there.
        """
        pairs = self._pairs()
        start, end = _nodes(pairs, source, target)
        route = best_route(pairs, start, end)
        if route is None:
            raise PairNotInstalled(source, target, _pull(missing_legs(pairs, start, end)))
        return route

    def routes(self, source: str, target: str) -> tuple[Route, ...]:
        """Every way there, the one of ``route`` first; empty where there is none."""
        pairs = self._pairs()
        return routes(pairs, *_nodes(pairs, source, target))

    def pairs(self) -> tuple[Route, ...]:
        """Every route there is, direct and by way of other languages."""
        return all_routes(self._pairs())

    def _pairs(self) -> set[tuple[str, str]]:
        return {(p.source, p.target) for p in self.installed()}

    def _readable(self) -> Iterator[Package]:
        read = (_read(folder) for folder in self._folders())
        return (r for r in read if isinstance(r, Package))

    def _folders(self) -> list[Path]:
        if not self._root.is_dir():
            return []
        return sorted(p for p in self._root.iterdir() if p.is_dir() and not p.name.startswith("."))


def bpe_tokenizer(package: Package) -> Tokenizer:
    """Argos's own tokenizer for the packages that have no SentencePiece model.

    Raises:
        ModelDamaged: its file cannot be read.
    """
    from argostranslate.tokenizer import BPETokenizer

    tokenizer = BPETokenizer(
        package.path / "bpe.model",
        language.argos_code(package.source),
        language.argos_code(package.target),
    )
    try:
        tokenizer.lazy_load()
    except (OSError, ValueError, SystemExit) as error:  # apply_bpe exits the process on a bad line
        raise ModelDamaged(package.path.name, "bpe.model cannot be read") from error
    return tokenizer  # type: ignore[no-any-return]


def _read(folder: Path) -> Package | DamagedPackage | None:
    """What the folder holds; None for a package that is not for translating."""
    from argostranslate.package import Package as ArgosPackage

    try:
        found = ArgosPackage(folder)
        metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
        if found.type != "translate":
            return None
        source, target, version = found.from_code, found.to_code, found.package_version
        if not (_CODE.fullmatch(source) and _CODE.fullmatch(target)):
            return DamagedPackage(folder, f"metadata.json names no languages: {source}, {target}")
    except (OSError, ValueError, AttributeError, TypeError) as error:
        return DamagedPackage(folder, f"metadata.json cannot be read: {error}")
    if not (folder / "model" / "model.bin").is_file():
        return DamagedPackage(folder, "model/model.bin is missing")
    return Package(
        source=language.from_argos(source),
        target=language.from_argos(target),
        version=str(version),
        path=folder,
        demo=metadata.get("demo") is True,
        target_prefix=str(found.target_prefix or ""),
    )


def _age(package: Package) -> tuple[list[int], str]:
    """Grows with the version, "1.10" above "1.9"; the folder's name settles a tie."""
    return [int(number) for number in re.findall(r"\d+", package.version)], package.path.name


def _nodes(pairs: set[tuple[str, str]], source: str, target: str) -> tuple[str, str]:
    known = {tag for pair in pairs for tag in pair}
    return _node(source, known), _node(target, known)


def _node(tag: str, known: set[str]) -> str:
    """The spelling under which packages have a language: ``es`` for ``es-MX``."""
    tag = language.from_argos(language.argos_code(tag))
    return tag if tag in known or tag in _UNLIKE_ITS_PLAIN_FORM else language.primary(tag)


def _pull(legs: tuple[tuple[str, str], ...]) -> str:
    return "polycue models pull " + " ".join(f"{source}:{target}" for source, target in legs)


@contextmanager
def _private_environment() -> Iterator[None]:
    """An environment in which importing argostranslate touches nothing of the user's.

    Its settings read ``ARGOS_*`` and a file in the home at import, make four folders below
    ``XDG_*`` or the home, which fails on a read-only one, and leave a variable behind.
    """
    if "argostranslate.settings" in sys.modules:
        yield
        return
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="polycue-argos-") as folder:
        for name in filter(_SETTINGS.match, before):
            del os.environ[name]
        for kind in ("DATA", "CONFIG", "CACHE"):
            os.environ[f"XDG_{kind}_HOME"] = folder
        try:
            yield
        finally:
            for name in set(os.environ) - set(before):
                del os.environ[name]
            os.environ.update(before)
