def uninstall_hook(env):
    """Leave nothing of ours on documents that stay.

    Activities point at their document without a foreign key, so the uninstallation
    itself would not remove those that ask for an approval or warn of a loss.
    """
    for name in ("crm_approval", "crm_churn", "crm_recycle"):
        activity_type = env.ref(
            f"crm_extension.mail_activity_type_{name}", raise_if_not_found=False
        )
        if activity_type:
            env["mail.activity"].with_context(active_test=False).search(
                [("activity_type_id", "=", activity_type.id)]
            ).unlink()
    # The trigger would go with its table; its function would stay.
    env.cr.execute("DROP FUNCTION IF EXISTS crm_approval_decision_guard CASCADE")
