"""The blob protocol over HTTP and websocket."""
