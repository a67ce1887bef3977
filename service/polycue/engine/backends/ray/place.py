"""Why there is no place for an actor, in words for who runs the server."""

from collections.abc import Mapping, Sequence

Amounts = Mapping[str, float]

_NAMES = {"GPU": "GPU", "CPU": "CPU"}


def no_place(needs: Amounts, nodes: Sequence[Amounts], free: Amounts, waited_s: float) -> str:
    """Of all ``nodes``, what each has in all; ``free`` is what nobody uses of all of them.

    Tells a cluster that can never hold the actor as it is from one that is full.
    """
    asked = _amounts(needs)
    if not any(_holds(node, needs) for node in nodes):
        most = {name: max((node.get(name, 0) for node in nodes), default=0) for name in _NAMES}
        return (
            f"no node of the Ray cluster has {asked}, which --ray-gpus and --ray-cpus ask for each"
            f" actor; there are {len(nodes)} nodes, with at most {_amounts(most)}"
        )
    return (
        f"no node of the Ray cluster had {asked} free for {waited_s:g} s; of its {len(nodes)} nodes"
        f" {_amounts({name: free.get(name, 0) for name in _NAMES})} are not taken: add nodes, or"
        " lower --ray-actors-min"
    )


def _holds(node: Amounts, needs: Amounts) -> bool:
    return all(node.get(name, 0) >= amount for name, amount in needs.items())


def _amounts(amounts: Amounts) -> str:
    return " and ".join(f"{amounts[name]:g} {name}" for name in _NAMES if name in amounts)
