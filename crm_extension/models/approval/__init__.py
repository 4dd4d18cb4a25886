from . import kept  # should be first: the records below inherit it

# Should come before the records that are made of them.
from . import crm_approval_routing, crm_approval_clock, crm_approval_inbox
from . import crm_approval_asking, crm_approval_course, crm_approval_following
from . import crm_approval_rework, crm_approval_notice, crm_approval_paper
from . import crm_approval_deciding, crm_approval_answers, crm_approval_place
from . import crm_approval_policy_rules, crm_approval_policy_life
from . import crm_approval_seal
from . import crm_approval_topic
from . import crm_approval_policy
from . import crm_approval_policy_step
from . import crm_approval_policy_check
from . import crm_approval_delegation
from . import crm_approval_request
from . import crm_approval_request_step
from . import crm_approval_item
from . import crm_approval_decision
from . import crm_approval_hooks  # the contract, before the classes that keep it
from . import crm_approval_condition
from . import crm_approval_transition, crm_approval_change
from . import crm_approval_mixin
from . import crm_approval_line_mixin
