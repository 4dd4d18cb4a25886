from odoo import api, models


class CrmReportingLine(models.AbstractModel):
    """What reporting lines are made of: who sees which customers is found anew when it
    changes. Part of the models it is about."""

    _name = "crm.reporting.line"
    _description = "Reporting Line"

    @api.model
    def _crm_get_line_fields(self):
        """Fields that say who leads whom."""
        return frozenset()

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        if any(self._crm_get_line_fields() & vals.keys() for vals in vals_list):
            self.env.registry.clear_cache()
        return records

    def write(self, vals):
        result = super().write(vals)
        if self._crm_get_line_fields() & vals.keys():
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
