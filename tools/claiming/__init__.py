"""Making claims: what a person says of things, signed and sent."""
