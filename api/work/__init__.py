"""What a worker carries out, one kind of job a module; `held` is the job in hand."""
