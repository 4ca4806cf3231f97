"""Training adapters. Torch is imported below here only, by the files that compute."""

import os

# libgomp reads it once, when torch loads it. Threads that spin while they wait take the cores from whatever else runs.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
