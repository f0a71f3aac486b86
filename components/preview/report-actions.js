/** What a user can do with a report: aggregate it, with a reason if there is one already, and delete it. */

import {FreeTextField} from "../interaction/free-text.js"
import {$, announce, find, t} from "../layout/dom.js"
import {requireLine, showOfflineReason} from "../layout/needs-line.js"
import {ask, connectionState} from "../live/channel.js"

/**
 * Aggregate the report for the first time.
 *
 * @param {HTMLElement} source The button that was pressed.
 */
export async function aggregate(source) {
  if (requireLine(source) && (await ask({action: "aggregate"})) === "unsent") showOfflineReason(source)
}

/** Move the focus to what was found in the deliveries. */
export function showFindings() {
  /** @type {HTMLDetailsElement | null} */
  const findings = find("#origins .file__found")
  if (findings) findings.open = true
  const target = findings ? $("summary", findings) : $("#origins-title")
  target.focus()
  target.scrollIntoView({block: "center"})
}

/**
 * Copy the number of a job, which operations ask for. It stands in the text beside the button too: on a page without https
 * the browser has no clipboard for scripts.
 *
 * @param {HTMLElement} button
 */
export async function copyNumber(button) {
  const {copied: number = ""} = button.dataset
  try {
    await navigator.clipboard.writeText(number)
    announce(t("notice.number_copied", {number}))
  } catch {
    getSelection()?.selectAllChildren($("p", /** @type {HTMLElement} */ (button.parentElement)))
  }
}

// ── The dialogs ──

/** @param {string} id */
const closeDialog = id => /** @type {HTMLDialogElement} */ ($(`#${id}`)).close()

/**
 * Return the report that a dialog names. The page may show another one by now.
 *
 * @param {string} dialog
 */
const snapshotIdOf = dialog => $(`[data-region=${dialog}-lead]`).dataset.snapshot

const reason = new FreeTextField($("#again .free-text"))

// ── Requests: a dialog stays with what was typed in it until the request has been done. ──

/**
 * Ask for what a dialog is about, and close it when that is done.
 *
 * @param {DialogId} id The dialog, and the action.
 * @param {{[key: string]: unknown}} details
 * @returns {Promise<boolean>} Whether it was done.
 */
export async function requestFrom(id, details) {
  const dialog = $(`#${id}`)
  if (dialog.ariaBusy === "true") return false
  const error = $("[data-request-error]", dialog)
  error.hidden = true
  dialog.ariaBusy = "true"
  const outcome = await ask({action: id, snapshot_id: snapshotIdOf(id), ...details})
  dialog.ariaBusy = null
  if (outcome === "done") {
    closeDialog(id)
    return true
  }
  if (outcome === "unsent") {
    const notice = find(`[data-connection-state=${connectionState()}]`, dialog)
    if (notice) notice.textContent = `${notice.textContent}` // a screen reader reads the alert again
  } else {
    error.textContent = outcome.error
    error.hidden = false
  }
  return false
}

$("[data-form=again]").addEventListener("submit", async event => {
  event.preventDefault()
  if (!reason.check()) return
  if (await requestFrom("again", {reason: reason.value})) reason.value = ""
})

$("[data-form=delete]").addEventListener("submit", event => {
  event.preventDefault()
  requestFrom("delete", {})
})

// ── Reloading, when the connection is back: what was typed is there again, in its dialog. ──

const DIALOGS = /** @type {const} */ (["again", "delete", "approve", "withdraw"])
/** @typedef {typeof DIALOGS[number]} DialogId */
const TYPING_MS = 1500
let typedAt = 0
document.addEventListener("input", () => {
  typedAt = Date.now()
})
document.addEventListener("live:before-reload", event => {
  if (Date.now() - typedAt < TYPING_MS) event.preventDefault()
})

/**
 * @typedef {object} SavedRequest
 * @property {string} reason
 * @property {DialogId | null} dialog The open dialog.
 * @property {string | undefined} snapshot The report that it names.
 */

/** @returns {SavedRequest} */
export function saveRequest() {
  const dialog = DIALOGS.find(id => find(`#${id}[open]`)) ?? null
  return {reason: reason.typed, dialog, snapshot: dialog ? snapshotIdOf(dialog) : undefined}
}

/**
 * Restore what `saveRequest` has returned. The dialog is opened if it is still about the same report.
 *
 * @param {SavedRequest} saved
 */
export function restoreRequest(saved) {
  reason.value = saved.reason
  if (!saved.dialog || snapshotIdOf(saved.dialog) !== saved.snapshot) return
  /** @type {HTMLDialogElement} */
  const dialog = $(`#${saved.dialog}`)
  dialog.showModal()
}
