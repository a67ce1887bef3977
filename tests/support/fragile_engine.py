"""An actor whose models fail on command."""

from typing import Any

from polycue.engine.backends.ray.actor import Engine
from polycue.engine.backends.ray.asked import Hello
from support.fragile import FragileModels

BRIDGE = ("-m", "support.fragile_bridge")


class FragileEngine(Engine):
    def held(self, hello: Hello, node: str) -> Any:
        return FragileModels()
