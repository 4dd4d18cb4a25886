import {Component, onMounted, onWillUnmount, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {useService} from "@web/core/utils/hooks";
import {ApprovalKeysHint} from "./inbox_widgets.esm";

/** The tabs above every list of the inbox; each is a view of its own, with a link. */
export class ApprovalInboxTabs extends Component {
    static template = "crm_extension.ApprovalInboxTabs";
    static components = {ApprovalKeysHint};
    static props = {withKeys: {type: Boolean, optional: true}};

    setup() {
        this.action = useService("action");
        this.inbox = useState(useService("crm_approval_inbox"));
        onMounted(() => {
            this.inbox.screens += 1;
            this.inbox.refresh();
        });
        onWillUnmount(() => {
            this.inbox.screens -= 1;
        });
    }

    get tabs() {
        const {mine, team, asked} = this.inbox.counts;
        const tab = (name, action, label, count) => ({name, action, label, count});
        return [
            tab("mine", "crm_approval_item_action", _t("For me"), mine),
            tab("team", "crm_approval_item_action_team", _t("My team"), team),
            tab("asked", "crm_approval_request_action_mine", _t("Asked by me"), asked),
            tab("decided", "crm_approval_item_action_decided", _t("Decided")),
        ];
    }

    isOpen(tab) {
        return this.env.config.actionXmlId === `crm_extension.${tab.action}`;
    }

    /** Not above a list that is none of them, nor for people who are never asked. */
    get isShown() {
        return this.inbox.isApprover && this.tabs.some((tab) => this.isOpen(tab));
    }

    async open(tab) {
        if (!this.isOpen(tab)) {
            await this.action.doAction(`crm_extension.${tab.action}`, {
                clearBreadcrumbs: true,
                viewType: this.env.config.viewType,
            });
        }
    }
}
