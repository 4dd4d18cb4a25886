import {Component} from "@odoo/owl";
import {Dropdown} from "@web/core/dropdown/dropdown";
import {DropdownItem} from "@web/core/dropdown/dropdown_item";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {seenOf} from "./inbox_hook.esm";
import {agoInWords, dueInWords, exactly} from "./words.esm";

class MomentField extends Component {
    static props = {...standardFieldProps, note: {type: Boolean, optional: true}};

    get moment() {
        return this.props.record.data[this.props.name];
    }

    get exact() {
        return exactly(this.moment);
    }
}

/** How long ago: "2 h ago". */
export class ApprovalAgoField extends MomentField {
    static template = "crm_extension.ApprovalAgoField";

    get words() {
        return this.moment ? agoInWords(this.moment) : "";
    }
}

const FORECASTS = {
    on_time: {css: "text-body"},
    at_risk: {css: "text-warning-emphasis fw-bold", badge: "text-bg-warning"},
    late: {css: "text-danger fw-bold"},
};

/** When the answer is due, and whether it will come in time. */
export class ApprovalDueField extends MomentField {
    static template = "crm_extension.ApprovalDueField";

    get words() {
        return this.moment ? dueInWords(this.moment) : "";
    }

    get look() {
        return FORECASTS[this.props.record.data.forecast] || {css: ""};
    }

    get label() {
        return _t("may become late");
    }

    get note() {
        return this.props.record.data.forecast_note || "";
    }

    get tooltip() {
        return [this.exact, this.note].filter(Boolean).join(", ");
    }
}

/** A mark on what cannot wait. */
export class ApprovalUrgentField extends Component {
    static template = "crm_extension.ApprovalUrgentField";
    static props = {...standardFieldProps};
}

/** Approve, Reject and the rest, in a row of the list or on a card. */
export class ApprovalDecideField extends Component {
    static template = "crm_extension.ApprovalDecideField";
    static components = {Dropdown, DropdownItem};
    static props = {...standardFieldProps};

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
    }

    get item() {
        return this.props.record;
    }

    approve() {
        return this.env.approvalInbox.approve(seenOf([this.item]));
    }

    reject() {
        this.env.approvalInbox.reject(seenOf([this.item]), this.item.data.name);
    }

    async open(method) {
        const action = await this.orm.call(this.item.resModel, method, [
            [this.item.resId],
        ]);
        await this.action.doAction(action);
    }
}

/** The keys, where they work. */
export class ApprovalKeysHint extends Component {
    static template = "crm_extension.ApprovalKeysHint";
    static props = {"*": true};
}

const fields = registry.category("fields");
fields.add("crm_approval_ago", {
    component: ApprovalAgoField,
    supportedTypes: ["datetime"],
    listViewWidth: 110,
});
fields.add("crm_approval_due", {
    component: ApprovalDueField,
    supportedTypes: ["datetime"],
    listViewWidth: 190,
    extractProps: ({options}) => ({note: Boolean(options.note)}),
});
fields.add("crm_approval_urgent", {
    component: ApprovalUrgentField,
    supportedTypes: ["boolean"],
});

fields.add("crm_approval_decide", {
    component: ApprovalDecideField,
    supportedTypes: ["boolean"],
});

registry
    .category("view_widgets")
    .add("crm_approval_keys", {component: ApprovalKeysHint});
