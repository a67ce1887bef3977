"""What is counted from here on, in a process whose other tests count too."""

from polycue import metrics

Key = tuple[str, tuple[tuple[str, str], ...]]


class Counted:
    """What has come to the metrics since it was made."""

    def __init__(self) -> None:
        self._before = _samples()

    def __call__(self, name: str, **labels: str) -> float:
        """By how much a sample grew, ``polycue_`` left out of its name."""
        key = (f"polycue_{name}", tuple(sorted(labels.items())))
        return _samples().get(key, 0.0) - self._before.get(key, 0.0)


def now(name: str, **labels: str) -> float:
    """What a gauge says now."""
    return metrics.REGISTRY.get_sample_value(f"polycue_{name}", labels) or 0.0


def _samples() -> dict[Key, float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in metrics.REGISTRY.collect()
        for sample in family.samples
    }
