"""What is so without a database or a network: roles, masks, outcomes of a review, divisions, refusals; stdlib only."""
