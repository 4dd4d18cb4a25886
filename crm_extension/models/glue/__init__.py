from . import numbers  # before what is made of it
from . import res_partner_rhythm, res_partner_kind  # before what is made of them
from . import base_partner_merge
from . import crm_reporting_line  # before what is made of it
from . import res_users_sight, res_company_sight  # before what is made of them
from . import res_company_collection  # before the company that is made of it
from . import res_company
from . import crm_team_calls  # before the team that is made of it
from . import hr_employee, hr_version, hr_department, crm_team, crm_team_member
from . import ir_attachment

# Before what is made of them.
from . import res_partner_terms, res_partner_volume, res_partner_tier
from . import res_partner_identity, res_partner_profile, res_partner_credit
from . import crm_customer_tier, res_partner_benefits, res_partner_agreed_tier
from . import res_partner_code, res_partner_contacts
from . import res_partner_overview, res_partner_visibility, res_partner_list
from . import res_partner_owner, res_partner_last_contact, res_partner_handover
from . import res_partner_visits
from . import res_partner_sight, res_partner_hold, res_partner_collection
from . import res_partner
from . import res_partner_bank
from . import res_users_standing, res_users_leader  # before what is made of them
from . import res_users

# Before what is made of them.
from . import sale_order_offer, sale_order_acceptance, sale_order_window
from . import sale_order_line_rules, sale_order_rules, sale_order_verdict
from . import sale_order_line_margin, sale_order_margin
from . import credit_document  # before what is made of it
from . import sale_order_credit, account_move_credit
from . import sale_order_line_ledger, sale_order_ledger
from . import sale_order_execution, sale_order_hold
from . import sale_order_kind, sale_order_line_kind, sale_order_contract
from . import sale_order_collection, sale_order_return
from . import sale_order_allocation
from . import sale_order
from . import sale_order_line
from . import payment_transaction
from . import return_link  # before what is made of it
from . import account_payment_summary, account_payment_return
from . import account_move_return, account_move_line_return
from . import stock_picking_hold, stock_move_hold, stock_picking_return
from . import stock_picking_allocation
from . import account_payment
from . import account_payment_register
from . import account_partial_reconcile
from . import stock_move
from . import stock_move_line
from . import stock_warehouse
from . import crm_allocation, crm_allocation_line
from . import stock_picking
from . import account_move_rules, account_move_line_rules  # before what is made of them
from . import account_move_hold
from . import account_move
from . import account_move_line_ledger  # before the line that is made of it
from . import account_move_line
from . import helpdesk_ticket
from . import helpdesk_ticket_stage
from . import product_pricelist
from . import product_pricelist_item
from . import product_template

# Visits and what they lead to.
from . import crm_visit_appointment  # before what is made of it
from . import crm_visit
from . import calendar_event
from . import crm_payment_promise

# What holds deliveries.
from . import crm_hold_policy
from . import crm_return_order, crm_return_line
