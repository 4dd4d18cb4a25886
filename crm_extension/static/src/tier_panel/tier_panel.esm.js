import {Component, markup, onWillStart, onWillUpdateProps, useState} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useService} from "@web/core/utils/hooks";

/**
 * What the server has written in HTML about a customer, as why it has its tier, and what
 * is missing to the next one. Read when somebody opens the page: most who open a customer
 * want something else.
 */
export class CustomerPanel extends Component {
    static template = "crm_extension.CustomerPanel";
    static props = {...standardWidgetProps, field: String};

    /** What is read of the customer. */
    get names() {
        return [this.props.field];
    }

    setup() {
        this.orm = useService("orm");
        this.state = useState({panel: "", mayRate: false});
        onWillStart(() => this.read(this.props.record));
        onWillUpdateProps(({record}) => {
            // Another customer, or the same one after it was worked out anew.
            if (record !== this.props.record) {
                return this.read(record);
            }
        });
    }

    async read({resId, resModel}) {
        const rows = resId ? await this.orm.read(resModel, [resId], this.names) : [];
        this.show(rows[0] || {});
    }

    show(values) {
        this.state.panel = markup(values[this.props.field] || "");
    }
}

/** Why a customer has its tier; whoever may, has it worked out anew. */
export class TierPanel extends CustomerPanel {
    static template = "crm_extension.TierPanel";

    get names() {
        return [...super.names, "crm_tier_may_rate"];
    }

    show(values) {
        super.show(values);
        this.state.mayRate = Boolean(values.crm_tier_may_rate);
    }

    /** Nothing that was typed is lost: it is saved before, and read again after. */
    async workOut() {
        const {record} = this.props;
        if (await record.save()) {
            await this.orm.call(record.resModel, "action_crm_tier_work_out", [
                [record.resId],
            ]);
            await record.load();
        }
    }
}

/** Each panel is a widget of its own, so that a view cannot show any other field. */
for (const [field, component] of [
    ["crm_tier_panel", TierPanel],
    ["crm_kind_panel", CustomerPanel],
    ["crm_owner_panel", CustomerPanel],
    ["crm_credit_panel", CustomerPanel],
]) {
    registry.category("view_widgets").add(field, {
        component,
        extractProps: () => ({field}),
    });
}
