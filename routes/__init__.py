"""The doors in and out over HTTP: one module a door, each with a docstring and ROUTES."""
