# Before what is made of them.
from . import (
    crm_visit_call,
    crm_visit_evidence,
    crm_visit_once,
    crm_visit_plan,
    crm_visit_promise,
    crm_visit_review,
)
from . import crm_visit
from . import crm_visit_person
from . import crm_payment_promise
from . import crm_work_plan
from . import crm_visit_sample
from . import crm_visit_check
