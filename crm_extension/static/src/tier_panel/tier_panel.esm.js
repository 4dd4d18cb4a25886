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

    setup() {
        this.orm = useService("orm");
        this.state = useState({panel: ""});
        onWillStart(() => this.read(this.props.record));
        onWillUpdateProps(({record}) => {
            // Another customer, or the same one after it was worked out anew.
            if (record !== this.props.record) {
                return this.read(record);
            }
        });
    }

    async read({resId, resModel}) {
        const name = this.props.field;
        const rows = resId ? await this.orm.read(resModel, [resId], [name]) : [];
        this.state.panel = rows.length ? markup(rows[0][name] || "") : "";
    }
}

/** Each panel is a widget of its own, so that a view cannot show any other field. */
for (const field of [
    "crm_tier_panel",
    "crm_kind_panel",
    "crm_owner_panel",
    "crm_credit_panel",
]) {
    registry.category("view_widgets").add(field, {
        component: CustomerPanel,
        extractProps: () => ({field}),
    });
}
