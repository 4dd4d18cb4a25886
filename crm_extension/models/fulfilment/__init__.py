from . import crm_allocation
from . import crm_allocation_line
