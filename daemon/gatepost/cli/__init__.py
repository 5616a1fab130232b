"""The commands; each is a few lines that call something named."""
