import {onPatched} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {useHotkey} from "@web/core/hotkeys/hotkey_hook";
import {registry} from "@web/core/registry";
import {FormController} from "@web/views/form/form_controller";
import {formView} from "@web/views/form/form_view";
import {KanbanController} from "@web/views/kanban/kanban_controller";
import {kanbanView} from "@web/views/kanban/kanban_view";
import {ListController} from "@web/views/list/list_controller";
import {listView} from "@web/views/list/list_view";
import {ITEM, seenOf, useApprovalInbox} from "./inbox_hook.esm";
import {ApprovalInboxTabs} from "./inbox_tabs.esm";

const INBOX = "crm_extension.crm_approval_item_action";

/**
 * What a list and the cards share: deciding on what is ticked, and with the keys on the
 * row or card that has the focus.
 */
const WithDecisions = (Controller) =>
    class extends Controller {
        static components = {...Controller.components, ApprovalInboxTabs};
        /** Selectors of what stands for one item, and of what in it takes the focus. */
        static place = "";
        static focus = "";

        setup() {
            super.setup();
            this.lastPlace = -1;
            this.isPlaceWanted = false;
            // Only now the items are those that were loaded.
            onPatched(() => {
                if (this.isPlaceWanted) {
                    this.isPlaceWanted = false;
                    this.moveTo(this.lastPlace);
                }
            });
            this.inbox = useApprovalInbox(() => this.reload());
            const isAvailable = () => this.canDecide;
            useHotkey("a", () => this.approveAtHand(), {isAvailable});
            useHotkey("r", () => this.rejectAtHand(), {isAvailable});
            useHotkey("j", () => this.moveTo(this.placeAtHand + 1), {allowRepeat: true});
            useHotkey("k", () => this.moveTo(this.placeAtHand - 1), {allowRepeat: true});
        }

        /** The hint and the bulk buttons, where something can be decided. */
        get canDecide() {
            return this.env.config.actionXmlId === INBOX;
        }

        get tickedCount() {
            const {isDomainSelected, count, selection} = this.model.root;
            return isDomainSelected ? count : selection.length;
        }

        /** What is ticked, as it is shown; what lies on other pages, as it is now. */
        async getTicked() {
            const {isDomainSelected, domain, context, selection} = this.model.root;
            const shown = seenOf(selection);
            if (!isDomainSelected) {
                return shown;
            }
            const all = await this.model.orm.searchRead(ITEM, domain, ["revision"], {
                limit: this.model.activeIdsLimit,
                context,
            });
            return {...seenOf(all.map((data) => ({resId: data.id, data}))), ...shown};
        }

        async approveTicked() {
            await this.inbox.approve(await this.getTicked());
        }

        async rejectTicked() {
            const seen = await this.getTicked();
            const count = Object.keys(seen).length;
            await this.inbox.reject(seen, _t("%s documents", count));
        }

        get places() {
            return [...this.rootRef.el.querySelectorAll(this.constructor.place)];
        }

        /** The place with the focus; -1 without one. */
        get placeAtHand() {
            return this.places.findIndex((place) => place.contains(document.activeElement));
        }

        get recordAtHand() {
            const place = this.places[this.placeAtHand];
            return place && this.model.root.records.find(({id}) => id === place.dataset.id);
        }

        moveTo(index) {
            const places = this.places;
            const place = places[Math.max(0, Math.min(index, places.length - 1))];
            this.lastPlace = place ? places.indexOf(place) : -1;
            if (place) {
                const {focus} = this.constructor;
                (focus ? place.querySelector(focus) : place).focus();
                place.scrollIntoView({block: "nearest"});
            }
        }

        approveAtHand() {
            const record = this.recordAtHand;
            if (this.tickedCount) {
                return this.approveTicked();
            }
            if (record && record.data.can_decide) {
                return this.inbox.approve(seenOf([record]));
            }
        }

        rejectAtHand() {
            const record = this.recordAtHand;
            if (this.tickedCount) {
                return this.rejectTicked();
            }
            if (record && record.data.can_decide) {
                return this.inbox.reject(seenOf([record]), record.data.name);
            }
        }

        /** Whoever works with the keys goes on at what moved up. */
        async reload() {
            // A dialog has taken the focus away meanwhile, so the place was noted.
            await this.model.load();
            this.isPlaceWanted = this.lastPlace >= 0;
            this.render();
        }
    };

export class ApprovalInboxListController extends WithDecisions(ListController) {
    static template = "crm_extension.ApprovalInboxList";
    static place = ".o_data_row";
    static focus = "td.o_data_cell";
}

export class ApprovalInboxKanbanController extends WithDecisions(KanbanController) {
    static template = "crm_extension.ApprovalInboxKanban";
    static place = ".o_kanban_record:not(.o_kanban_ghost)";
}

/** One item, read and decided; then the next one. */
export class ApprovalItemFormController extends FormController {
    setup() {
        super.setup();
        this.inbox = useApprovalInbox((report) => this.goOn(report));
        const isAvailable = () => this.model.root.data.can_decide;
        useHotkey("a", () => this.decide("action_approve"), {isAvailable});
        useHotkey("r", () => this.decide("action_reject"), {isAvailable});
        useHotkey("j", () => this.turn(1));
        useHotkey("k", () => this.turn(-1));
    }

    async beforeExecuteActionButton(clickParams) {
        if (["action_approve", "action_reject"].includes(clickParams.name)) {
            await this.decide(clickParams.name);
            return false;
        }
        return super.beforeExecuteActionButton(clickParams);
    }

    async turn(by) {
        const {resId, resIds} = this.model.root;
        const offset = resIds.indexOf(resId) + by;
        if (offset >= 0 && offset < resIds.length) {
            await this.onPagerUpdate({offset, resIds});
        }
    }

    /** A rejection without a comment asks for one first. */
    async decide(method) {
        const record = this.model.root;
        const seen = seenOf([record]); // Saving reads anew what nobody has looked at.
        if ((await record.save()) === false) {
            return;
        }
        if (method === "action_approve") {
            await this.inbox.approve(seen);
        } else {
            await this.inbox.reject(seen, record.data.name, record.data.comment || "");
        }
    }

    /** To the next item; what the server has not decided is shown as it is now. */
    async goOn(report) {
        if (report.some(({ok}) => !ok)) {
            await this.model.load();
            return;
        }
        const {resId, resIds} = this.model.root;
        const at = resIds.indexOf(resId);
        const others = [...resIds.slice(at + 1), ...resIds.slice(0, at)];
        const next = await this.orm.call(ITEM, "get_next_open", [others]);
        if (next) {
            const left = resIds.filter((id) => id !== resId);
            await this.model.load({
                resId: next,
                resIds: left.includes(next) ? left : [...left, next],
            });
        } else {
            await this.actionService.doAction(INBOX, {clearBreadcrumbs: true});
        }
    }
}

/** What the user has asked: the same tabs, nothing to decide. */
export class ApprovalRequestListController extends ListController {
    static template = "crm_extension.ApprovalRequestList";
    static components = {...ListController.components, ApprovalInboxTabs};
}

export class ApprovalRequestKanbanController extends KanbanController {
    static template = "crm_extension.ApprovalRequestKanban";
    static components = {...KanbanController.components, ApprovalInboxTabs};
}

const views = registry.category("views");
views.add("crm_approval_inbox_list", {
    ...listView,
    Controller: ApprovalInboxListController,
});
views.add("crm_approval_inbox_kanban", {
    ...kanbanView,
    Controller: ApprovalInboxKanbanController,
});
views.add("crm_approval_item_form", {
    ...formView,
    Controller: ApprovalItemFormController,
});
views.add("crm_approval_request_list", {
    ...listView,
    Controller: ApprovalRequestListController,
});
views.add("crm_approval_request_kanban", {
    ...kanbanView,
    Controller: ApprovalRequestKanbanController,
});
