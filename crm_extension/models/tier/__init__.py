from . import crm_customer_class
from . import crm_customer_tier
from . import crm_customer_tier_history
from . import crm_customer_standing
from . import crm_tier_rating, crm_tier_trial  # before what is made of them
from . import crm_tier_scheme
from . import crm_tier_scheme_part
from . import crm_tier_move
