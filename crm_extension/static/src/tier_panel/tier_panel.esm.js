import {Component, markup, onWillStart, onWillUpdateProps, useState} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useService} from "@web/core/utils/hooks";

const FIELD = "crm_tier_panel";

/**
 * Why a customer has its tier, and what is missing to the next one. Read when somebody
 * opens the page: most who open a customer want something else.
 */
export class TierPanel extends Component {
    static template = "crm_extension.TierPanel";
    static props = {...standardWidgetProps};

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
        const rows = resId ? await this.orm.read(resModel, [resId], [FIELD]) : [];
        this.state.panel = rows.length ? markup(rows[0][FIELD] || "") : "";
    }
}

registry.category("view_widgets").add("crm_tier_panel", {component: TierPanel});
