import {useSubEnv} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {useService} from "@web/core/utils/hooks";
import {ApprovalReasonDialog, ApprovalReportDialog} from "./inbox_dialogs.esm";

export const ITEM = "crm.approval.item";

/**
 * What a screen shows of items. Taken when the user decides, before anything is read
 * anew.
 *
 * @param {Object[]} records of the screen, or plain `{resId, data}`
 * @returns {Object} revision by item id
 */
export function seenOf(records) {
    return Object.fromEntries(records.map(({resId, data}) => [resId, data.revision]));
}

/**
 * Deciding from the inbox, for a screen and the buttons in it (`env.approvalInbox`).
 *
 * @param {Function} reload brings the screen up to date after a decision; is given the
 *     server's report
 * @returns {Object} `approve(seen)` and `reject(seen, what, reason)`, of what `seenOf`
 *     answers; without a reason it is asked for
 */
export function useApprovalInbox(reload) {
    const dialog = useService("dialog");
    const notification = useService("notification");
    const orm = useService("orm");
    const inbox = useService("crm_approval_inbox");

    async function show(report) {
        await reload(report);
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

    /** The server leaves out what is not as it was shown. */
    async function decide(method, seen, ...args) {
        const ids = Object.keys(seen).map(Number);
        await show(await orm.call(ITEM, method, [ids, ...args, seen]));
    }

    const deeds = {
        async approve(seen) {
            if (Object.keys(seen).length) {
                await decide("action_approve_many", seen);
            }
        },
        async reject(seen, what, reason = "") {
            const confirm = (why) => decide("action_reject_many", seen, why);
            if (reason.trim()) {
                await confirm(reason);
            } else if (Object.keys(seen).length) {
                dialog.add(ApprovalReasonDialog, {
                    title: _t("Reject %s", what),
                    confirm,
                });
            }
        },
    };
    useSubEnv({approvalInbox: deeds});
    return deeds;
}
