/** The order of the table: a click on a heading sorts it; rows that change stay where they are until it is sorted again. */

import {$, find, parseHtml, tPlural} from "../layout/dom.js"
import {comparator, longestOrderedRun} from "../overview/filters.js"
import {
  allRowData,
  currentSort,
  isSortedDescending,
  linkOf,
  moveRow,
  rowData,
  table,
  tableBody,
} from "../overview/rows.js"

const DEFAULT_SORT = "-value"

const currentComparator = () => comparator(isSortedDescending())

/** Put all rows in order. */
export function sortRows() {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement)
  let next = null
  for (const {row} of allRowData().sort(currentComparator()).toReversed()) {
    if (row.nextElementSibling !== next) moveRow(row, next)
    next = row
  }
  if (document.activeElement !== focused && tableBody.contains(focused)) focused?.focus()
  countOutOfOrder()
}

/** Offer to sort again if rows are out of order. */
export function countOutOfOrder() {
  const rows = allRowData()
  const count = rows.length - longestOrderedRun(rows, currentComparator())
  const offer = $("#reordered")
  offer.hidden = count === 0
  const text = find("span", offer)
  if (text) text.textContent = tPlural("overview.reordered", count)
}

/** Write the order into the page's address. */
export function syncSort() {
  const url = new URL(location.href)
  if (currentSort() === DEFAULT_SORT) url.searchParams.delete("sort")
  else url.searchParams.set("sort", currentSort())
  history.replaceState(history.state, "", url.href.replaceAll("%2C", ","))
}

/**
 * Insert the row of a new service where it belongs; at the end if that would move what the user points at or has focused.
 *
 * @param {string} html
 */
export function insertRow(html) {
  const row = /** @type {HTMLTableRowElement} */ (parseHtml(html))
  const isTableInUse = table.matches(":hover") || table.contains(document.activeElement)
  const compare = currentComparator()
  const data = rowData(row)
  linkOf(row).tabIndex = -1
  const next = isTableInUse ? undefined : allRowData().find(other => compare(data, other) < 0)
  tableBody.insertBefore(row, next?.row ?? null)
}
