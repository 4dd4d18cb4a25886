import {Component, onWillStart, useState} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {useService} from "@web/core/utils/hooks";

const CARDS = {attention: "border-warning", bad: "border-danger"};
const WORDS = {attention: "text-warning-emphasis", bad: "text-danger"};
const ICONS = {attention: "fa-exclamation-circle", bad: "fa-exclamation-triangle"};

/** What somebody meets first: what waits, by role, with one click to it. */
export class StartPage extends Component {
    static template = "crm_extension.StartPage";
    static props = {...standardActionServiceProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({page: null});
        onWillStart(() => this.read());
    }

    async read() {
        this.state.page = await this.orm.call("crm.start.page", "get_page", []);
    }

    css(level) {
        return CARDS[level] || "";
    }

    word(level) {
        return WORDS[level] || "";
    }

    icon(level) {
        return ICONS[level];
    }

    openCard({action, context}) {
        this.action.doAction(action, {additionalContext: context});
    }

    openRow({model, id}) {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
        });
    }
}

registry.category("actions").add("crm_start_page", StartPage);
