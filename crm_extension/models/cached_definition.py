from odoo import models
from odoo.api import model_create_multi


class CrmCachedDefinition(models.AbstractModel):
    """A rule that is read through a cache; every change of it empties the cache.

    Stands in the hallway of the house: rooms that know nothing of each other keep
    their rules this way.
    """

    _name = "crm.cached.definition"
    _description = "Cached Definition"

    @model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self._forget_answers()
        return records

    def write(self, vals):
        result = super().write(vals)
        self._forget_answers()
        return result

    def unlink(self):
        result = super().unlink()
        self._forget_answers()
        return result

    def _forget_answers(self):
        """Drop the rules as they were, and what documents computed from them."""
        self.env.registry.clear_cache()
        self.env.invalidate_all()
