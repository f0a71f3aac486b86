/** The overview: searching, filtering and sorting of rows that are all here, and marks of what has changed. */

import {serveMomentMenu} from "../changes/moment-menu.js"
import {rememberColumns} from "../interaction/column-memory.js"
import {setFocusFallback} from "../interaction/focus.js"
import {announceReconnect, restoredState, setStateSaver} from "../layout/connection.js"
import {$, actionOf, closest, isPlainClick, targetOf} from "../layout/dom.js"
import {leaveIfReachable} from "../layout/needs-line.js"
import {addShortcuts} from "../layout/shortcuts.js"
import {isLive, isOffline, send} from "../live/channel.js"
import {setPaused} from "../live/patches.js"
import {saveOrder} from "../services/service-order.js"
import {openApproval, restoreSelection, saveSelection} from "./approval.js"
import {DEFAULTS, filtersFromUrl} from "./filters.js"
import {mark, markSeen, marks, reconnectedText, unmark} from "./marks.js"
import {watchOverviewPrinting} from "./print.js"
import {
  focusLink,
  focusNearRow,
  idOf,
  linkOf,
  moveFocus,
  moveToDeviation,
  nextSort,
  rowById,
  setTabStop,
  shownColumns,
  shownPeriod,
  shownSince,
  table,
  tableBody,
  versions,
  visibleLinks,
  visibleRows,
} from "./rows.js"
import {selectNone, selectShown, toggleSelected} from "./selection.js"
import {shownServices} from "./totals.js"
import {changedSince} from "./updates.js"
import {
  applySortAndFilter,
  form,
  getFilters,
  openExportMenu,
  searchField,
  setFilters,
  syncUrl,
  updateCounts,
} from "./view.js"

/** @typedef {import("./filters.js").OverviewFilters} OverviewFilters */

// ── Filters ──

/** The period and columns that were asked for last, which may not be on the page yet. */
let requested = {period_id: shownPeriod(), columns: shownColumns(), since: shownSince()}

/**
 * Show another period, other columns or the changes since another moment: in place if the page is live, else by loading them, if the server answers.
 *
 * @param {HTMLElement} source What the user has changed.
 */
function loadOverview(source) {
  if (!isLive()) {
    const filters = getFilters()
    if (isOffline()) setFilters({...filters, period_id: shownPeriod(), columns: shownColumns(), since: shownSince()})
    leaveIfReachable(source, () => {
      setFilters(filters)
      syncUrl(true)
      location.reload()
    })
    return
  }
  syncUrl(true)
  setPaused(false)
  const {period_id, columns, since} = getFilters()
  requested = {period_id, columns, since}
  send({action: "show", ...requested, ...shownServices()})
}

/** @type {() => HTMLElement} */
const periodField = () => $("[data-region=periods] select")

/** @param {Partial<OverviewFilters>} filters */
function applyFilters(filters) {
  setFilters({...getFilters(), ...filters})
  syncUrl(true)
  applySortAndFilter()
}

/** @param {Partial<OverviewFilters>} [filters] */
function resetFilters(filters = {}) {
  const {period_id, columns, since, sort} = getFilters()
  applyFilters({...DEFAULTS, period_id, columns, since, sort, ...filters})
}

let searchedText = searchField.value
searchField.addEventListener("input", () => {
  syncUrl(!searchedText) // one step back undoes the search, not each letter of it
  searchedText = searchField.value
  applySortAndFilter()
})
searchField.addEventListener("keydown", event => {
  if (event.key !== "ArrowDown" && event.key !== "Enter") return
  event.preventDefault()
  focusLink(visibleLinks()[0])
})

// Only without scripts are the filters sent as a form.
form.addEventListener("submit", event => event.preventDefault())
document.addEventListener("keydown", event => {
  if (event.key === "Enter" && targetOf(event).matches("input[type=radio]")) event.preventDefault()
})

document.addEventListener("change", event => {
  const field = /** @type {HTMLInputElement | HTMLSelectElement} */ (targetOf(event))
  if (field.form !== form || field === searchField) return
  if (field.name === "period_id" || field.name === "columns") {
    loadOverview(field)
  } else {
    syncUrl(true)
    applySortAndFilter()
  }
})
addEventListener("popstate", () => {
  setFilters(filtersFromUrl(new URL(location.href)))
  searchedText = searchField.value
  const {period_id, columns, since} = getFilters()
  const isOther = period_id !== requested.period_id || columns !== requested.columns || since !== requested.since
  if (isOther) loadOverview(periodField())
  else applySortAndFilter()
})

serveMomentMenu(
  since => {
    setFilters({...getFilters(), since})
    loadOverview($("#since-open"))
  },
  () => `overview ${shownPeriod()}`,
)

function clearSearch() {
  searchField.value = ""
  searchField.focus()
  searchField.dispatchEvent(new Event("input", {bubbles: true}))
}

/**
 * Return the row that an event happened on.
 *
 * @param {Event} event
 * @returns {HTMLTableRowElement | null}
 */
const rowAt = event => closest(".list > .rows > tr", targetOf(event))

/** What a click in a row belongs to itself. */
const ROW_CONTROLS = "a, label"

/**
 * Open the preview of a row, as a click on its link would: with a modifier or the middle button in a new tab.
 *
 * @param {HTMLTableRowElement} row
 * @param {MouseEvent} event
 */
function openRow(row, event) {
  const link = linkOf(row)
  if (isPlainClick(event)) link.click()
  else open(link.href, "_blank", "noopener")
}

// A middle click: the browser opens links by itself, and scrolls from elsewhere.
document.addEventListener("mousedown", event => {
  if (event.button === 1 && rowAt(event) && !targetOf(event).closest(ROW_CONTROLS)) event.preventDefault()
})
document.addEventListener("auxclick", event => {
  const row = event.button === 1 && rowAt(event)
  if (row && !targetOf(event).closest(ROW_CONTROLS)) openRow(row, event)
})

document.addEventListener("click", event => {
  const target = targetOf(event)
  /** @type {HTMLTableCellElement | null} */
  const heading = closest("th[aria-sort]", target)
  const row = rowAt(event)
  if (heading) {
    event.preventDefault()
    applyFilters({sort: nextSort(heading)})
  } else if (row && !target.closest(ROW_CONTROLS) && !getSelection()?.toString()) {
    openRow(row, event)
  }
  switch (actionOf(event)) {
    case "reporting-period":
      if (!isPlainClick(event)) break
      event.preventDefault()
      setFilters({...getFilters(), period_id: ""})
      loadOverview(periodField())
      break
    case "clear":
      clearSearch()
      break
    case "reset":
      resetFilters()
      break
    case "sort":
      applySortAndFilter()
      break
    case "seen":
      unmark(marks.keys())
      applyFilters({deviation: "all"})
      break
    case "select-shown":
      selectShown()
      break
    case "select-none":
      selectNone()
      break
    case "approve":
      openApproval(target)
      break
    case "changed":
      $("#back").hidden = true
      resetFilters({deviation: "changed"})
      break
  }
})

// While the changed rows are filtered, the one that has the focus must not vanish.
tableBody.addEventListener("focusin", event => {
  const row = targetOf(event).closest("tr")
  if (!row) return
  setTabStop(linkOf(row))
  if (getFilters().deviation !== "changed") markSeen(row)
})
setFocusFallback(focusNearRow)

// ── Export: the rows that match, in their order ──

document.addEventListener("click", event => {
  /** @type {HTMLAnchorElement | null} */
  const link = closest("a[data-export]", targetOf(event))
  if (!link) return
  const url = new URL(link.href)
  const query = new URLSearchParams(location.search)
  query.set("lang", document.documentElement.lang)
  if (getFilters().deviation === "changed") {
    query.set(
      "only",
      visibleRows()
        .map(row => idOf(row).replace("row-", ""))
        .join(","),
    )
  }
  url.search = query.toString()
  link.href = url.href
  closest("[popover]", link)?.hidePopover()
})

// ── The order, in which a report leads to the next service ──

addEventListener("pagehide", () => saveOrder(visibleRows().map(row => idOf(row).replace("row-", ""))))

// ── Keys ──

addShortcuts({
  j: () => moveFocus(1),
  k: () => moveFocus(-1),
  n: () => moveToDeviation(1),
  N: () => moveToDeviation(-1),
  f: () => applyFilters({deviation: "error"}),
  w: () => applyFilters({deviation: "warning"}),
  m: () => applyFilters({deviation: "missing"}),
  c: () => applyFilters({deviation: "changed"}),
  x: () => resetFilters(),
  e: openExportMenu,
  g: () => openApproval($("[data-action=approve]")),
  "/": () => {
    searchField.focus()
    searchField.select()
  },
})

// The arrows are the table's own keys, not shortcuts: they also work when shortcuts are switched off.
table.addEventListener("keydown", event => {
  const target = targetOf(event)
  if (event.key === " " && target.matches(".row-link")) {
    const row = rowAt(event)
    if (row && toggleSelected(row)) event.preventDefault()
    return
  }
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key]
  if (!step || !target.matches(".row-link, [data-select]")) return
  event.preventDefault()
  moveFocus(step)
})

// ── Coming back after the connection was lost ──

setStateSaver(() => ({
  versions: versions(),
  marks: [...marks.keys()],
  selection: saveSelection(),
  focused: closest("tr[data-region]", document.activeElement)?.dataset.region,
}))

watchOverviewPrinting()
updateCounts()
rememberColumns(shownColumns())
if (restoredState) {
  const state = restoredState
  restoreSelection(state.selection)
  mark(state.marks.filter(rowById), "unseen")
  const findMissed = () => {
    const missed = changedSince(state.versions)
    mark(missed, "unseen")
    return missed
  }
  findMissed()
  announceReconnect(findMissed, reconnectedText)
  const focused = rowById(state.focused)
  if (focused && !focused.hidden) {
    setTabStop(linkOf(focused))
    linkOf(focused).focus({preventScroll: true})
  }
}
