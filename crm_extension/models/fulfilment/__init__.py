from . import crm_hold_policy
