/** Which reports are selected for an approval. Only one that can be approved now has a checkbox. */

import {$, announce, find, t, tPlural} from "../layout/dom.js"
import {allRows, idOf, rowById, visibleRows} from "./rows.js"

/** @type {Set<string>} Row ids. A selected row stays selected while a filter hides it. */
const selected = new Set()

/**
 * @param {HTMLTableRowElement} row
 * @returns {HTMLInputElement | null}
 */
export const checkboxOf = row => find("[data-select]", row)

const selectableRows = () => visibleRows().filter(checkboxOf)

/** @typedef {{organization: string, period: string}} Report */

/** @returns {Report[]} The selected reports, in the order of the rows. */
export const selectedReports = () =>
  allRows()
    .filter(row => selected.has(idOf(row)))
    .map(row => ({organization: idOf(row).replace("row-", ""), period: checkboxOf(row)?.value ?? ""}))

export const selectedIds = () => [...selected]

/**
 * @param {string} id
 * @param {boolean} isSelected
 */
function setSelected(id, isSelected) {
  if (isSelected) selected.add(id)
  else selected.delete(id)
}

/** Show the selection, after rows have changed too: one that cannot be approved any more is not selected. */
export function updateSelection() {
  for (const id of selectedIds()) {
    const row = rowById(id)
    const checkbox = row && checkboxOf(row)
    if (!checkbox) selected.delete(id)
    else if (!checkbox.checked) checkbox.checked = true
  }
  const count = selected.size
  const shown = selectableRows()
  const hiddenCount = count - shown.filter(row => selected.has(idOf(row))).length
  const bar = $("#selection")
  const selectShown = $("[data-action=select-shown]", bar)
  bar.hidden = count === 0 && shown.length === 0
  selectShown.hidden = shown.every(row => selected.has(idOf(row)))
  selectShown.textContent = tPlural("selection.shown", shown.length)
  const text = tPlural("selection.count", count)
  $("#selected-count").textContent = hiddenCount ? `${text} ${t("selection.hidden", {n: hiddenCount})}` : text
  for (const name of ["#selected-count", "[data-action=select-none]", "[data-action=approve]"]) {
    $(name, bar).hidden = count === 0
  }
}

/** @param {Iterable<string>} ids Row ids; those that cannot be approved are left out. */
export function select(ids) {
  for (const id of ids) selected.add(id)
  updateSelection()
}

export function selectShown() {
  select(selectableRows().map(idOf))
  announce($("#selected-count").textContent)
}

/** @param {Iterable<string>} ids Row ids. */
export function unselect(ids) {
  for (const id of [...ids]) {
    selected.delete(id)
    const row = rowById(id)
    const checkbox = row && checkboxOf(row)
    if (checkbox) checkbox.checked = false
  }
  updateSelection()
}

export function selectNone() {
  unselect(selectedIds())
  announce($("#selected-count").textContent)
}

/**
 * Select a row, or take it back.
 *
 * @param {HTMLTableRowElement} row
 * @returns {boolean} False if it cannot be approved.
 */
export function toggleSelected(row) {
  const checkbox = checkboxOf(row)
  if (!checkbox) return false
  checkbox.checked = !checkbox.checked
  setSelected(idOf(row), checkbox.checked)
  updateSelection()
  announce($("#selected-count").textContent)
  return true
}

document.addEventListener("change", event => {
  const checkbox = /** @type {HTMLInputElement} */ (event.target)
  const row = checkbox.matches("[data-select]") ? checkbox.closest("tr") : null
  if (!row) return
  setSelected(idOf(row), checkbox.checked)
  updateSelection()
})
