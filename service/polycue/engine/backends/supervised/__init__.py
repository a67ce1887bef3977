"""Models in a place that can be lost, watched, and replaced when it is.

``work`` is what can be asked there, ``child`` the place as the server sees it, ``models`` what it
holds and ``answering`` how it replies. ``succession`` is how one follows another, ``supervisor``
one that is always there, ``host`` the backends in front of it. ``backends.processes`` and
``backends.ray`` are the two ways to run one.
"""
