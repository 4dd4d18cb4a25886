from . import cached_definition  # should be first: rules of the rooms inherit it
from . import nightly_run  # before those that go through customers at night
from . import approval
from . import churn
from . import tier
from . import customer
from . import credit
from . import discount
from . import fulfilment
from . import ownership
from . import visit
from . import glue
from . import insight
