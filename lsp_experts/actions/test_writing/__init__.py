"""What a new test needs to stand in its place: file, frame, imports, header, and a look at what came of it."""
