"""The command line, configuration, wiring, and the client library."""
