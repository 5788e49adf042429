"""
How a class becomes an entity: fields, the registry of classes, conversion, change state.

The room knows values and classes and does no I/O: what it needs from a session it asks for through the
protocols in `protocols`, so that nothing here imports downwards.
"""
