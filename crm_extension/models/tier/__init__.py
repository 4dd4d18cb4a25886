from . import crm_customer_class
