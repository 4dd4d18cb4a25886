from . import res_partner
from . import res_users
from . import sale_order
from . import sale_order_line
from . import stock_picking
