"""The client is light: what importing it loads, and what it does not."""

import subprocess
import sys

import pytest

ENGINES = {"numpy", "ctranslate2", "faster_whisper", "argostranslate", "onnxruntime", "torch"}


def loaded_by(code: str) -> set[str]:
    """Top-level names of the modules that are loaded after the code ran in a new interpreter."""
    show = "import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"{code}\n{show}"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import polycue_client.client, polycue_client.aio, polycue_client.testing",
        "from polycue_client import connect; connect('localhost:1').close()",
        "import polycue_client.cli.batch, polycue_client.cli.jobs, polycue_client.cli.translate",
    ],
    ids=["client", "connect", "commands"],
)
def test_no_engine_is_loaded(code: str) -> None:
    loaded = loaded_by(code)
    assert "grpc" in loaded
    assert not loaded & ENGINES


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert not loaded_by("import polycue_client") & {"grpc", "google", "polycue", "asyncio"}


@pytest.mark.parametrize("command", ["--help", "subtitle --help", "translate --help"], ids=str)
def test_help_is_printed_without_grpc_protobuf_or_rich(command: str) -> None:
    # That is what keeps it under 0.3 s: grpc alone takes 0.2 s to import.
    code = (
        "import sys\nfrom polycue_client.cli.app import run\n"
        f"assert run({command.split()!r}) == 0\nsys.stdout = sys.__stdout__; print()"
    )
    assert not loaded_by(code) & {"grpc", "google", "rich", *ENGINES}


def test_only_the_documented_names_are_public() -> None:
    import polycue_client

    assert polycue_client.__all__ == sorted(polycue_client.__all__)
    assert all(hasattr(polycue_client, name) for name in polycue_client.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        polycue_client.__getattr__("nonsense")
