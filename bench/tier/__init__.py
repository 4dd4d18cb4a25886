"""Parts of the tier benchmark; they run inside Odoo's shell."""
