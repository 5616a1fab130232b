"""The reader: a process that turns raw bytes into a Letter with no rights but its pipe, and the pool that keeps it.

`frame` is what goes over the pipe, `__main__` the child, `pool` the desk's side.
"""
