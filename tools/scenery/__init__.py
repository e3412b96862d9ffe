"""Landscapes that are painted by reckoning: pictures for the demo and for what is shown of it."""
