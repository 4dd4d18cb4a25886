import {useSubEnv} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {useService} from "@web/core/utils/hooks";
import {ApprovalReasonDialog, ApprovalReportDialog} from "./inbox_dialogs.esm";

export const ITEM = "crm.approval.item";

/**
 * Deciding from the inbox, for a screen and the buttons in it (`env.approvalInbox`).
 *
 * @param {Function} reload brings the screen up to date after a decision
 * @returns {Object} `approve(ids)`, `reject(ids, name)` and `askReason`
 */
export function useApprovalInbox(reload) {
    const dialog = useService("dialog");
    const notification = useService("notification");
    const orm = useService("orm");
    const inbox = useService("crm_approval_inbox");

    async function show(report) {
        await reload();
        inbox.refresh();
        if (report.length > 1) {
            dialog.add(ApprovalReportDialog, {report});
        } else {
            for (const {name, ok, message} of report) {
                const text = ok ? _t("%(name)s: %(message)s", {name, message}) : message;
                notification.add(text, {type: ok ? "success" : "danger"});
            }
        }
    }

    function askReason(what, confirm) {
        dialog.add(ApprovalReasonDialog, {title: _t("Reject %s", what), confirm});
    }

    const deeds = {
        askReason,
        async approve(ids) {
            if (ids.length) {
                await show(await orm.call(ITEM, "action_approve_many", [ids]));
            }
        },
        reject(ids, what) {
            if (ids.length) {
                askReason(what, async (reason) =>
                    show(await orm.call(ITEM, "action_reject_many", [ids, reason]))
                );
            }
        },
    };
    useSubEnv({approvalInbox: deeds});
    return deeds;
}
