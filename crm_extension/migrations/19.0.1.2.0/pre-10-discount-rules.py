def migrate(cr, version):
    """Order lines keep the prices behind the entitled one, and the rules that applied.

    The prices are kept as they were: computed anew, every order of the past would be
    held against what pricelists say today, and millions of lines would take hours.
    """
    if not version:
        return
    cr.execute(
        """
        ALTER TABLE sale_order_line
            ADD COLUMN IF NOT EXISTS crm_full_price double precision,
            ADD COLUMN IF NOT EXISTS crm_own_price double precision,
            ADD COLUMN IF NOT EXISTS crm_discount_entitlement varchar,
            ADD COLUMN IF NOT EXISTS crm_discount_ceiling varchar
        """
    )
    cr.execute(
        """
        UPDATE sale_order_line
           SET crm_full_price = crm_reference_price,
               crm_own_price = crm_reference_price
         WHERE crm_own_price IS NULL AND crm_reference_price IS NOT NULL
        """
    )
