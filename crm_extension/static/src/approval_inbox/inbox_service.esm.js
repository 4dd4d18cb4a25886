import {reactive} from "@odoo/owl";
import {router} from "@web/core/browser/router";
import {registry} from "@web/core/registry";
import {user} from "@web/core/user";

const INBOX_PATH = /^approvals(-team|-decided)?$/;

/** The item that the address names from which the client starts, as mails link to it. */
function itemInAddress() {
    const {action, resId} = (router.current.actionStack || []).at(-1) || {};
    return INBOX_PATH.test(action) && Number.isInteger(resId) ? resId : null;
}

/**
 * What waits for the user, known to every screen. Read when the client starts and
 * whenever it has found the server (again); from then on the server says when it changes,
 * and nobody asks.
 */
export const approvalInboxService = {
    dependencies: ["bus_service", "notification", "orm"],
    start(env, {bus_service: bus, notification, orm}) {
        const call = (method, args = []) =>
            orm.silent.call("crm.approval.item", method, args);
        const inbox = reactive({
            isApprover: false,
            open: 0,
            counts: {},
            screens: 0,
            async refresh() {
                const {open, ...counts} = await call("get_inbox_counts");
                Object.assign(inbox, {open, counts});
            },
        });
        (async () => {
            const item = itemInAddress();
            const note = item && (await call("get_link_note", [item]));
            if (note) {
                notification.add(note, {type: "warning", sticky: true});
            }
        })();
        (async () => {
            inbox.isApprover = await user.hasGroup(
                "crm_extension.crm_extension_group_approver"
            );
            if (!inbox.isApprover) {
                return;
            }
            bus.subscribe("crm_approval_inbox", ({open}) => {
                inbox.open = open;
                // The tabs are read anew only where somebody looks at them.
                if (inbox.screens) {
                    inbox.refresh();
                }
            });
            const count = async () => {
                inbox.open = await call("get_open_count");
            };
            // What changed before the server could say so, or while the computer slept.
            bus.addEventListener("BUS:CONNECT", count);
            bus.addEventListener("BUS:RECONNECT", count);
            await count();
        })();
        return inbox;
    },
};

registry.category("services").add("crm_approval_inbox", approvalInboxService);
