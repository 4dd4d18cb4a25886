from . import crm_collection_line
from . import crm_collection_reminder
