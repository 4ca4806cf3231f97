"""Drills: what goes wrong on users' machines, done on purpose to the real server, engine, store and registry."""
