/**
 * The dialogs in which a report is approved, and an approval is withdrawn. What is approved is what was seen: the dialog
 * remembers the document that the page showed when it was opened, and says what differs if that changes meanwhile.
 */

import {FreeTextField} from "../interaction/free-text.js"
import {$, announce, t} from "../layout/dom.js"
import {isPaused} from "../live/patches.js"
import {requestFrom} from "../preview/report-actions.js"
import {allRows, allValues, keyOf, openerOf, VALUE_COLUMNS} from "../preview/rows.js"
import {checkName, fillName, rememberName, typedName} from "./approver.js"
import {shownReport} from "./shown-report.js"

/** @typedef {Record<string, import("../preview/rows.js").CellValues>} Values */
/** @typedef {{report: string, snapshot: string, etag: string, values: Values}} Seen What the page showed. */

/** @type {HTMLDialogElement} */
const dialog = $("#approve")
const differences = $("#approve-differs")
const note = new FreeTextField($(".free-text", dialog))
const reason = new FreeTextField($("#withdraw .free-text"))

/** @type {Seen | null} While the dialog is open. */
let seen = null
/** @type {Seen | null} What was seen before the page was reloaded. */
let seenBefore = null
let nameBefore = ""

/** @returns {Seen} */
const present = () => {
  const {snapshot = "", etag = ""} = $("[data-region=approve-lead]").dataset
  return {report: Object.values(shownReport()).join(" "), snapshot, etag, values: allValues()}
}

// ── What was seen, and what differs ──

/**
 * Return the cells that differ, each with what it said and says.
 *
 * @param {Values} before
 * @param {Values} now
 */
export function differingCells(before, now) {
  const cells = Object.keys(now).flatMap(key => VALUE_COLUMNS.map(column => ({key, column})))
  return cells
    .map(({key, column}) => ({key, was: before[key]?.[column] ?? "", is: now[key]?.[column] ?? ""}))
    .filter(({was, is}) => was !== is)
}

/** Show what differs from what was seen; until that has been looked at, nothing can be approved. */
function showDifferences() {
  const now = present()
  if (seen && seen.report !== now.report) dialog.close()
  const isChanged = seen !== null && seen.report === now.report && seen.etag !== now.etag
  differences.hidden = !isChanged
  if (!isChanged || !seen) return
  const cells = differingCells(seen.values, now.values)
  const labels = new Map(allRows().map(row => [keyOf(row), openerOf(row).textContent ?? ""]))
  const rows = cells.map(({key, was, is}) => {
    const row = document.createElement("tr")
    const head = document.createElement("th")
    head.scope = "row"
    head.textContent = labels.get(key) ?? key
    row.append(head)
    for (const text of [was, is]) {
      const cell = row.insertCell()
      cell.className = "num"
      cell.textContent = text
    }
    return row
  })
  $("tbody", differences).replaceChildren(...rows)
  $("table", differences).hidden = rows.length === 0
  $("[data-nowhere]", differences).hidden = rows.length > 0
}

$("#approve-looked").addEventListener("click", () => {
  seen = present()
  showDifferences()
  $("[type=submit]", dialog).focus()
})

new MutationObserver(() => {
  seen = dialog.open ? (seenBefore ?? present()) : null
  seenBefore = null
  $("[data-request-error]", dialog).hidden = true
  showDifferences()
}).observe(dialog, {attributeFilter: ["open"]})

// ── Requests ──

$("[data-form=approve]").addEventListener("submit", async event => {
  event.preventDefault()
  if (!seen || isPaused()) return
  if (!differences.hidden) {
    $("#approve-looked").focus()
    return
  }
  if (!checkName() || !note.check()) return
  const name = typedName().trim()
  const details = {snapshot_id: seen.snapshot, etag: seen.etag, stated_name: name, note: note.value}
  if (!(await requestFrom("approve", {...shownReport(), ...details}))) return
  rememberName()
  note.value = ""
  announce(t("approval.done"))
})

$("[data-form=withdraw]").addEventListener("submit", async event => {
  event.preventDefault()
  if (!reason.check()) return
  if (!(await requestFrom("withdraw", {...shownReport(), reason: reason.value}))) return
  reason.value = ""
  announce(t("withdraw.done"))
})

/** Follow a patch: the document may be another one now, and the field for the name may have come. */
export function updateApproval() {
  fillName(nameBefore)
  if (dialog.open) showDifferences()
}

// ── Reloading ──

/** @typedef {{seen: Seen | null, note: string, name: string, reason: string}} SavedApproval */

/** @returns {SavedApproval} */
export const saveApproval = () => ({
  seen,
  note: note.typed,
  name: typedName(),
  reason: reason.typed,
})

/**
 * Restore what `saveApproval` has returned, before its dialog is opened again.
 *
 * @param {SavedApproval | undefined} saved A page of an older version has not saved it.
 */
export function restoreApproval(saved) {
  if (!saved) return
  seenBefore = saved.seen
  note.value = saved.note
  reason.value = saved.reason
  nameBefore = saved.name
  updateApproval()
}
