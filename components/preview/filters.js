/** The filters of the report's rows. The number on a filter is the number of rows that it leaves. */

import {ALL, CHANGED, RowFilter} from "../interaction/row-filter.js"
import {$, $$, announce, closest, find, setCount, t, targetOf, tPlural} from "../layout/dom.js"
import {marks} from "./marks.js"
import {allRows, ensureTabStop, hasFocus, isOpen, keyOf, toggleRow} from "./rows.js"

const rowFilter = new RowFilter()

/** @returns {HTMLInputElement[]} */
const radios = () => $$("[name=filter]")

/** Return the chosen filter: `all`, `changed`, or a flag of the rows. */
export const currentFilter = () => rowFilter.chosen

/** Return the keys of the rows that stay although they may no longer match. */
export const keptRows = () => [...rowFilter.kept]

/** @param {HTMLTableRowElement} row */
const rowState = row => ({
  row,
  key: keyOf(row),
  flags: row.dataset.flags?.split(" ") ?? [],
  isShown: !row.hidden,
  isInUse: isOpen(row) || hasFocus(row),
})

/** Show the rows that the chosen filter leaves, after they have changed. */
export const applyFilter = () => showRows(allRows().map(rowState))

/**
 * Show the rows that the chosen filter leaves; other rows and sections without any are hidden, open ones are closed.
 *
 * @param {ReturnType<typeof rowState>[]} rows
 */
function showRows(rows) {
  const filter = rowFilter.chosen
  const visible = rowFilter.visible(rows, marks)
  for (const radio of radios()) {
    const count = rowFilter.count(radio.value, rows, marks)
    setCount($("b", /** @type {HTMLElement} */ (radio.parentElement)), count)
    // A reason for no value that does not occur is no filter.
    const label = closest("label", radio)
    if (label) label.hidden = "ifAny" in label.dataset && count === 0 && radio.value !== filter
  }
  for (const {row, key} of rows) {
    row.hidden = !visible.has(key)
    if (row.hidden && isOpen(row)) toggleRow(row, false)
  }
  for (const section of $$(".form > tbody")) section.hidden = !find("tr[data-field]:not([hidden])", section)
  $("#empty").hidden = visible.size > 0
  $("table.form").hidden = visible.size === 0
  $("#filtered").textContent = filter === ALL ? "" : printedFilter(visible.size, rows.length)
  $("[data-action=seen]").hidden = filter !== CHANGED || marks.size === 0
  ensureTabStop()
  return visible.size
}

/**
 * @param {number} n
 * @param {number} total
 */
const printedFilter = (n, total) =>
  t("print.filtered", {n, total, filter: $("[name=filter]:checked ~ span").textContent ?? ""})

/** Apply the chosen filter to the rows of another report. */
export function applyFilterAfresh() {
  selectFilter(rowFilter.chosen, {isAnnounced: rowFilter.chosen !== ALL})
}

/**
 * @param {string} filter
 * @param {{kept?: string[], isAnnounced?: boolean}} [options] `kept`: the keys of rows that stay although they do not match.
 */
export function selectFilter(filter, {kept = [], isAnnounced = true} = {}) {
  const chosen = radios().find(radio => radio.value === filter) ?? radios().find(radio => radio.value === ALL)
  if (!chosen) return
  chosen.checked = true
  rowFilter.choose(chosen.value, kept)
  // When a filter is chosen, what is open or focused is no reason to stay.
  const count = showRows(allRows().map(row => ({...rowState(row), isShown: rowFilter.kept.has(keyOf(row))})))
  document.dispatchEvent(new CustomEvent("filter:chosen"))
  if (isAnnounced) announce(tPlural("filter.shown", count))
}

document.addEventListener("change", event => {
  if (event.target instanceof HTMLInputElement && event.target.name === "filter") selectFilter(event.target.value)
})
// Choosing the same filter again is no change.
document.addEventListener("click", event => {
  const radio = targetOf(event)
  if (radio instanceof HTMLInputElement && radio.name === "filter" && radio.value === rowFilter.chosen) {
    selectFilter(radio.value)
  }
})
// Registered before the listener that removes the mark of an opened row.
document.addEventListener("row:toggled", event => {
  const {key, open} = /** @type {CustomEvent<{key: string, open: boolean}>} */ (event).detail
  if (open) rowFilter.keep(key)
})
document.addEventListener("marks:counted", applyFilter)
