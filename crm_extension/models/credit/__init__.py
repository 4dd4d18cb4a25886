from . import crm_credit_policy
from . import crm_credit_turn
