"""Breaking the package on purpose, to see whether the unit tests notice: `python -m tests.mutation AREA`."""
