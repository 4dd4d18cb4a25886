from odoo.tools import SQL
from odoo.tools.sql import column_exists

ASKED = (
    "crm_customer_profile_field_rel",
    "crm_customer_profile_contact_field_rel",
)


def migrate(cr, version):
    """Contacts may have several roles from now on: each keeps the one it had, and
    profiles that ask for a role go on asking.

    The old column goes with its field at the end of the update.
    """
    if not version or not column_exists(cr, "res_partner", "crm_contact_role"):
        return
    cr.execute(
        """
        INSERT INTO crm_contact_role_partner_rel (partner_id, role_id)
        SELECT partner.id, role.res_id
          FROM res_partner partner
          JOIN ir_model_data role
            ON role.module = 'crm_extension' AND role.model = 'crm.contact.role'
           AND role.name = 'crm_contact_role_' || partner.crm_contact_role
            ON CONFLICT DO NOTHING
        """
    )
    for table in ASKED:
        cr.execute(
            SQL(
                """
                INSERT INTO %(table)s (crm_customer_profile_id, ir_model_fields_id)
                SELECT asked.crm_customer_profile_id, present.id
                  FROM %(table)s asked
                  JOIN ir_model_fields former ON former.id = asked.ir_model_fields_id
                  JOIN ir_model_fields present ON present.model = former.model
                 WHERE former.model = 'res.partner'
                   AND former.name = 'crm_contact_role'
                   AND present.name = 'crm_contact_role_ids'
                    ON CONFLICT DO NOTHING
                """,
                table=SQL.identifier(table),
            )
        )
