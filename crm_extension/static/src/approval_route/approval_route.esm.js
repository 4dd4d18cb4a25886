import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {deserializeDateTime} from "@web/core/l10n/dates";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {ApprovalAnswers} from "./approval_answers.esm";
import {dueInWords, tookInWords} from "../approval_inbox/words.esm";

const POINT_LOOKS = {
    approved: {icon: "fa-check-circle text-success", css: "border-success"},
    rejected: {icon: "fa-times-circle text-danger", css: "border-danger"},
    returned: {icon: "fa-undo text-warning", css: "border-warning"},
    waiting: {icon: "fa-hourglass-half text-info", css: "border-info o_crm_now"},
    later: {icon: "fa-circle-o text-muted", css: ""},
    skipped: {icon: "fa-minus-circle text-muted", css: "o_crm_skipped text-muted"},
};

const END_LOOKS = {
    granted: {icon: "fa-check", css: "text-bg-success"},
    rejected: {icon: "fa-times", css: "text-bg-danger"},
    cancelled: {icon: "fa-ban", css: "text-bg-secondary"},
};

// What was said, where the state of the point does not say it already.
const VERB_ICONS = {
    return: "fa-undo",
    counter: "fa-exchange",
    delegate: "fa-share",
    ask: "fa-user-plus",
    escalate: "fa-level-up",
};

// So many ranks fit side by side on a usual screen.
const FEW_RANKS = 3;

/**
 * The drawn route of one request: who was asked, who answers, what was said.
 *
 * The route is what `crm.approval.request._get_route` returns. Beside its name, state,
 * people and voices a point may say `skip_reason` (why it is not needed), `opened`
 * (asked since), `extra` (who wanted this opinion additionally) and `kept_from` (when
 * the approval was given that still holds); a voice may say `for` (whose part was
 * taken) and `verb`. `log` is the whole history, a line for each deed.
 */
export class ApprovalRoute extends Component {
    static template = "crm_extension.ApprovalRoute";
    static props = {route: Object, downwards: {type: Boolean, optional: true}};

    get ranks() {
        return (this.props.route.ranks || []).filter((points) => points.length);
    }

    get isLong() {
        return this.ranks.length > FEW_RANKS;
    }

    get asked() {
        return this.props.route.asked || {};
    }

    get isBack() {
        return this.props.route.state === "rework";
    }

    get end() {
        return END_LOOKS[this.props.route.state] || {icon: "fa-flag-o", css: ""};
    }

    get endLabel() {
        return (
            {
                granted: _t("Approved"),
                rejected: _t("Rejected"),
                cancelled: _t("Taken back"),
            }[this.props.route.state] || _t("Not decided yet")
        );
    }

    look(point) {
        return POINT_LOOKS[point.state] || POINT_LOOKS.later;
    }

    when(text) {
        return deserializeDateTime(text).toLocaleString({
            weekday: "short",
            day: "numeric",
            month: "short",
            hour: "numeric",
            minute: "2-digit",
        });
    }

    day(text) {
        return deserializeDateTime(text).toLocaleString({
            day: "numeric",
            month: "short",
            year: "numeric",
        });
    }

    due(point) {
        return dueInWords(deserializeDateTime(point.due));
    }

    isLate(point) {
        return deserializeDateTime(point.due) < luxon.DateTime.now();
    }

    said(point) {
        return point.said || [];
    }

    took(point, voice) {
        return point.opened
            ? tookInWords(
                  deserializeDateTime(point.opened),
                  deserializeDateTime(voice.when)
              )
            : "";
    }

    speaker(voice) {
        return voice.for
            ? _t("%(person)s for %(other)s", {person: voice.who, other: voice.for})
            : voice.who;
    }

    icon(voice) {
        return VERB_ICONS[voice.verb];
    }

    /** What makes a point different from one of the rule. */
    mark(point) {
        return point.extra ? _t("asked additionally by %s", point.extra) : "";
    }

    get log() {
        return this.props.route.log || [];
    }

    /** Who still answers; those who did are among the voices. */
    people(point) {
        const people = point.people || [];
        if (people.length > 1 && point.needed < people.length) {
            return _t("any %(needed)s of %(all)s", {
                needed: point.needed,
                all: people.join(", "),
            });
        }
        return people.join(", ");
    }
}

export class ApprovalRouteField extends Component {
    static template = "crm_extension.ApprovalRouteField";
    static components = {ApprovalRoute};
    static props = {...standardFieldProps};

    get route() {
        return this.props.record.data[this.props.name];
    }
}

const BANNER_LOOKS = {
    rework: {css: "alert-warning", icon: "fa-undo"},
    needed: {css: "alert-warning", icon: "fa-hand-paper-o"},
    pending: {css: "alert-info", icon: "fa-hourglass-half"},
    granted: {css: "alert-success", icon: "fa-check-circle"},
    rejected: {css: "alert-danger", icon: "fa-times-circle"},
    refused: {css: "alert-danger", icon: "fa-ban"},
};

/** What a document says of its approval, at its top. */
export class ApprovalBannerField extends Component {
    static template = "crm_extension.ApprovalBannerField";
    static components = {ApprovalRoute, ApprovalAnswers};
    static props = {...standardFieldProps};

    get banner() {
        return this.props.record.data[this.props.name];
    }

    setup() {
        this.action = useService("action");
    }

    get look() {
        return BANNER_LOOKS[this.banner.state];
    }

    /** From the document to the place where its reader is waited for. */
    async decide() {
        await this.props.record.save();
        await this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "crm.approval.item",
            res_id: this.banner.item,
            views: [[false, "form"]],
        });
    }

    get title() {
        return {
            rework: this.banner.mine
                ? _t("Sent back to you")
                : _t("Sent back to %s", this.banner.requester),
            needed: _t("Needs approval before it can go on"),
            pending: _t("Waiting for approval"),
            granted: _t("Approved"),
            rejected: _t("Rejected as it stands"),
            refused: _t("Not possible"),
        }[this.banner.state];
    }
}

registry.category("fields").add("crm_approval_route", {
    component: ApprovalRouteField,
    supportedTypes: ["json"],
});
registry.category("fields").add("crm_approval_banner", {
    component: ApprovalBannerField,
    supportedTypes: ["json"],
});
