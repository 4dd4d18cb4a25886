from . import crm_churn_measure
from . import crm_churn_reason
from . import crm_customer_relation
from . import crm_customer_silence  # before what is made of it
from . import crm_customer_rhythm
from . import crm_churn_watch
