"""The thinking of the approval engine: values in, values out, no database.

Nothing in this package imports ``odoo``; ``tests/test_architecture.py`` holds it.
"""
