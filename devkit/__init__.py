"""The development kit behind `./dev`: from nothing to a running, tested Odoo.

Python's standard library only. Everything it downloads or builds lies in one
folder (`home.Home`); every step is skipped when done and redone when half-made.
"""
