import urllib.request
from pathlib import Path

from polycue import metrics


def test_what_is_counted_can_be_read_over_http() -> None:
    metrics.CALLS_REFUSED.labels("NO_TOKEN").inc(0)
    port, close = metrics.serve("127.0.0.1", 0)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            text = answer.read().decode()
    finally:
        close()
    assert 'polycue_calls_refused_total{reason="NO_TOKEN"}' in text
    assert "process_resident_memory_bytes" in text


def test_every_metric_is_documented(repository: Path) -> None:
    documented = (repository / "docs/operations.md").read_text()
    families = [f for f in metrics.REGISTRY.collect() if f.name.startswith("polycue_")]
    assert families
    for family in families:
        name = f"{family.name}_total" if family.type == "counter" else family.name
        assert f"| `{name}` | {family.type} |" in documented
        assert family.documentation in documented.replace("`", "")
