"""Ring 2: the only SQL. One writing connection per file; every statement with named parameters."""
