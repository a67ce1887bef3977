"""Why there is no place for an actor, in words for who runs the server."""

from collections.abc import Mapping, Sequence

Amounts = Mapping[str, float]

_NAMES = ("GPU", "CPU")


def no_place(needs: Amounts, nodes: Sequence[Amounts], free: Amounts, waited_s: float) -> str:
    """Of all ``nodes``, what each has in all; ``free`` is what nobody uses of all of them.

    Tells a cluster that can never hold the actor as it is from one that is full.
    """
    asked = _amounts({name: amount for name, amount in needs.items() if amount})
    count = f"{len(nodes)} {'node' if len(nodes) == 1 else 'nodes'}"
    if not any(_holds(node, needs) for node in nodes):
        most = {name: max((node.get(name, 0) for node in nodes), default=0) for name in _NAMES}
        return (
            f"no node has the {asked} that --ray-gpus and --ray-cpus ask for each actor:"
            f" {count}, with at most {_amounts(most)}"
        )
    left = _amounts({name: free.get(name, 0) for name in _NAMES})
    return (
        f"no node had the {asked} of an actor free within {waited_s:g} s: {count}, with {left} left"
        " on all together"
    )


def _holds(node: Amounts, needs: Amounts) -> bool:
    return all(node.get(name, 0) >= amount for name, amount in needs.items())


def _amounts(amounts: Amounts) -> str:
    return " and ".join(f"{amounts[name]:g} {name}" for name in _NAMES if name in amounts)
