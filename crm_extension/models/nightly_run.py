from odoo import api, fields, models
from odoo.exceptions import AccessError

# What a run keeps for itself.
RUN = frozenset({"run_on", "run_cursor", "last_run_on"})


class CrmNightlyRun(models.AbstractModel):
    """Something that goes through very many customers every night, in steps that are
    kept one by one: each ends with the id of its last row, so a run that breaks off
    goes on where it was.

    Whoever inherits it defines :meth:`_start`, :meth:`_count_left` and
    :meth:`_take_step`, and calls :meth:`_run_steps` from a scheduled action.
    """

    _name = "crm.nightly.run"
    _description = "Nightly Run in Steps"

    run_on = fields.Date(
        readonly=True, copy=False, help="The day of the run that is under way."
    )
    run_cursor = fields.Integer(readonly=True, copy=False)
    last_run_on = fields.Date(string="Last Looked at", readonly=True, copy=False)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_run(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._refuse_run(vals)
        return super().write(vals)

    def _refuse_run(self, vals):
        # Superuser mode is the run's own.
        if not self.env.su and RUN & vals.keys():
            raise AccessError(
                self.env._("How far the nightly run has come is noted by it alone.")
            )

    # === BUSINESS METHODS === #

    def _run_steps(self):
        """Go on with the runs under way among these records, or start theirs."""
        cron = self.env["ir.cron"]
        running = self.filtered("run_on")
        if not running:
            # Those of a day start together: the next call goes on with what is left.
            for record in self:
                record._start()
            running = self
        left = {record: record._count_left() for record in running}
        if not cron._commit_progress(remaining=sum(left.values())):
            return
        for record in running:
            while record.run_on:
                done = record._take_step()
                left[record] = max(left[record] - done, 0) if record.run_on else 0
                if not cron._commit_progress(done, remaining=sum(left.values())):
                    return
                # Somebody may have changed it meanwhile.
                record.invalidate_recordset()

    # === HOOKS === #

    def _start(self):
        """Note that the run of a single record begins today."""
        raise NotImplementedError

    def _count_left(self):
        """How many rows the run of a single record has still to look at."""
        raise NotImplementedError

    def _take_step(self):
        """The next rows of a single record's run; none end it.

        :return: how many were looked at
        """
        raise NotImplementedError
