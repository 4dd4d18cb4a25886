"""What is allowed, and why: the stated table of the matrix.

``{(way, model, role): because}``. Everything that is not here has to be held.
"""

RULES = (
    "setting the rules is this role's work; running requests keep the rules they were"
    " asked under"
)
ASKED = "this person is asked, and says yes in the own name at the own point only"
MERGED = (
    "an administrator who merges two partners says that they are the same customer; the"
    " decisions keep the name they were made for"
)
SERVER = (
    "who may write Python into the server stands where the add-on stands; what such"
    " code does to the evidence shows when the chain is verified"
)

_RULE_MODELS = (
    "crm.approval.policy",
    "crm.approval.policy.step",
    "crm.discount.policy",
    "crm.discount.policy.line",
)
_RULE_WAYS = (
    *("engine create", "engine write", "engine unlink", "engine copy"),
    *("engine import by load", "engine web_save", "engine archive"),
    *("commands of another document", "engine methods", "forged default_ keys"),
    *("engine onchange save",),
)

ALLOWED = {
    **{
        (way, model, role): RULES
        for way in _RULE_WAYS
        for model in _RULE_MODELS
        for role in ("manager", "admin")
    },
    ("answering what one is asked", "crm.approval.item", "approver"): ASKED,
    ("merge", "sale.order", "admin"): MERGED,
    ("code in the server", "sale.order", "admin"): SERVER,
}
