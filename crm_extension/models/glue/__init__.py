from . import base_partner_merge
from . import res_partner
from . import sale_order
from . import sale_order_line
from . import stock_picking
