from . import crm_hold_policy
from . import crm_collection_line
from . import crm_collection_reminder
from . import crm_return_reason
from . import crm_return_goods, crm_return_credit  # before the return made of them
from . import crm_return_order, crm_return_line
from . import crm_allocation
from . import crm_allocation_line
