import {Component} from "@odoo/owl";
import {formatFloat} from "@web/views/fields/formatters";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {X2ManyField, x2ManyField} from "@web/views/fields/x2many/x2many_field";

const STRIDE = 10;

/** The points of a policy as cards in the order they are asked. Points of one order
 * stand side by side: they are asked at the same time. */
export class ApprovalPointsField extends X2ManyField {
    static template = "crm_extension.ApprovalPointsField";

    get isEditable() {
        return !this.props.readonly && this.activeActions.create !== false;
    }

    /** Points by their order: one list per place in it. */
    get ranks() {
        const records = [...this.list.records];
        records.sort((one, other) => one.data.sequence - other.data.sequence);
        const ranks = [];
        for (const record of records) {
            const last = ranks.at(-1);
            if (last && last[0].data.sequence === record.data.sequence) {
                last.push(record);
            } else {
                ranks.push([record]);
            }
        }
        return ranks;
    }

    /** How many must agree; rules that find one person need no number. */
    quorum({data}) {
        if (["manager", "authority", "field"].includes(data.approver_kind)) {
            return "";
        }
        return {
            any: _t("any one"),
            all: _t("all of them"),
            count: _t("%s of them", data.quorum_count),
        }[data.quorum];
    }

    hours({data}) {
        return _t("%s h", formatFloat(data.deadline_hours, {trailingZeros: false}));
    }

    /** Put all points of one place before or behind those of the next. */
    move(place, step) {
        const ranks = this.ranks;
        [ranks[place], ranks[place + step]] = [ranks[place + step], ranks[place]];
        return this.renumber(ranks);
    }

    /** Ask a point together with those before it. */
    join(place, record) {
        const ranks = this.ranks;
        ranks[place] = ranks[place].filter((other) => other !== record);
        ranks[place - 1].push(record);
        return this.renumber(ranks);
    }

    /** Ask a point after those it was asked with. */
    part(place, record) {
        const ranks = this.ranks;
        ranks[place] = ranks[place].filter((other) => other !== record);
        ranks.splice(place + 1, 0, [record]);
        return this.renumber(ranks);
    }

    async renumber(ranks) {
        const filled = ranks.filter((rank) => rank.length);
        for (const [place, rank] of filled.entries()) {
            for (const record of rank) {
                const sequence = (place + 1) * STRIDE;
                if (record.data.sequence !== sequence) {
                    await record.update({sequence});
                }
            }
        }
    }

    /** A new point is asked after all others. */
    add() {
        const last = this.ranks.at(-1);
        const sequence = (last ? last[0].data.sequence : 0) + STRIDE;
        return this.onAdd({context: {default_sequence: sequence}});
    }

    remove(record) {
        return this.list.delete(record);
    }
}

const CHECK_LOOKS = {
    danger: {css: "text-danger", icon: "fa-times-circle"},
    info: {css: "text-muted", icon: "fa-info-circle"},
    success: {css: "text-success", icon: "fa-check-circle"},
};

/** What the proof says: can every point be decided, whoever asks? */
export class ApprovalCheckField extends Component {
    static template = "crm_extension.ApprovalCheckField";
    static props = {...standardFieldProps};

    get lines() {
        const check = this.props.record.data[this.props.name];
        return (check && check.lines) || [];
    }

    look(line) {
        return CHECK_LOOKS[line.level];
    }
}

registry.category("fields").add("crm_approval_points", {
    ...x2ManyField,
    component: ApprovalPointsField,
});
registry.category("fields").add("crm_approval_check", {
    component: ApprovalCheckField,
    supportedTypes: ["json"],
});
