import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {deserializeDateTime} from "@web/core/l10n/dates";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {ApprovalAnswers} from "./approval_answers.esm";

const POINT_LOOKS = {
    approved: {icon: "fa-check-circle", css: "text-bg-success"},
    rejected: {icon: "fa-times-circle", css: "text-bg-danger"},
    waiting: {icon: "fa-hourglass-half", css: "text-bg-info"},
    later: {icon: "fa-circle-o", css: "text-bg-light border"},
    skipped: {icon: "fa-minus", css: "text-bg-secondary opacity-50"},
};

/** The drawn route of one request: who was asked, who answers, what was said. */
export class ApprovalRoute extends Component {
    static template = "crm_extension.ApprovalRoute";
    static props = {route: Object, downwards: {type: Boolean, optional: true}};

    get ranks() {
        return this.props.route.ranks
            .map((points) => points.filter((point) => point.state !== "skipped"))
            .filter((points) => points.length);
    }

    get skipped() {
        return this.props.route.ranks
            .flat()
            .filter((point) => point.state === "skipped")
            .map((point) => point.name)
            .join(", ");
    }

    look(point) {
        return POINT_LOOKS[point.state];
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

    people(point) {
        if (point.people.length > 1 && point.needed < point.people.length) {
            return _t("any %(needed)s of %(all)s", {
                needed: point.needed,
                all: point.people.join(", "),
            });
        }
        return point.people.join(", ");
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
