from . import crm_approval_value  # should be first: the lines below inherit it
from . import crm_approval_answer
from . import crm_approval_proposal
from . import crm_approval_evidence
from . import crm_customer_sample
from . import crm_visit_draw
from . import crm_customer_retention
from . import crm_customer_handover
from . import crm_collection_split
