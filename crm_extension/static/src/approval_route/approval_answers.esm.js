import {Component, useState} from "@odoo/owl";
import {deserializeDateTime} from "@web/core/l10n/dates";
import {useService} from "@web/core/utils/hooks";

/**
 * What the reader of a document can do about its approval: accept what an approver
 * proposes, take one of the offers, and read why it is asked at all.
 *
 * `banner` is what `crm.approval.mixin._approval_describe` returns.
 */
export class ApprovalAnswers extends Component {
    static template = "crm_extension.ApprovalAnswers";
    static props = {banner: Object, record: Object};

    setup() {
        this.orm = useService("orm");
        this.state = useState({rules: []});
    }

    get back() {
        return this.props.banner.back || [];
    }

    get counter() {
        return this.props.banner.counter || [];
    }

    get offers() {
        return this.props.banner.offers || [];
    }

    get rules() {
        return this.props.banner.rules || [];
    }

    /** Who is asked is looked up only for those who want to know. */
    async explain(event) {
        const {record} = this.props;
        if (event.target.open && record.resId) {
            this.state.rules = await this.orm.call(
                record.resModel,
                "get_approval_explanation",
                [[record.resId]]
            );
        }
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

    accept() {
        return this.call("action_approval_accept");
    }

    take(index) {
        return this.call("action_approval_take_offer", [index]);
    }

    /** Nothing that was typed is lost: it is saved before, and read again after. */
    async call(method, args = []) {
        const {record} = this.props;
        if (await record.save()) {
            try {
                await this.orm.call(record.resModel, method, [[record.resId], ...args]);
            } finally {
                await record.load();
            }
        }
    }
}
