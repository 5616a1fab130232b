"""What is fast, measured against something real, in the same minutes on the same machine: `python -m bench run`."""
