"""The bypass matrix (DESIGN 3 "No way around"): ways x models x roles.

`ways.py` says what a hostile employee tries, `documents.py` on which documents,
`engines.py` against which approval system, `allowed.py` what is allowed and why, and
`matrix.py` tries it all and looks at the effect. Needs Odoo, but neither our add-on nor
a test case, so that the benchmark can run it against others too.
"""
