"""How good a department's batch is: counted while it is read, judged against the department's own history."""
