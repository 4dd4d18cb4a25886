"""Parts of the benchmark of discounts; they run inside Odoo's shell."""
