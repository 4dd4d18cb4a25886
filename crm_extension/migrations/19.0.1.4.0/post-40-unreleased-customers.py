def migrate(cr, version):
    """Customers that colleagues have entered and that wait for their release are seen
    by those whom they concern from now on, with their contacts.

    By SQL, because nearly all customers are released and need not be looked at.
    """
    if not version:
        return
    cr.execute(
        """
        UPDATE res_partner
           SET crm_unaudited = TRUE,
               crm_unaudited_owner_id = customer.user_id,
               crm_unaudited_creator_id = customer.create_uid
          FROM res_partner customer
          JOIN res_users creator ON creator.id = customer.create_uid
         WHERE res_partner.commercial_partner_id = customer.id
           AND customer.crm_released IS NOT TRUE
           AND customer.partner_share
           AND COALESCE(customer.supplier_rank, 0) = 0
           AND creator.id <> 1
           AND creator.share IS NOT TRUE
           AND NOT EXISTS (
               SELECT FROM res_company company
                WHERE company.partner_id = customer.id)
        """
    )
