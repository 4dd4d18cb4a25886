from . import approval
from . import discount
from . import fulfilment
from . import glue
