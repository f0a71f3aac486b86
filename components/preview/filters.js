/** The filters of the report's rows. The number on a filter is the number of rows that it leaves. */

import {$, $$, announce, find, t, tPlural} from "../layout/dom.js"
import {marks} from "./marks.js"
import {allRows, ensureTabStop, isOpen, keyOf, toggleRow} from "./rows.js"

/** Return the chosen filter: `all`, `changed`, or a flag of the rows. */
export const currentFilter = () => /** @type {HTMLInputElement} */ ($("[name=filter]:checked")).value

/**
 * @param {HTMLTableRowElement} row
 * @param {string} filter
 */
function matches(row, filter) {
  if (filter === "all") return true
  if (filter === "changed") return marks.has(keyOf(row))
  return row.dataset.flags?.split(" ").includes(filter) ?? false
}

/** Show the rows that match the chosen filter; rows and sections without any are hidden, open ones are closed. */
export function applyFilter(isAnnounced = true) {
  const filter = currentFilter()
  const rows = allRows()
  let visible = 0
  for (const row of rows) {
    row.hidden = !matches(row, filter)
    if (!row.hidden) visible += 1
    else if (isOpen(row)) toggleRow(row, false)
  }
  for (const chart of $$("tr.chart")) chart.hidden = filter !== "all"
  for (const section of $$(".form > tbody")) section.hidden = !find("tr[data-field]:not([hidden])", section)
  $("#empty").hidden = visible > 0
  $("table.form").hidden = visible === 0
  $("#filtered").textContent = filter === "all" ? "" : printedFilter(visible, rows.length)
  updateSeenButton()
  ensureTabStop()
  if (isAnnounced) announce(tPlural("filter.shown", visible))
}

/**
 * @param {number} n
 * @param {number} total
 */
const printedFilter = (n, total) =>
  t("print.filtered", {n, total, filter: $("[name=filter]:checked ~ span").textContent ?? ""})

/** Offer to remove the marks while the changed rows are filtered. */
export function updateSeenButton() {
  $("[data-action=seen]").hidden = currentFilter() !== "changed" || marks.size === 0
}

/** @param {string} filter */
export function selectFilter(filter) {
  /** @type {HTMLInputElement} */
  const radio = $(`[name=filter][value=${filter}]`)
  radio.checked = true
  applyFilter()
}

document.addEventListener("change", event => {
  if (event.target instanceof HTMLInputElement && event.target.name === "filter") applyFilter()
})
document.addEventListener("marks:counted", () => {
  updateSeenButton()
  if (currentFilter() === "changed") applyFilter(false)
})
