from . import crm_customer_profile
