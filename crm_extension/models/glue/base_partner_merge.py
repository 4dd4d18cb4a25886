from odoo import api, models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_reference_fields_generic(
        self, referenced_model, src_records, dst_record, additional_update_records=None
    ):
        # Requests name their document by model and id, which core cannot know.
        self.env["crm.approval.request"]._follow_merge(
            referenced_model, src_records.ids, dst_record.id
        )
        return super()._update_reference_fields_generic(
            referenced_model, src_records, dst_record, additional_update_records
        )

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        # Core fills by SQL what the survivor has not, and says only then who that is.
        partners = self.env["res.partner"].browse(partner_ids).exists()
        self._crm_drop_merged_tiers(partners, dst_partner)
        survivor = self._crm_find_survivor(partners, dst_partner)
        survivor._crm_forget_doubles(partners - survivor)
        (partners - survivor)._crm_merge_owners(survivor)
        code = self._crm_take_codes(partners, dst_partner)
        partners._crm_part_before_merge(survivor)
        noted = {partner: partner._approval_note_guarded() for partner in partners}
        result = super()._merge(partner_ids, dst_partner, extra_checks)
        self.env.registry.clear_cache()  # one of them may have been a company's
        for survivor in partners.exists():
            survivor._approval_restore_guarded(noted[survivor])
            survivor._crm_part_after_merge()
            survivor.crm_code = survivor.crm_code or code
        return result

    def _crm_take_codes(self, partners, survivor):
        """Codes leave those that will be gone before core copies them: there would be
        two of each.

        :return: the one that the survivor keeps, or takes over
        """
        survivor = self._crm_find_survivor(partners, survivor)
        leaving = (partners - survivor).filtered("crm_code")
        code = survivor.crm_code or leaving[:1].crm_code
        leaving.crm_code = False
        return code

    def _crm_drop_merged_tiers(self, partners, survivor):
        """The survivor keeps its own tier; one customer has one at a time."""
        survivor = self._crm_find_survivor(partners, survivor)
        (partners - survivor)._crm_drop_tiers()
        (partners - survivor)._crm_drop_agreed()

    def _crm_find_survivor(self, partners, survivor):
        """Who core will keep; everybody, where there is nothing to merge."""
        if len(partners) < 2:
            return partners
        if not survivor or survivor not in partners:
            return self._get_ordered_partner(partners.ids)[-1]
        return survivor
