"""How fast Holdfast is, side by side with borg and restic; `make bench` runs it."""
