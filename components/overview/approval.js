/**
 * The dialog that approves the selected reports in one action. What is approved is what it shows: each report is sent with
 * the ETag of the document whose totals stand beside its name, gets its own answer, and shows its own outcome.
 */

import {FreeTextField} from "../interaction/free-text.js"
import {$, $$, announce, find, t, tPlural} from "../layout/dom.js"
import {requireLine, showOfflineReason} from "../layout/needs-line.js"
import {ask, connectionState, onLive} from "../live/channel.js"
import {checkName, fillName, rememberName, typedName} from "../review/approver.js"
import {rowById} from "./rows.js"
import {checkboxOf, select, selectedIds, selectedReports, unselect} from "./selection.js"

/** @typedef {import("./selection.js").Report} Report */

/** @type {HTMLDialogElement} */
const dialog = $("#approve")
const form = $("form", dialog)
const submit = $("[type=submit]", form)
const result = $("#approve-result")
const note = new FreeTextField($(".free-text", form))

/** @returns {HTMLTableRowElement[]} */
const candidates = () => $$("[data-candidate]", dialog)
const rowIdOf = (/** @type {HTMLElement} */ candidate) => `row-${candidate.dataset.organization}`

/** The reports that can still be sent. */
const waiting = () => candidates().filter(({dataset}) => !("blocked" in dataset || dataset.outcome))

/**
 * Show what has become of a report, with a link to it if it was not approved.
 *
 * @param {HTMLTableRowElement} candidate
 * @param {"sent" | "approved" | "refused" | "changed"} outcome
 * @param {string} text
 */
function showOutcome(candidate, outcome, text) {
  candidate.dataset.outcome = outcome
  const cell = $("td[data-outcome]", candidate)
  cell.textContent = text
  if (outcome === "sent" || outcome === "approved") return
  const link = /** @type {HTMLAnchorElement} */ ($("a", candidate).cloneNode())
  link.textContent = t("selection.see")
  cell.append(" ", link)
}

function updateSubmit() {
  const count = waiting().length
  submit.textContent = tPlural("selection.send", count)
  submit.hidden = count === 0
  dialog.toggleAttribute("data-done", count === 0)
}

// ── Opening ──

/**
 * Open the dialog on reports as they are now.
 *
 * @param {Report[]} reports
 * @param {Record<string, string>} [seen] The ETag that each had when it was seen before: one with another now is not sent.
 * @returns {Promise<boolean>} Whether the reports could be read.
 */
async function open(reports, seen = {}) {
  const pairs = reports.map(({organization, period}) => [organization, period])
  const outcome = await ask({action: "candidates", reports: pairs})
  if (outcome === "unsent") return false
  result.textContent = outcome === "done" ? "" : outcome.error
  for (const candidate of candidates()) {
    const {organization = "", etag} = candidate.dataset
    const before = seen[organization]
    if (before && before !== etag) showOutcome(candidate, "changed", t("selection.changed"))
  }
  $("[data-request-error]", form).hidden = true
  updateSubmit()
  if (!dialog.open) dialog.showModal()
  return true
}

/**
 * Ask who approves the selected reports.
 *
 * @param {HTMLElement} source What the user has pressed.
 */
export async function openApproval(source) {
  const reports = selectedReports()
  if (reports.length === 0) announce(t("selection.first"))
  else if (requireLine(source) && !(await open(reports))) showOfflineReason(source)
}

// ── Sending ──

form.addEventListener("submit", async event => {
  event.preventDefault()
  if (dialog.ariaBusy === "true" || !checkName() || !note.check()) return
  dialog.ariaBusy = "true"
  for (const candidate of waiting()) {
    if ((await send(candidate)) === "unsent") break
  }
  dialog.ariaBusy = null
  finish()
})

/** @param {HTMLTableRowElement} candidate */
async function send(candidate) {
  const {organization, period, snapshot, etag} = candidate.dataset
  const report = {organization_id: organization, period_id: period, snapshot_id: snapshot, etag}
  showOutcome(candidate, "sent", "")
  const outcome = await ask({action: "approve", ...report, stated_name: typedName().trim(), note: note.value})
  if (outcome === "unsent") {
    delete candidate.dataset.outcome
    const notice = find(`[data-connection-state=${connectionState()}]`, form)
    if (notice) notice.textContent = `${notice.textContent}` // a screen reader reads the alert again
  } else if (outcome === "done") {
    showOutcome(candidate, "approved", t("selection.approved"))
  } else {
    showOutcome(candidate, "refused", outcome.error)
  }
  return outcome
}

/** Say how many were approved and how many not. */
function finish() {
  const all = candidates()
  const approved = all.filter(({dataset}) => dataset.outcome === "approved")
  const refused = all.filter(({dataset}) => dataset.outcome === "refused" || dataset.outcome === "changed")
  const sentences = [tPlural("selection.done", approved.length)]
  if (refused.length) sentences.push(tPlural("selection.refused", refused.length))
  result.textContent = sentences.join(" ")
  unselect(approved.map(rowIdOf))
  updateSubmit()
  if (approved.length) {
    rememberName()
    if (waiting().length === 0) note.value = ""
  }
  if (submit.hidden) $("#approve-title").focus()
}

// ── Live: a report that changes while the dialog shows it is not sent. ──

/** Follow a patch of the rows, with which the field for the name may have come too. */
export function updateApproval() {
  fillName(nameBefore)
  if (!dialog.open) return
  for (const candidate of waiting()) {
    const row = rowById(rowIdOf(candidate))
    const checkbox = row && checkboxOf(row)
    if (checkbox?.dataset.etag === candidate.dataset.etag) continue
    const state = row && !checkbox ? ($(".c-review", row).textContent ?? "").trim() : ""
    showOutcome(candidate, "changed", state || t("selection.changed"))
  }
  updateSubmit()
}

// ── Reloading, when the connection is back ──

let nameBefore = ""

/**
 * @typedef {object} SavedSelection
 * @property {string[]} ids Row ids.
 * @property {string} note
 * @property {string} name
 * @property {(Report & {etag: string})[] | null} shown What the dialog showed, if it was open.
 */

/** @returns {SavedSelection} */
export const saveSelection = () => ({
  ids: selectedIds(),
  note: note.typed,
  name: typedName(),
  shown: dialog.open
    ? candidates().map(({dataset: {organization = "", period = "", etag = ""}}) => ({organization, period, etag}))
    : null,
})

/**
 * Restore what `saveSelection` has returned. An open dialog is opened again when the page is live.
 *
 * @param {SavedSelection | undefined} saved A page of an older version has not saved it.
 */
export function restoreSelection(saved) {
  if (!saved) return
  select(saved.ids)
  note.value = saved.note
  nameBefore = saved.name
  const {shown} = saved
  if (!shown) return
  const seen = Object.fromEntries(shown.map(({organization, etag}) => [organization, etag]))
  onLive("live:on", () => open(shown, seen), {once: true})
}
