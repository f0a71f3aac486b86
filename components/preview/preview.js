/** The preview of a report: rows that open, patches that mark what has changed, shortcuts, export and coming back. */

import {showChangesSinceApproval} from "../changes/changes.js"
import {setSharedAddress} from "../interaction/copy-link.js"
import {setFocusFallback} from "../interaction/focus.js"
import {reveal} from "../interaction/reveal.js"
import {readRows, watchRows, writeRows} from "../interaction/row-address.js"
import {watchSections} from "../interaction/section-navigation.js"
import {watchTables} from "../interaction/table-reader.js"
import {announceReconnect, restoredState, setStateSaver} from "../layout/connection.js"
import {$, actionOf, announce, closest, find, isPlainClick, parseHtml, t, targetOf, tPlural} from "../layout/dom.js"
import {addShortcuts} from "../layout/shortcuts.js"
import {onLive} from "../live/channel.js"
import {patch, setPatchHandler, showPauseNotice} from "../live/patches.js"
import {restoreDrafts, saveDrafts, updateForms} from "../review/answers.js"
import {restoreApproval, saveApproval, updateApproval} from "../review/approval.js"
import {applyFilter, applyFilterAfresh, currentFilter, keptRows, selectFilter} from "./filters.js"
import {openSection, openSections} from "./history.js"
import {announceChanges, countMarks, fadeTints, mark, markChanges, marks, showMark, unmark} from "./marks.js"
import {filterServices, fullAddress, openChooser, stepToService} from "./navigation.js"
import {aggregate, copyNumber, restoreRequest, saveRequest, showFindings} from "./report-actions.js"
import {
  addTableKeys,
  allRows,
  allValues,
  focusNearRow,
  focusOpener,
  followSectionLink,
  isComplete,
  isOpen,
  keyOf,
  moveFocus,
  moveToDeviation,
  moveToSection,
  openerOf,
  rowOf,
  setTabStop,
  shownReport,
  toggleRow,
  VALUE_COLUMNS,
  valuesOf,
  visibleRows,
} from "./rows.js"

/** @typedef {import("../live/patches.js").Regions} Regions */

// ── Patches ──

const isRowId = (/** @type {string} */ id) => id.startsWith("row-")
/** Whether a region has values, or says how rows are filtered; the progress of a job, for one, is in none of these. */
const concernsRows = (/** @type {string} */ id) => isRowId(id) || id === "columns" || id === "filters"

function clearMarks() {
  marks.clear()
  for (const row of allRows()) showMark(row)
  countMarks()
}

setPatchHandler(regions => {
  const before = Object.keys(regions).some(concernsRows)
    ? {report: shownReport(), complete: isComplete(), values: allValues()}
    : null
  const hadError = find("[data-region=answer] [data-color=danger]") !== null
  patch(regions)
  updateForms()
  updateApproval()
  if ("services" in regions) filterServices()
  if (before) updateRows(regions, before)
  if (!hadError) find("[data-region=answer] [data-color=danger]")?.scrollIntoView({block: "nearest"})
})

/**
 * Mark the values that a patch has changed, and filter the rows again.
 *
 * @param {Regions} regions
 * @param {{report: string | undefined, complete: boolean, values: Record<string, import("./rows.js").CellValues>}} before
 *   What the page showed before it.
 */
function updateRows(regions, before) {
  if (shownReport() !== before.report) {
    clearMarks()
    applyFilterAfresh()
    return
  }
  // A patch removes the note of a mark, which the server does not know of.
  for (const id of Object.keys(regions).filter(isRowId)) showMark($(`[data-region="${id}"]`))
  if (before.complete && isComplete()) {
    const changed = markChanges(before.values, "now")
    fadeTints(changed)
    announceChanges(changed)
  } else if (isComplete()) {
    announce(t("live.ready"))
  }
  applyFilter()
}

onLive("live:waiting", (/** @type {Regions} */ pending) => {
  const shown = allValues()
  const isChange = (/** @type {[string, string]} */ [id, html]) => {
    if (!isRowId(id)) return false
    const row = /** @type {HTMLTableRowElement} */ (parseHtml(html))
    const values = valuesOf(row)
    return VALUE_COLUMNS.some(column => values[column] !== shown[keyOf(row)]?.[column])
  }
  const changes = Object.entries(pending).filter(isChange).length
  showPauseNotice(`${t("live.paused")} ${changes ? tPlural("live.waiting", changes) : ""}`)
})

// ── Rows ──

document.addEventListener("row:toggled", event => {
  const {key, open} = /** @type {CustomEvent<{key: string, open: boolean}>} */ (event).detail
  if (open) unmark([key])
})

/**
 * Scroll an opened row into view with its details.
 *
 * @param {HTMLTableRowElement} row
 */
function revealRow(row) {
  if (isOpen(row)) reveal(row, $(`#detail-${keyOf(row)}`))
}

setFocusFallback(focusNearRow)

/**
 * Open the row of a field and move the focus there.
 *
 * @param {string} key
 */
function showField(key) {
  const row = rowOf(key)
  if (!row) return
  if (row.hidden) selectFilter("all")
  toggleRow(row, true)
  focusOpener(openerOf(row))
  revealRow(row)
}

document.addEventListener("click", event => {
  const target = targetOf(event)
  const field = closest("a", target)?.dataset.targetField
  /** @type {HTMLTableRowElement | null} */
  const row = closest("tr[data-field]", target)
  if (followSectionLink(event)) {
    // It has moved the focus.
  } else if (field && isPlainClick(event)) {
    event.preventDefault()
    /** @type {HTMLDialogElement | null} */
    const dialog = closest("dialog", target)
    dialog?.close()
    showField(field)
  } else if (row && !getSelection()?.toString()) {
    toggleRow(row, !isOpen(row))
    revealRow(row)
    setTabStop(openerOf(row))
  }
  switch (actionOf(event)) {
    case "reset":
      selectFilter("all")
      break
    case "seen":
      unmark(marks.keys())
      selectFilter("all")
      break
    case "changed":
      $("#back").hidden = true
      selectFilter("changed")
      break
    case "blocking":
      selectFilter("blocking")
      break
    case "since-approval":
      showChangesSinceApproval()
      break
    case "since":
      selectFilter("since")
      break
    case "aggregate":
      aggregate(target)
      break
    case "retry":
      if (isComplete()) /** @type {HTMLDialogElement} */ ($("#again")).showModal()
      else aggregate(target)
      break
    case "copy":
      copyNumber(target)
      break
    case "findings":
      event.preventDefault()
      showFindings()
      break
  }
})

// ── The address says which rows are shown ──

const openKeys = () => allRows().filter(isOpen).map(keyOf)
const shownRows = () => ({open: openKeys(), filter: currentFilter()})

watchRows(shownRows)
setSharedAddress(() => {
  const url = fullAddress()
  writeRows(url, shownRows())
  return url
})

/** Show the rows that the address asks for, as the server has in the page's first HTML, and scroll to the first open one. */
function showAddressedRows() {
  const {filter, open} = readRows(new URL(location.href))
  const rows = open.map(rowOf).filter(row => row !== null)
  for (const row of rows) toggleRow(row, true)
  if (filter !== currentFilter()) selectFilter(filter, {kept: open, isAnnounced: false})
  const [first] = allRows().filter(row => rows.includes(row))
  const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"))
  if (first && navigation?.type === "navigate") {
    focusOpener(openerOf(first))
    revealRow(first)
  }
}

// ── Export: the rows that the filter leaves ──

document.addEventListener("click", event => {
  /** @type {HTMLAnchorElement | null} */
  const link = closest("a[data-export]", targetOf(event))
  if (!link) return
  const url = new URL(link.href)
  const visible = visibleRows()
  if (visible.length < allRows().length) {
    url.searchParams.set("fields", visible.map(keyOf).join(","))
    url.searchParams.set("filter", currentFilter())
  } else for (const name of ["fields", "filter"]) url.searchParams.delete(name)
  link.href = url.href
  closest("[popover]", link)?.hidePopover()
})

// ── Keys ──

/**
 * Click a button: if it cannot do what it says now, it says why.
 *
 * @param {string} selector
 */
function press(selector) {
  const button = $(selector)
  button.focus()
  button.click()
}

/** Open the dialog in which the report is approved; where it is approved already, that says so. */
function openApproval() {
  if (find("[data-report-action=approve]")) press("[data-report-action=approve]")
  else if (isComplete()) /** @type {HTMLDialogElement} */ ($("#approve")).showModal()
  return isComplete()
}

addShortcuts({
  j: () => moveFocus(1),
  k: () => moveFocus(-1),
  n: () => moveToDeviation(1),
  N: () => moveToDeviation(-1),
  "[": () => moveToSection(-1),
  "]": () => moveToSection(1),
  f: () => selectFilter("error"),
  w: () => selectFilter("warning"),
  m: () => selectFilter("missing"),
  c: () => selectFilter("changed"),
  x: () => selectFilter("all"),
  a: () => press("[data-report-action=again], [data-report-action=aggregate]"),
  g: openApproval,
  e: () => press("[data-report-action=export]"),
  J: () => stepToService(1),
  K: () => stepToService(-1),
  "/": openChooser,
})

addTableKeys()

// ── Coming back after the connection was lost ──

setStateSaver(() => ({
  values: allValues(),
  complete: isComplete(),
  filter: currentFilter(),
  kept: keptRows(),
  open: openKeys(),
  sections: openSections(),
  marks: [...marks],
  request: saveRequest(),
  drafts: saveDrafts(),
  approval: saveApproval(),
  focused: closest("tr[data-field]", document.activeElement)?.dataset.field,
}))

/** @param {import("../layout/connection.js").RestoredState} state */
function restore(state) {
  for (const row of state.open.map(rowOf)) if (row) toggleRow(row, true)
  // A page of an older version, which the server was upgraded under, has not saved them.
  for (const id of state.sections ?? []) openSection(id)
  for (const [key, {was}] of state.marks) mark(key, was, "unseen")
  const findMissed = () => {
    if (!state.complete || !isComplete()) return []
    return markChanges(state.values, "unseen").filter(key => marks.has(key))
  }
  findMissed()
  announceReconnect(findMissed, count => (count ? tPlural("live.back", count) : t("live.back_unchanged")))
  selectFilter(state.filter, {kept: state.kept})
  restoreDrafts(state.drafts ?? [])
  restoreApproval(state.approval)
  restoreRequest(state.request)
  const focused = rowOf(state.focused)
  if (focused && !focused.hidden) {
    setTabStop(openerOf(focused))
    openerOf(focused).focus({preventScroll: true})
  }
}

setTabStop($(".open"))
if (restoredState) restore(restoredState)
else {
  showAddressedRows()
  if (location.hash.startsWith("#row-")) showField(location.hash.slice("#row-".length))
}

watchSections()
watchTables(".trend__in, .chart__table")
