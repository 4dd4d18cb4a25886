import {Component, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useRecordObserver} from "@web/model/relational_model/utils";
import {useService} from "@web/core/utils/hooks";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

const FIELD = "crm_contact_tree";

// So many stand side by side on a usual screen.
const FEW_PEOPLE = 4;

/** A person, and those below: the drawing calls itself for each of them. */
export class ContactBranch extends Component {
    static template = "crm_extension.ContactBranch";
    static props = {branch: Array, tree: Object};

    setup() {
        this.state = useState(this.props.tree.state);
    }

    get person() {
        return this.props.tree.people[this.props.branch[0]];
    }

    get below() {
        return this.props.branch[1];
    }

    get id() {
        return this.props.branch[0];
    }

    get icon() {
        return this.person.icon || "fa-user-o";
    }

    get superiors() {
        return this.props.tree.superiorsFor(this.id);
    }

    get isOpen() {
        return this.state.editing === this.id;
    }

    get isTarget() {
        return this.state.over === this.id;
    }

    get mayDrop() {
        return this.props.tree.mayLead(this.id, this.state.dragged);
    }

    choose(event) {
        return this.props.tree.choose(this.id, Number(event.target.value));
    }
}
ContactBranch.components = {ContactBranch};

/**
 * Who decides at a customer: its people, drawn below those to whom they report.
 *
 * Read once the form is there, and again after it was saved: it takes its time, and
 * nobody waits for it who wants to see something else. The value is what
 * `res.partner._crm_draw_tree` returns. A person is put below another one with the mouse,
 * or by choosing the superior, which also works by keyboard and by finger.
 */
export class ContactTree extends Component {
    static template = "crm_extension.ContactTree";
    static components = {ContactBranch};
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({
            value: false,
            editing: false,
            dragged: false,
            over: false,
        });
        useRecordObserver((record) => {
            if (!record.dirty) {
                // Nobody waits for it.
                this.read(record);
            }
        });
    }

    async read({resId, resModel}) {
        const rows = resId ? await this.orm.read(resModel, [resId], [FIELD]) : [];
        // Somebody may have gone on to another customer meanwhile.
        if (!rows.length || rows[0].id === this.props.record.resId) {
            this.state.value = rows.length && rows[0][FIELD];
        }
    }

    get value() {
        return this.state.value;
    }

    get people() {
        return this.value.people;
    }

    get branches() {
        return this.value.tree;
    }

    /** Whether there are more people side by side than there is place for. */
    get isLong() {
        const width = ([, below]) =>
            Math.max(
                1,
                below.reduce((sum, branch) => sum + width(branch), 0)
            );
        return this.branches.some((branch) => width(branch) > FEW_PEOPLE);
    }

    get mayEdit() {
        return this.value.editable;
    }

    get tops() {
        return _t("Nobody");
    }

    /** Everybody below a person, over however many others. */
    idsBelow(id, branches = this.branches, inside = false) {
        return branches.flatMap(([key, below]) => [
            ...(inside ? [key] : []),
            ...this.idsBelow(id, below, inside || key === id),
        ]);
    }

    /** Nobody can be put below themselves or their own people. */
    mayLead(id, other) {
        return Boolean(other) && id !== other && !this.idsBelow(other).includes(id);
    }

    superiorsFor(id) {
        return Object.entries(this.people)
            .map(([key, person]) => ({id: Number(key), name: person.name}))
            .filter((person) => this.mayLead(person.id, id));
    }

    open(id) {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: this.props.record.resModel,
            res_id: id,
            views: [[false, "form"]],
        });
    }

    edit(id) {
        this.state.editing = this.state.editing === id ? false : id;
    }

    drag(id, event) {
        this.state.dragged = id;
        // Some browsers drag nothing that carries nothing.
        event.dataTransfer?.setData("text/plain", String(id));
    }

    dragOver(id, event) {
        if (id ? this.mayLead(id, this.state.dragged) : this.state.dragged) {
            event.preventDefault();
            event.stopPropagation();
            this.state.over = id;
        }
    }

    async drop(id, event) {
        event.preventDefault();
        event.stopPropagation();
        const dragged = this.state.dragged;
        this.dragEnd();
        await this.choose(dragged, id);
    }

    dragEnd() {
        this.state.dragged = false;
        this.state.over = false;
    }

    /** Nothing that was typed is lost: it is saved before, and read again after. */
    async choose(id, superior) {
        this.state.editing = false;
        const {record} = this.props;
        if (!id || (this.people[id].superior || false) === (superior || false)) {
            return;
        }
        if (await record.save()) {
            try {
                await this.orm.write(record.resModel, [id], {
                    crm_superior_id: superior || false,
                });
            } finally {
                await Promise.all([record.load(), this.read(record)]);
            }
        }
    }
}

registry.category("view_widgets").add("crm_contact_tree", {component: ContactTree});
