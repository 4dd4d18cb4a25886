"""Teams in the record rules of visits are named by their ids."""

from odoo import SUPERUSER_ID, api

RULES = ("crm_visit_rule_user", "crm_visit_week_rule_user")
BEFORE = "('team_id.user_id', '=', user.id)"
NOW = "('team_id', 'in', user._crm_get_led_team_ids())"


def migrate(cr, version):
    """Rules that somebody has changed are theirs: only the words of ours are."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    for name in RULES:
        rule = env.ref(f"crm_extension.{name}", raise_if_not_found=False)
        if rule and BEFORE in (rule.domain_force or ""):
            rule.domain_force = rule.domain_force.replace(BEFORE, NOW)
