from . import crm_visit_review  # before what is made of it
from . import crm_visit
from . import crm_visit_person
