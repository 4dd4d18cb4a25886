import {Component, onWillUpdateProps, useState} from "@odoo/owl";
import {deserializeDate, formatDate} from "@web/core/l10n/dates";
import {formatFloat, formatInteger, formatMonetary} from "@web/views/fields/formatters";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

/** What is asked of a customer in the same moment: {names, answer} by customer. */
const asked = new Map();

/**
 * Read a field of a record, in one call with whatever else is asked of it meanwhile.
 *
 * @param {Object} orm
 * @param {Object} record resModel and resId
 * @param {String[]} names
 * @returns {Promise<Object>} the values
 */
function readTogether(orm, {resModel, resId}, names) {
    const key = `${resModel},${resId}`;
    if (!asked.has(key)) {
        const all = new Set();
        const answer = new Promise((resolve) => setTimeout(resolve)).then(async () => {
            asked.delete(key);
            const [values] = await orm.read(resModel, [resId], [...all]);
            return values || {};
        });
        asked.set(key, {all, answer});
    }
    const {all, answer} = asked.get(key);
    names.forEach((name) => all.add(name));
    return answer;
}

function tellMoney(amount, {currency_id: currency}) {
    return formatMonetary(amount, {currencyId: currency && currency[0]});
}

function tellName(record) {
    return record ? record[1] : _t("None yet");
}

function tellDay(day) {
    return day ? formatDate(deserializeDate(day)) : "";
}

/** How each kind of figure is told. Some are added to another one, and often missing. */
const KINDS = {
    count: {tell: (value) => formatInteger(value)},
    points: {tell: (value) => formatFloat(value, {digits: [4, 1]})},
    money: {tell: tellMoney, beside: ["currency_id"]},
    overdue: {tell: tellMoney, beside: ["currency_id"], isAdded: true},
    broken: {tell: (value) => formatInteger(value), isAdded: true},
    name: {tell: tellName},
    day: {tell: tellDay},
    due: {tell: tellDay, isAdded: true},
};

/**
 * A figure about a customer that follows from many documents: the form does not wait
 * for it.
 */
export class CustomerFigure extends Component {
    static template = "crm_extension.CustomerFigure";
    static props = {
        ...standardWidgetProps,
        figure: String,
        kind: {type: String, optional: true},
    };
    static defaultProps = {kind: "count"};

    setup() {
        this.state = useState({values: null});
        this.read(this.props);
        onWillUpdateProps((props) => {
            // Another customer, or the same one read anew.
            if (props.record !== this.props.record) {
                this.read(props);
            }
        });
    }

    async read({record, figure}) {
        this.asking = record;
        this.state.values = null;
        if (!record.resId) {
            return;
        }
        const names = [figure, ...(this.kind.beside || [])];
        // Past the component, which may be gone before the others' answer is there.
        const values = await readTogether(this.env.services.orm, record, names);
        if (this.asking === record) {
            this.state.values = values;
        }
    }

    get kind() {
        return KINDS[this.props.kind];
    }

    get value() {
        return this.state.values[this.props.figure];
    }

    get text() {
        return this.kind.tell(this.value, this.state.values);
    }

    get warning() {
        return _t("%s of it overdue", this.text);
    }
}

registry.category("view_widgets").add("crm_figure", {
    component: CustomerFigure,
    extractProps: ({attrs: {figure, kind}}) => ({figure, kind}),
});
