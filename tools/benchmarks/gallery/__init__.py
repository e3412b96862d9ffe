"""How fast the gallery is in a browser, with a generated store of very many photos."""
