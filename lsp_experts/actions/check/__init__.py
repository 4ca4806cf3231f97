"""A command that the user set for a folder, run in a copy of it, and what its errors say."""
