from . import crm_discount_policy
from . import crm_discount_policy_line
from . import crm_discount_entitlement
from . import crm_discount_margin
