import {Component, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useService} from "@web/core/utils/hooks";

const PATIENCE = 15000;

/**
 * Where the device is now, asked for anew: what it has kept from before is no proof.
 * Nothing is made up: who refuses is written down as having refused.
 */
export function findPosition(geolocation) {
    if (!geolocation) {
        return Promise.resolve({state: "unavailable"});
    }
    return new Promise((resolve) => {
        geolocation.getCurrentPosition(
            ({coords, timestamp}) =>
                resolve({
                    latitude: coords.latitude,
                    longitude: coords.longitude,
                    accuracy: coords.accuracy,
                    // Both by the clock of the device, which may be wrong.
                    age: Math.max(0, (Date.now() - timestamp) / 1000),
                }),
            (error) => resolve({state: error.code === 1 ? "refused" : "unavailable"}),
            {enableHighAccuracy: true, maximumAge: 0, timeout: PATIENCE}
        );
    });
}

/** Check in and check out, in the header of a visit. */
export class VisitCheck extends Component {
    static template = "crm_extension.VisitCheck";
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.notification = useService("notification");
        this.state = useState({busy: false});
    }

    get data() {
        return this.props.record.data;
    }

    get mayCheckIn() {
        const {check_in_at: arrived, mode, status} = this.data;
        return !arrived && status === "planned" && mode !== "call";
    }

    get mayCheckOut() {
        return this.data.check_in_at && !this.data.check_out_at;
    }

    async check(method) {
        if (this.state.busy) {
            return;
        }
        this.state.busy = true;
        try {
            const {record} = this.props;
            // What was typed is kept, whatever comes of the check.
            if (!(await record.save())) {
                return;
            }
            const position = record.data.asks_position
                ? await findPosition(navigator.geolocation)
                : null;
            await this.orm.call(record.resModel, method, [[record.resId], position]);
            await record.load();
            if (position?.state === "refused") {
                this.notification.add(
                    _t("The position was refused, which is written down."),
                    {type: "warning"}
                );
            }
        } finally {
            this.state.busy = false;
        }
    }
}

registry.category("view_widgets").add("crm_visit_check", {component: VisitCheck});
