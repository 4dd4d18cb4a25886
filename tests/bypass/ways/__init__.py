"""What a hostile employee tries: ``WAYS``, by name.

``document.py``: at the document and its lines. ``around.py``: at what the document
stands on (who is asked, products, customers, property fields). ``server.py``: with
code that the server runs. ``engine.py``: at the approval system's own rows.
"""

from . import around, document, engine, server
from .attempt import WAYS, Attempt

__all__ = ["WAYS", "Attempt", "around", "document", "engine", "server"]
