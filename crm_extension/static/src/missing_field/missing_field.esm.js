import {RPCError} from "@web/core/network/rpc";
import {UncaughtPromiseError} from "@web/core/errors/error_service";
import {WarningDialog} from "@web/core/errors/error_dialogs";
import {browser} from "@web/core/browser/browser";
import {registry} from "@web/core/registry";

const FOCUSABLE =
    "input:not([type=hidden]):not(:disabled), textarea, select, [contenteditable=true], button";

// How often is looked whether a page has come: it may have something to read first.
const PATIENCE = 60;

/** Until what was just changed is drawn. */
function drawn() {
    return new Promise((resolve) =>
        browser.requestAnimationFrame(() => browser.requestAnimationFrame(resolve))
    );
}

/** Until a page of the form is there, or does not come. */
async function opened(tab) {
    for (let turn = 0; turn < PATIENCE; turn++) {
        await drawn();
        if (!tab.isConnected || tab.classList.contains("active")) {
            return;
        }
    }
}

function findForm() {
    // The last one lies on top.
    return [...document.querySelectorAll(".o_form_view")].at(-1);
}

function findInput(name) {
    const fields =
        findForm()?.querySelectorAll(`.o_field_widget[name="${CSS.escape(name)}"]`) || [];
    for (const field of fields) {
        const input = field.querySelector(FOCUSABLE);
        if (input) {
            return input;
        }
    }
}

/** Open the page of the form that has the field, if none that is open has it. */
async function turnTo(name) {
    const tabs = findForm()?.querySelectorAll(".o_notebook_headers .nav-link") || [];
    const open = [...tabs].find((tab) => tab.classList.contains("active"));
    for (const tab of tabs) {
        tab.click();
        await opened(tab);
        if (findInput(name)) {
            return;
        }
    }
    open?.click();
}

/**
 * Put the cursor into a field of the form that is open, wherever it is.
 *
 * @param {String} name of the field
 */
export async function focusField(name) {
    // A dialog that closes puts the cursor back to where it was.
    await drawn();
    if (!findInput(name)) {
        await turnTo(name);
    }
    const input = findInput(name);
    input?.scrollIntoView({block: "center"});
    input?.focus();
}

/**
 * Who was refused because something is missing goes on where it is missing: the server
 * names the field beside its message.
 */
export function missingFieldHandler(env, error, originalError) {
    const name =
        originalError instanceof RPCError && originalError.data?.context?.crm_missing_field;
    if (!name || !(error instanceof UncaughtPromiseError)) {
        return false;
    }
    error.unhandledRejectionEvent.preventDefault();
    env.services.dialog.add(
        WarningDialog,
        {
            traceback: error.traceback,
            message: originalError.message,
            name: originalError.name,
            exceptionName: originalError.exceptionName,
            data: originalError.data,
            subType: originalError.subType,
            code: originalError.code,
            type: originalError.type,
        },
        {onClose: () => focusField(name)}
    );
    return true;
}

// Before the handler of all answers of the server.
registry
    .category("error_handlers")
    .add("crm_extension.missing_field", missingFieldHandler, {sequence: 90});
