"""What the manifests render to, once for all tests of a file."""

from pathlib import Path

import pytest

from support.manifests import (
    COMPONENTS,
    KUBERNETES,
    KUBERNETES_API,
    RAY_AUTOSCALER,
    Document,
    combined,
    render,
)

OVERLAYS = ("cpu", "cuda", "ray")


@pytest.fixture(params=OVERLAYS)
def overlay(request: pytest.FixtureRequest) -> list[Document]:
    return render(KUBERNETES / "overlays" / request.param)


@pytest.fixture(scope="session")
def with_all_components(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("overlay")
    return combined(folder, "cuda", *COMPONENTS)


@pytest.fixture(scope="session")
def ray_with_all_components(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ray")
    told = {"configMapGenerator": [KUBERNETES_API]}
    return combined(folder, "ray", *COMPONENTS, RAY_AUTOSCALER, **told)


@pytest.fixture(params=(*OVERLAYS, "models", "all of it", "all of it with Ray"))
def anything(
    request: pytest.FixtureRequest, with_all_components: Path, ray_with_all_components: Path
) -> list[Document]:
    """Each overlay, the job that fetches models, and overlays with every component."""
    match request.param:
        case "models":
            return render(KUBERNETES / "models")
        case "all of it":
            return render(with_all_components)
        case "all of it with Ray":
            return render(ray_with_all_components)
    return render(KUBERNETES / "overlays" / request.param)
