"""`bench team`: a team's users at one server, and at many that are simulated."""
