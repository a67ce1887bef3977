"""Compile what polycue imports, Python's own modules among it, and nothing else.

A tenth of the packages' size would be bytecode that nobody reads. What is compiled here is never
checked against its source again: the files of an image do not change.
"""

import importlib
import pkgutil
import py_compile
import sys
from pathlib import Path

ROOTS = (Path(sys.prefix), Path(sys.base_prefix) / "lib")

LEFT_ALONE = "polycue.testing"


def import_all(package: str) -> None:
    found = importlib.import_module(package)
    for module in pkgutil.walk_packages(found.__path__, f"{package}."):
        if not module.name.startswith(LEFT_ALONE) and not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def compile_imported() -> None:
    for module in list(sys.modules.values()):
        source = getattr(module, "__file__", None)
        if source and source.endswith(".py") and any(map(Path(source).is_relative_to, ROOTS)):
            py_compile.compile(
                source,
                doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )


if __name__ == "__main__":
    import_all("polycue")
    import_all("polycue_client")
    # Imported by those above at their first use.
    for name in ("argostranslate.package", "psycopg", "psycopg_pool", "s3fs"):
        importlib.import_module(name)
    compile_imported()
