from . import res_partner
from . import sale_order
from . import sale_order_line
from . import stock_picking
from . import account_move
from . import account_move_line
from . import helpdesk_ticket
from . import product_template
