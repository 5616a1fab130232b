"""The portal: pages behind signed links, served by the desk's process."""
