import {_t} from "@web/core/l10n/translation";

const {DateTime} = luxon;

/** A time span as people say it: "20 min", "3 h", "2 days". */
function spanInWords(minutes) {
    if (minutes < 60) {
        return _t("%s min", Math.max(1, Math.round(minutes)));
    }
    if (minutes < 36 * 60) {
        return _t("%s h", Math.round(minutes / 60));
    }
    return _t("%s days", Math.round(minutes / 60 / 24));
}

function daysApart(later, earlier) {
    return Math.round(later.startOf("day").diff(earlier.startOf("day"), "days").days);
}

/**
 * When an answer is due, seen from now: "due in 3 h", "due tomorrow", "2 h late".
 *
 * @param {luxon.DateTime} due
 * @param {luxon.DateTime} [now]
 * @returns {String}
 */
export function dueInWords(due, now = DateTime.now()) {
    const minutes = due.diff(now, "minutes").minutes;
    if (minutes < 0) {
        return _t("%s late", spanInWords(-minutes));
    }
    const days = daysApart(due, now);
    if (days === 0 || minutes < 6 * 60) {
        return _t("due in %s", spanInWords(minutes));
    }
    if (days === 1) {
        return _t("due tomorrow");
    }
    const day = days < 7 ? {weekday: "long"} : {day: "numeric", month: "short"};
    return _t("due on %s", due.toLocaleString(day));
}

/**
 * How long ago something was: "just now", "2 h ago", "yesterday", "3 Dec".
 *
 * @param {luxon.DateTime} moment
 * @param {luxon.DateTime} [now]
 * @returns {String}
 */
export function agoInWords(moment, now = DateTime.now()) {
    const minutes = now.diff(moment, "minutes").minutes;
    if (minutes < 1) {
        return _t("just now");
    }
    const days = daysApart(now, moment);
    if (days === 0 || minutes < 6 * 60) {
        return _t("%s ago", spanInWords(minutes));
    }
    if (days === 1) {
        return _t("yesterday");
    }
    if (days < 14) {
        return _t("%s days ago", days);
    }
    return moment.toLocaleString({day: "numeric", month: "short", year: "numeric"});
}

/** The exact moment, for a tooltip. */
export function exactly(moment) {
    return moment ? moment.toLocaleString(DateTime.DATETIME_MED_WITH_WEEKDAY) : "";
}

/**
 * The time somebody took: "took 2 h".
 *
 * @param {luxon.DateTime} from
 * @param {luxon.DateTime} to
 * @returns {String}
 */
export function tookInWords(from, to) {
    return _t("took %s", spanInWords(Math.max(0, to.diff(from, "minutes").minutes)));
}
