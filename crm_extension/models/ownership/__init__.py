# Before what is made of them.
from . import crm_customer_recycling, crm_customer_warning
from . import crm_customer_ownership
from . import crm_ownership_policy
