"""Compile what is imported with these modules, Python's own among it, and nothing else.

    compile.py MODULE [...]     "MODULE.*": and all that is below it

A tenth of the packages' size would be bytecode that nobody reads. What is compiled here is never
checked against its source again: the files of an image do not change.
"""

import importlib
import pkgutil
import py_compile
import sys
from pathlib import Path

ROOTS = (Path(sys.prefix), Path(sys.base_prefix) / "lib")
LEFT_ALONE = ("polycue.testing",)
NOT_EVERYWHERE = {"ray"}  # an extra that not every image has


def import_all(package: str) -> None:
    found = importlib.import_module(package)
    for module in pkgutil.walk_packages(found.__path__, f"{package}."):
        if module.name.startswith(LEFT_ALONE) or module.name.endswith("__main__"):
            continue
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in NOT_EVERYWHERE:
                raise


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
    for name in sys.argv[1:]:
        if name.endswith(".*"):
            import_all(name.removesuffix(".*"))
        else:
            importlib.import_module(name)
    compile_imported()
