from . import crm_concession_report
