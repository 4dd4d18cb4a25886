from . import kept  # should be first: the records below inherit it
from . import crm_approval_topic
from . import crm_approval_policy
from . import crm_approval_policy_step
from . import crm_approval_policy_check
from . import crm_approval_request
from . import crm_approval_request_step
from . import crm_approval_item
from . import crm_approval_decision
from . import crm_approval_mixin
from . import crm_approval_line_mixin
