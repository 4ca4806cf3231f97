"""Review: an expert's own surprise finds likely slips.

windows.py cuts the file, the expert reads it left to right, surprise.py says which words it did not expect (words.py),
alternatives.py what else could stand there (mutations.py), recheck.py asks the expert again with what follows.
"""
