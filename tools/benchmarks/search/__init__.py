"""How fast Holdfast finds: in a large store that is generated, with answers that are known."""
