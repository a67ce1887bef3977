"""Models in actors of a Ray cluster, on whichever of its nodes has a device free.

The server itself never meets Ray, which ends a program that has lost its cluster: a process of its
own, the ``bridge``, is Ray's driver, and is replaced as engine children are. ``asked`` is what it
can be asked, ``driver`` how it does that; ``actor`` is what runs on a node and ``node_models`` what
it holds. ``begin`` starts actors by way of the bridge; ``child`` is one as the server sees it, and
``parcel`` what it and the actor say to each other, which the bridge passes on.
Nothing here outlives the server: no detached actors, and no state but models.
"""
