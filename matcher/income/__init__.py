"""Income that knows what it does not know: by person and month, by household and month, and the test for leaving aid.

`persons` reads the departments' records, `households` divides by the people who live on them, `exits` looks at months in
a row. What was not said is never zero: it leaves an amount open above.
"""
