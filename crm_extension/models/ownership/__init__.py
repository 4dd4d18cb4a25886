from . import crm_customer_ownership
from . import crm_ownership_policy
