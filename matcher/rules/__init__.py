"""The rules: what is noticed, about whom, with which innocent explanations tested, and what would clear it."""
