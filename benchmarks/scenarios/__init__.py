"""How fast polycue is, beside its peers: what ``benchmarks/speed.py`` runs."""
