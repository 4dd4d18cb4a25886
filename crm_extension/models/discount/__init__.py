from . import crm_discount_rule  # before what is made of it
from . import crm_discount_policy
from . import crm_discount_policy_line
from . import crm_discount_entitlement
from . import crm_discount_margin
