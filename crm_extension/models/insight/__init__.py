from . import crm_customer_seen, crm_board  # before what is made of them
from . import crm_concession_report
from . import crm_collection_account  # before what is due by it
from . import crm_collection_due
from . import crm_customer_account
from . import crm_customer_lookup
from . import crm_customer_ticket
from . import crm_order_execution
from . import crm_scarce_stock
from . import crm_visit_due
from . import crm_visit_week
from . import crm_work_plan_person
from . import crm_start_frame  # before what is made of it
from . import crm_start_sales, crm_start_finance, crm_start_warehouse
from . import crm_start_page
