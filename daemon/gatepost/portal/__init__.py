"""The portal: the frame of every page at the top, the pages in a room for each kind of visitor and way in."""
