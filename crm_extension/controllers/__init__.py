from . import crm_approval_evidence
