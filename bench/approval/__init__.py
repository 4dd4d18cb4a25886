"""What `bench_approval.py` runs inside Odoo's shell."""
