import {Component, useState} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";

/** How much waits for the user, beside the activities; a click opens the inbox. */
export class ApprovalInboxSystray extends Component {
    static template = "crm_extension.ApprovalInboxSystray";
    static props = {};

    setup() {
        this.inbox = useState(useService("crm_approval_inbox"));
        this.action = useService("action");
    }

    openInbox() {
        this.action.doAction("crm_extension.crm_approval_item_action", {
            clearBreadcrumbs: true,
        });
    }
}

registry
    .category("systray")
    .add(
        "crm_extension.approval_inbox",
        {Component: ApprovalInboxSystray},
        {sequence: 22}
    );
