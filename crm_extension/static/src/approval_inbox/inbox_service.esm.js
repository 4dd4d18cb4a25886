import {reactive} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {user} from "@web/core/user";

/**
 * What waits for the user, known to every screen. Read once when the client starts;
 * from then on the server says when it changes, and nobody asks again.
 */
export const approvalInboxService = {
    dependencies: ["bus_service", "orm"],
    start(env, {bus_service: bus, orm}) {
        const call = (method) => orm.silent.call("crm.approval.item", method, []);
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
            inbox.open = await call("get_open_count");
        })();
        return inbox;
    },
};

registry.category("services").add("crm_approval_inbox", approvalInboxService);
