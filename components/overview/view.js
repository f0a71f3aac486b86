/** The overview's controls, and the table as they ask for it: filtered, sorted and counted. */

import {rememberColumns} from "../interaction/column-memory.js"
import {changeRows} from "../interaction/near-rows.js"
import {$, $$, announce, find, setCount, tPlural} from "../layout/dom.js"
import {comparator, DEFAULTS, longestOrderedRun, matcher, writeFilters} from "./filters.js"
import {marks} from "./marks.js"
import {
  allRowData,
  allRows,
  currentSort,
  ensureTabStop,
  isSortedDescending,
  linkOf,
  markSorted,
  moveRow,
  rowData,
  table,
  tableBody,
} from "./rows.js"
import {updateSelection} from "./selection.js"
import {requestTotals} from "./totals.js"

/** @typedef {import("./filters.js").OverviewFilters} OverviewFilters */
/** @typedef {import("./rows.js").Row} Row */

/** Up to so many services leave room for the newest events beside them (rendering.py). */
const MAX_ROWS_BESIDE_EVENTS = 19

/** @type {HTMLFormElement} */
export const form = $("#choose")
/** @type {HTMLInputElement} */
export const searchField = $("#search")

/**
 * @param {string} name
 * @returns {HTMLInputElement | HTMLSelectElement | RadioNodeList}
 */
const control = name => /** @type {any} */ (form.elements.namedItem(name))

/** @param {string} name */
const select = name => /** @type {HTMLSelectElement} */ (control(name))

/** @returns {OverviewFilters} */
export const getFilters = () => ({
  period_id: control("period_id").value,
  q: control("q").value,
  show: control("show").value,
  deviation: control("deviation").value,
  case_system: control("case_system").value,
  county: control("county").value,
  columns: control("columns").value,
  since: control("since").value,
  sort: currentSort(),
})

/**
 * Set the controls. A select that does not have the value falls back to its first one.
 *
 * @param {Partial<OverviewFilters>} filters
 */
export function setFilters(filters) {
  const {sort, ...values} = {...DEFAULTS, ...filters}
  for (const [name, value] of Object.entries(values)) control(name).value = value
  markSorted(sort)
  for (const select of /** @type {HTMLSelectElement[]} */ ($$("select[form=choose]"))) {
    if (select.selectedIndex < 0) select.selectedIndex = 0
  }
  if (!control("show").value) control("show").value = DEFAULTS.show
}

/**
 * Write the filters into the page's address.
 *
 * @param {boolean} isNewEntry Whether one step back in the browser's history undoes it.
 */
export function syncUrl(isNewEntry) {
  const url = new URL(location.href)
  writeFilters(url, getFilters())
  rememberColumns(getFilters().columns)
  if (url.href === location.href) return
  if (isNewEntry) history.pushState(null, "", url)
  else history.replaceState(null, "", url)
}

const currentMatcher = () => matcher(getFilters(), marks)
const currentComparator = () => comparator(isSortedDescending())

// With so many rows each write to the document costs the browser a check of all of them, so that only differences are written.

/**
 * @param {HTMLElement} element
 * @param {string} text
 */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/**
 * @param {HTMLElement} element
 * @param {boolean} hidden
 */
function setHidden(element, hidden) {
  if (element.hidden !== hidden) element.hidden = hidden
}

/** Put all rows in order, and show those that match. */
export function applySortAndFilter(isAnnounced = true) {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement)
  const ordered = allRowData().sort(currentComparator())
  changeRows(tableBody, () => {
    let next = null
    for (const {row} of ordered.toReversed()) {
      if (row.nextElementSibling !== next) moveRow(row, next)
      next = row
    }
    const matches = currentMatcher()
    for (const data of ordered) setHidden(data.row, !matches(data))
    const shown = ordered.map(({row}) => row).filter(row => !row.hidden)
    setHidden(table, shown.length === 0) // Before the rows are measured: a hidden table has no height.
    return shown
  })
  if (document.activeElement !== focused && tableBody.contains(focused)) focused?.focus()
  updateCounts(ordered, 0)
  if (isAnnounced) announce($("#seen").textContent)
}

/**
 * Return how many rows `applySortAndFilter` would move, show or hide.
 *
 * @param {Row[]} rows
 */
function countOutOfOrder(rows) {
  const matches = currentMatcher()
  const matching = rows.filter(data => !data.row.hidden && matches(data))
  const wronglyHidden = rows.filter(data => data.row.hidden === matches(data)).length
  return wronglyHidden + matching.length - longestOrderedRun(matching, currentComparator())
}

/**
 * Return how many rows have each flag, and all of them under the value of the tile that shows all.
 *
 * @param {Row[]} rows
 */
function countByFlag(rows) {
  const counts = new Map([[DEFAULTS.show, rows.length]])
  for (const {flags} of rows) for (const flag of flags) counts.set(flag, (counts.get(flag) ?? 0) + 1)
  return counts
}

/**
 * Update the numbers of the tiles and of the visible rows, the messages of an empty table, and the offer to sort.
 *
 * @param {Row[]} rows
 * @param {number} outOfOrder
 */
export function updateCounts(rows = allRowData(), outOfOrder = countOutOfOrder(rows)) {
  const filters = getFilters()
  const visible = rows.filter(({row}) => !row.hidden).length
  const counts = countByFlag(rows.filter(matcher({...filters, show: DEFAULTS.show}, marks)))
  for (const radio of /** @type {HTMLInputElement[]} */ ($$(".tiles [name=show]"))) {
    setCount($("b", /** @type {HTMLElement} */ (radio.parentElement)), counts.get(radio.value) ?? 0)
  }
  setText($("#seen"), tPlural("overview.shown", rows.length, {n: visible, total: rows.length}))
  setHidden($("#first"), rows.length === 0)
  setHidden($("#none"), rows.length > 0)
  setHidden($("#empty"), visible > 0)
  setHidden(table, visible === 0)
  $("#beside").toggleAttribute("data-long", rows.length > MAX_ROWS_BESIDE_EVENTS)
  const offer = $("#reordered")
  setHidden(offer, outOfOrder === 0)
  setText($("span", offer), tPlural("overview.reordered", outOfOrder))
  updateSelection()
  setHidden($("[data-action=seen]"), filters.deviation !== "changed" || marks.size === 0)
  ensureTabStop()
  requestTotals(rows, filters.county)
}

/**
 * Offer in a filter what the rows have: what is new is added, and what no row has any more is removed.
 *
 * @param {HTMLSelectElement} field
 * @param {Map<string, string>} values Names by value.
 */
function updateOptions(field, values) {
  for (const option of [...field.options].slice(1)) {
    if (!values.delete(option.value) && !option.selected) option.remove()
  }
  for (const [value, name] of values) if (value) field.append(new Option(name, value))
}

/** Offer the case systems and counties of the rows in the filters. */
export function updateFilterOptions() {
  const data = allRows().map(row => row.dataset)
  updateOptions(select("case_system"), new Map(data.map(({caseSystem = ""}) => [caseSystem, caseSystem])))
  updateOptions(select("county"), new Map(data.map(({county = "", countyName = ""}) => [county, countyName])))
}

/**
 * Insert the row of a new organisation where it belongs; at the end if that would move what the user points at or has
 * focused.
 *
 * @param {HTMLTableRowElement} row
 */
export function insertRow(row) {
  const isTableInUse = table.matches(":hover") || table.contains(document.activeElement)
  const compare = currentComparator()
  const data = rowData(row)
  row.hidden = !currentMatcher()(data)
  linkOf(row).tabIndex = -1
  const next = isTableInUse ? undefined : allRowData().find(other => compare(data, other) < 0)
  tableBody.insertBefore(row, next?.row ?? null)
}

/** Open the menu of files and print; false if the page has nothing to export. */
export function openExportMenu() {
  const menu = find("#export")
  if (!menu) return false
  menu.showPopover({source: $("[popovertarget=export]")})
  return true
}
