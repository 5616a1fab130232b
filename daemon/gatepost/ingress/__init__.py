"""Ring 3: the doors by which mail comes in; no door decides anything."""
