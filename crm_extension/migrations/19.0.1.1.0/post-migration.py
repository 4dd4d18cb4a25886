def migrate(cr, version):
    """What was in force becomes version 1, in force since it was made.

    An archived policy was in force for nobody: it becomes a draft. In SQL, because no
    ORM way leads past the two administrators who publish a version.
    """
    cr.execute(
        """
        UPDATE crm_approval_policy
           SET state = CASE WHEN active THEN 'published' ELSE 'draft' END,
               version = 1,
               edited_by_id = write_uid,
               date_published = CASE WHEN active THEN create_date END,
               date_effective = CASE WHEN active THEN create_date END
         WHERE published_by_id IS NULL AND state = 'draft'
        """
    )
