"""Parts of the fulfilment benchmark; they run inside Odoo's shell."""
