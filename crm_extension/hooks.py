def uninstall_hook(env):
    """Leave nothing of ours on documents that stay.

    Activities point at their document without a foreign key, so the uninstallation
    itself would not remove those that ask for an approval.
    """
    activity_type = env.ref(
        "crm_extension.mail_activity_type_crm_approval", raise_if_not_found=False
    )
    if activity_type:
        env["mail.activity"].with_context(active_test=False).search(
            [("activity_type_id", "=", activity_type.id)]
        ).unlink()
    # The trigger would go with its table; its function would stay.
    env.cr.execute("DROP FUNCTION IF EXISTS crm_approval_decision_guard CASCADE")
