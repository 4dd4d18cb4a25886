"""Parts of the visit benchmark; they run inside Odoo's shell."""
