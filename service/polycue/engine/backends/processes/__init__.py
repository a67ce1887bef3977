"""Engine children that are processes of this machine.

``child`` is the program and ``serve`` its life, ``wire`` how work gets there and back and ``arena``
where its sound lies meanwhile. ``start`` begins one; ``process`` is one run of it as the server
sees it.
"""
