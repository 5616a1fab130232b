"""How customers sign in: a mailed link, an OpenID provider, the word of a shop; and who may have an account."""
