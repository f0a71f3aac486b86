/** The rows of the overview's table: what they say, which link the Tab key reaches, and how the focus moves. */

import {settleRows} from "../interaction/near-rows.js"
import {$, $$, find} from "../layout/dom.js"
import {DEFAULTS} from "./filters.js"

/** @typedef {import("./filters.js").RowData} RowData */
/** @typedef {RowData & {row: HTMLTableRowElement}} Row */

/** @type {HTMLTableElement} */
export const table = $("table.list")
/** @type {HTMLTableSectionElement} */
export const tableBody = $("tbody.rows", table)

export const allRows = () => [...tableBody.rows]

/** @param {HTMLTableRowElement} row */
export const idOf = row => row.dataset.region ?? ""

/**
 * @param {string} id
 * @returns {HTMLTableRowElement | null}
 */
export const rowById = id => find(`[data-region="${id}"]`, tableBody)

/**
 * @param {HTMLTableRowElement} row
 * @returns {HTMLAnchorElement}
 */
export const linkOf = row => $(".row-link", row)

export const visibleRows = () => allRows().filter(row => !row.hidden)
export const visibleLinks = () => visibleRows().map(linkOf)

export const shownPeriod = () => $("caption", table).dataset.period ?? ""
/** The columns that the table has: empty for the status, else the id of a section. */
export const shownColumns = () => $("caption", table).dataset.columns ?? ""

/** The moment from which changes count, as the address names it; empty for none. */
export const shownSince = () => $("caption", table).dataset.since ?? ""

/** Lay the table out for what its columns show: how many numbers, and whether changes are counted. */
export function showDensity() {
  const density = $("caption", table).dataset.density
  table.toggleAttribute("data-counts", shownSince() !== "")
  if (density) table.dataset.numbers = density
  else delete table.dataset.numbers
}

// ── Sorting ──

/** @returns {HTMLTableCellElement[]} The headings of columns, in the order of a row's sort keys. */
const headings = () => $$("thead th[aria-sort]", table)

/** @param {HTMLTableCellElement} heading */
const columnOf = heading => $("button", heading).dataset.column ?? ""

const readSort = () => {
  const sorted = headings().find(heading => heading.ariaSort !== "none")
  return sorted ? `${sorted.ariaSort === "descending" ? "-" : ""}${columnOf(sorted)}` : DEFAULTS.sort
}

/** The column that the rows are sorted by, after `-` if in descending order. A new head of the table does not know it. */
let sort = readSort()
let sortIndex = headings().findIndex(heading => heading.ariaSort !== "none")

export const isSortedDescending = () => sort.startsWith("-")
export const currentSort = () => sort

/**
 * Mark the heading of a column as sorted by. One that the table does not have yet is kept until it has a new head.
 *
 * @param {string} wanted
 */
export function markSorted(wanted) {
  sort = wanted
  const columns = headings().map(columnOf)
  const direction = isSortedDescending() ? "descending" : "ascending"
  sortIndex = columns.indexOf(sort.replace("-", ""))
  for (const [index, heading] of headings().entries()) heading.ariaSort = index === sortIndex ? direction : "none"
}

/** Mark the heading that is sorted by in a new head of the table; the usual one if it has no such column. */
export function markSortedInNewHead() {
  markSorted(sort)
  if (sortIndex < 0) markSorted(DEFAULTS.sort)
}

/**
 * Return how a click on a heading sorts: the other way round if it is sorted by already.
 *
 * @param {HTMLTableCellElement} heading
 */
export function nextSort(heading) {
  const startsDescending = "descending" in $("button", heading).dataset
  const isDescending = heading.ariaSort === "none" ? startsDescending : heading.ariaSort === "ascending"
  return `${isDescending ? "-" : ""}${columnOf(heading)}`
}

// ── Data ──

/** @typedef {Omit<RowData, "key"> & {keys: string[]}} ReadRow */

/** What the rows say of themselves: reading attributes is most of the cost of going over all rows. */
let readRows = /** @type {WeakMap<HTMLTableRowElement, ReadRow>} */ (new WeakMap())

/** Read the rows again when they are needed next: they have changed. */
export function forgetRowData() {
  readRows = new WeakMap()
}

/**
 * @param {HTMLTableRowElement} row
 * @returns {ReadRow}
 */
function readRow(row) {
  const {search = "", flags = "", caseSystem = "", county = "", keys = ""} = row.dataset
  const sortKeys = keys.split("\t")
  return {id: idOf(row), search, flags: flags.split(" "), caseSystem, county, name: sortKeys[0] ?? "", keys: sortKeys}
}

/**
 * @param {HTMLTableRowElement} row
 * @returns {Row}
 */
export function rowData(row) {
  let read = readRows.get(row)
  if (!read) {
    read = readRow(row)
    readRows.set(row, read)
  }
  return {...read, row, key: read.keys[sortIndex] ?? ""}
}

export const allRowData = () => allRows().map(rowData)

/** Return the version of each row's content by row id. */
export const versions = () => Object.fromEntries(allRows().map(row => [idOf(row), row.dataset.version ?? ""]))

const canMoveBefore = "moveBefore" in Element.prototype

/**
 * Move a row before another one, or to the end. Where the browser can, the row keeps the focus and its icons.
 *
 * @param {HTMLTableRowElement} row
 * @param {HTMLTableRowElement | null} next
 */
export function moveRow(row, next) {
  if (canMoveBefore) tableBody.moveBefore(row, next)
  else tableBody.insertBefore(row, next)
}

// ── Focus: the table is one tab stop; the arrows and shortcuts move within it. ──

/** @type {HTMLAnchorElement | null} */
let tabStop = null

/** @type {WeakSet<HTMLTableRowElement>} The rows that the Tab key passes over, but for the one that it stops at. */
const passedRows = new WeakSet()

/** @param {HTMLAnchorElement | null} link */
export function setTabStop(link) {
  if (link && link === tabStop) return
  const previous = tabStop?.closest("tr")
  tabStop = link
  for (const row of allRows()) {
    if (passedRows.has(row) && row !== previous && !row.contains(link)) continue
    passedRows.add(row)
    const tabIndex = linkOf(row) === link ? "0" : "-1"
    for (const target of targetsOf(row)) {
      if (target.getAttribute("tabindex") !== tabIndex) target.setAttribute("tabindex", tabIndex)
    }
  }
}

/** What a row has to reach by the Tab key: its link first. */
const targetsOf = (/** @type {HTMLTableRowElement} */ row) => $$("a, input, button", row)

/** Give the tab stop to the first visible row if the row that has it is hidden or gone. */
export function ensureTabStop() {
  const links = visibleLinks()
  if (!tabStop || !links.includes(tabStop)) setTabStop(links[0] ?? null)
  // A row that has changed may have more to reach than it had.
  else for (const target of targetsOf(/** @type {HTMLTableRowElement} */ (tabStop.closest("tr")))) target.tabIndex = 0
}

/** @param {HTMLAnchorElement | null | undefined} link */
export function focusLink(link) {
  if (!link) return
  setTabStop(link)
  settleRows()
  link.focus()
  link.scrollIntoView({block: "nearest"})
}

const focusedIndex = (/** @type {HTMLElement[]} */ links) => {
  const row = document.activeElement?.closest("tr")
  return links.findIndex(link => row?.contains(link))
}

/**
 * Move the focus down, or up with a negative step; to the table if it is elsewhere.
 *
 * @param {number} step
 */
export function moveFocus(step) {
  const links = visibleLinks()
  const index = focusedIndex(links)
  focusLink(index < 0 ? tabStop : links[Math.min(links.length - 1, Math.max(0, index + step))])
}

/** @param {HTMLAnchorElement} link */
function hasDeviation(link) {
  const flags = link.closest("tr")?.dataset.flags?.split(" ") ?? []
  return ["error", "warning", "notice"].some(severity => flags.includes(severity))
}

/**
 * Move the focus to the next row with a deviation, or to the previous one; past the end it starts over.
 *
 * @param {1 | -1} step
 */
export function moveToDeviation(step) {
  const links = visibleLinks()
  const index = focusedIndex(links)
  const next = links.find((link, i) => i > index && hasDeviation(link)) ?? links.find(hasDeviation)
  const previous = links.findLast((link, i) => i < index && hasDeviation(link)) ?? links.findLast(hasDeviation)
  focusLink(step > 0 ? next : previous)
}

/**
 * Move the focus from something that has vanished: from a row to the one that takes its place, from elsewhere to the table.
 *
 * @type {import("../interaction/focus.js").FocusFallback}
 */
export function focusNearRow(path) {
  const row = path.find(element => element.matches("tr[data-region]"))
  const rows = allRows()
  const index = row ? rows.indexOf(/** @type {HTMLTableRowElement} */ (row)) : -1
  const next = rows.find((other, i) => i > index && !other.hidden)
  const previous = rows.findLast((other, i) => i < index && !other.hidden)
  const near = index < 0 ? tabStop : next ? linkOf(next) : previous && linkOf(previous)
  if (!near || near.closest("tr")?.hidden) return false
  if (row) focusLink(near)
  else near.focus({preventScroll: true})
  return true
}
