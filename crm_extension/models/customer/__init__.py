from . import crm_contact_role
from . import crm_customer_profile
from . import crm_customer_check
