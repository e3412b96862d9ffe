"""The fault kit: what a storage must survive, to try yours with. The README here says how."""
