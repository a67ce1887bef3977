"""Models in a child process that is watched, and replaced when it fails.

``work`` is what a child can be asked, ``wire`` how it gets there and back. ``child`` is the program
and ``serve`` its life. ``start`` begins one; ``process`` is one run of it as the server sees it,
``supervisor`` one that is always there, ``host`` the backends in front of it.
"""
