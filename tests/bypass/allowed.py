"""What is allowed, and why: the stated tables of the matrix.

``{(way, model, role): {what was done: because}}``. What was done is said by
:meth:`.engines.Engine.judge_row`, or it is ``a document`` (past its gate uncovered).
Everything that is not here has to be held.
"""

DRAFTS = (
    "drafting rules is this role's work; a draft asks nobody anything until somebody"
    " else has published it"
)
LIFE = (
    "proposing a rule, or taking a proposal back, is this role's work; it changes"
    " nothing that is in force"
)
SECOND = (
    "this role publishes, or ends, what another administrator of approvals has"
    " proposed and changed last"
)
SETTING = "setting the rules is this role's work"
LIMITS = (
    "what positions may give without asking is set by this role; documents that are"
    " past their gate are judged only on what gets worse"
)
HANDING_OVER = "everybody hands over what they are asked themselves, for some days"
HANDING_OVER_ALL = (
    "administrators of approvals hand over for whoever is away; each decision names"
    " both people"
)
ASKED = "this person is asked, and says yes in the own name at the own point only"
MERGED = (
    "whoever holds the right to merge two partners says that they are the same"
    " customer; the decisions keep the name they were made for"
)
PEOPLE = (
    "this role manages users: who leaves is asked no more, and the next in line is;"
    " nobody's answer is given"
)
DEFAULTS = (
    "what everybody starts with is set by whoever sets up the system, for all alike"
)
SERVER = (
    "who may write Python into the server stands where the add-on stands; what such"
    " code does to the evidence shows when the chain is verified"
)

BOTH = ("manager", "admin")
_WRITING = (
    *("engine create", "engine write", "engine unlink", "engine copy"),
    *("engine import by load", "engine web_save", "engine archive"),
    *("commands of another document", "forged default_ keys", "engine onchange save"),
)


def _table(*entries):
    """``(ways, models, roles, {what: because})`` as a table."""
    table = {}
    for ways, models, roles, reasons in entries:
        for way in ways:
            for model in models:
                for role in roles:
                    table.setdefault((way, model, role), {}).update(reasons)
    return table


_DOCUMENTS = (
    *("sale.order", "account.move", "helpdesk.ticket", "res.partner"),
    "crm.test.document",
)
_POLICIES = ("crm.approval.policy", "crm.approval.policy.step")
_CEILINGS = ("crm.discount.policy", "crm.discount.policy.line")
_DELEGATION = ("crm.approval.delegation",)

OURS = _table(
    (_WRITING, _POLICIES, BOTH, {"a draft": DRAFTS}),
    (
        ("engine methods",),
        _POLICIES[:1],
        BOTH,
        {"a draft": DRAFTS, "a proposal": LIFE, "a second person's deed": SECOND},
    ),
    (_WRITING, _CEILINGS, BOTH, {"a ceiling": LIMITS}),
    (
        ("archive",),
        _CEILINGS[:1],
        BOTH,
        {"a ceiling": LIMITS, "a document": LIMITS},
    ),
    (
        (*_WRITING, "engine methods"),
        _DELEGATION,
        ("approver", "accountant"),
        {"an own delegation": HANDING_OVER, "a change of people": HANDING_OVER},
    ),
    (
        (*_WRITING, "engine methods"),
        _DELEGATION,
        BOTH,
        {
            "an own delegation": HANDING_OVER,
            "a delegation": HANDING_OVER_ALL,
            "a change of people": HANDING_OVER_ALL,
        },
    ),
    (
        ("answering what one is asked",),
        ("crm.approval.item",),
        ("approver",),
        {"an answer": ASKED},
    ),
    (("archive",), ("res.users",), ("admin",), {"a change of people": PEOPLE}),
    # Code in superuser mode does no more than its author may do by hand.
    (("server action",), _POLICIES, ("admin",), {"a draft": DRAFTS}),
    (("server action",), _CEILINGS, ("admin",), {"a ceiling": LIMITS}),
    (
        ("server action",),
        _DELEGATION,
        ("admin",),
        {"a delegation": HANDING_OVER_ALL, "a change of people": HANDING_OVER_ALL},
    ),
    (
        ("merge",),
        _DOCUMENTS,
        ("salesperson", "approver", "manager", "accountant", "admin"),
        {"a document": MERGED, "a merge": MERGED},
    ),
    (("defaults for everybody",), _DOCUMENTS, ("admin",), {"a document": DEFAULTS}),
    (("code in the server",), _DOCUMENTS, ("admin",), {"a document": SERVER}),
)

# The same yardstick for the other: its definitions have no draft, so that setting
# them is the role's work at once.
OCA = _table(
    (
        (*_WRITING, "engine methods", "archive"),
        ("tier.definition", "tier.validation.exception"),
        BOTH,
        {"a rule": SETTING, "a document": SETTING},
    ),
    (("answering what one is asked",), ("sale.order",), ("approver",), {"": ASKED}),
    (("server action",), ("tier.definition",), ("admin",), {"a rule": SETTING}),
    (
        ("defaults for everybody",),
        ("sale.order",),
        ("admin",),
        {"a document": DEFAULTS},
    ),
    (("merge",), ("sale.order",), BOTH, {"a document": MERGED}),
    (("code in the server",), ("sale.order",), BOTH, {"a document": SERVER}),
    (("archive",), ("res.users",), BOTH, {"a change of people": PEOPLE}),
)
