import {Component, useState} from "@odoo/owl";
import {Dialog} from "@web/core/dialog/dialog";
import {_t} from "@web/core/l10n/translation";
import {useAutofocus} from "@web/core/utils/hooks";

/** Asks for the reason before a rejection. */
export class ApprovalReasonDialog extends Component {
    static template = "crm_extension.ApprovalReasonDialog";
    static components = {Dialog};
    static props = {title: String, confirm: Function, close: Function};

    setup() {
        this.state = useState({reason: ""});
        useAutofocus();
    }

    get isReady() {
        return Boolean(this.state.reason.trim());
    }

    confirm() {
        if (!this.isReady) {
            return;
        }
        // Closed first: it gives the focus back to where the keys go on from there.
        this.props.close();
        return this.props.confirm(this.state.reason.trim());
    }
}

/** What became of several items: a line for each. */
export class ApprovalReportDialog extends Component {
    static template = "crm_extension.ApprovalReportDialog";
    static components = {Dialog};
    static props = {report: Array, close: Function};

    get title() {
        const done = this.props.report.filter((line) => line.ok).length;
        return _t("%(done)s of %(all)s done", {
            done,
            all: this.props.report.length,
        });
    }

    /** What needs a second look comes first. */
    get lines() {
        return [
            ...this.props.report.filter((line) => !line.ok),
            ...this.props.report.filter((line) => line.ok),
        ];
    }
}
