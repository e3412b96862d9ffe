"""The server process: one store, one worker, and the connections at its door."""
