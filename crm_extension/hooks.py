def uninstall_hook(env):
    """Leave nothing of ours on documents that stay.

    Activities point at their document without a foreign key, so the uninstallation
    itself would not remove those that ask for an approval or warn of a loss.
    """
    for name in ("approval", "churn", "plan", "promise", "recycle"):
        activity_type = env.ref(
            f"crm_extension.mail_activity_type_crm_{name}", raise_if_not_found=False
        )
        if activity_type:
            env["mail.activity"].with_context(active_test=False).search(
                [("activity_type_id", "=", activity_type.id)]
            ).unlink()
    # Appointments stay in the calendar; with the model of visits they would go.
    env.cr.execute(
        "UPDATE calendar_event SET res_model_id = NULL, res_model = NULL, res_id = NULL"
        " WHERE res_model = 'crm.visit'"
    )
    # The trigger would go with its table; its function would stay.
    env.cr.execute("DROP FUNCTION IF EXISTS crm_approval_decision_guard CASCADE")
