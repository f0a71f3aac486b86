/** The rows of the report: their values, how they open, which one the Tab key reaches, and how the focus moves. */

import {chooseSection} from "../interaction/section-navigation.js"
import {$, $$, closest, find, isPlainClick, targetOf} from "../layout/dom.js"

/** @typedef {Record<string, string>} CellValues The visible text of a row's value cells by column. */

/** The columns whose changes are marked. */
export const VALUE_COLUMNS = ["current", "compared"]

/** @returns {HTMLTableRowElement[]} */
export const allRows = () => $$("tr[data-field]")

export const visibleRows = () => allRows().filter(row => !row.hidden)

/**
 * @param {string | undefined} key A field's key.
 * @returns {HTMLTableRowElement | null}
 */
export const rowOf = key => find(`tr[data-field="${key}"]`)

/** @param {HTMLTableRowElement} row */
export const keyOf = row => row.dataset.field ?? ""

/**
 * @param {HTMLTableRowElement} row
 * @returns {HTMLButtonElement} The button that opens and closes the row's details.
 */
export const openerOf = row => $(".open", row)

/** @param {HTMLTableRowElement} row */
export const isOpen = row => openerOf(row).ariaExpanded === "true"

/**
 * Whether the focus is in a row or its details.
 *
 * @param {HTMLTableRowElement} row
 */
export const hasFocus = row => {
  const focused = document.activeElement
  return row.contains(focused) || (row.nextElementSibling?.contains(focused) ?? false)
}

/** The organisation and periods that the rows are about. */
export const shownReport = () => $("[data-region=columns]").dataset.identity

/** Whether there is a report; without one the rows have no values. */
export const isComplete = () => "complete" in $("[data-region=columns]").dataset

/**
 * @param {HTMLElement} row
 * @returns {CellValues}
 */
export const valuesOf = row =>
  Object.fromEntries(VALUE_COLUMNS.map(column => [column, $(`td.${column}`, row).dataset.value ?? ""]))

/** @returns {Record<string, CellValues>} By field key. */
export const allValues = () => Object.fromEntries(allRows().map(row => [keyOf(row), valuesOf(row)]))

/**
 * Show or hide the details of a row. Tells the document with `row:toggled`.
 *
 * @param {HTMLTableRowElement} row
 * @param {boolean} open
 */
export function toggleRow(row, open) {
  const opener = openerOf(row)
  opener.ariaExpanded = `${open}`
  $(`#${opener.getAttribute("aria-controls")}`).hidden = !open
  row.dispatchEvent(new CustomEvent("row:toggled", {bubbles: true, detail: {key: keyOf(row), open}}))
}

// ── Focus: the table is one tab stop; the arrows and shortcuts move within it. ──

/** @param {HTMLElement | undefined} opener */
export function setTabStop(opener) {
  for (const other of $$(".open")) other.tabIndex = other === opener ? 0 : -1
}

/** @returns {HTMLButtonElement[]} */
export const visibleOpeners = () =>
  /** @type {HTMLButtonElement[]} */ ($$(".open")).filter(opener => opener.offsetParent !== null)

/** Give the tab stop to the first visible row if the row that has it is hidden. */
export function ensureTabStop() {
  const openers = visibleOpeners()
  if (!openers.some(opener => opener.tabIndex === 0)) setTabStop(openers[0])
}

/** @param {HTMLElement | undefined} opener */
export function focusOpener(opener) {
  if (!opener) return
  setTabStop(opener)
  opener.focus()
  opener.scrollIntoView({block: "nearest"})
}

const focusedIndex = (/** @type {HTMLElement[]} */ elements) =>
  elements.indexOf(/** @type {HTMLElement} */ (document.activeElement))

/**
 * Move the focus down, or up with a negative step; to the first row if it is elsewhere.
 *
 * @param {number} step
 */
export function moveFocus(step) {
  const openers = visibleOpeners()
  const index = focusedIndex(openers)
  focusOpener(openers[index < 0 ? 0 : Math.min(openers.length - 1, Math.max(0, index + step))])
}

/** @param {HTMLElement} opener */
const hasDeviation = opener => /error|warning|notice/.test(closest("tr", opener)?.dataset.flags ?? "")

/**
 * Move the focus to the next row with a deviation, or to the previous one; past the end it starts over.
 *
 * @param {1 | -1} step
 */
export function moveToDeviation(step) {
  const openers = visibleOpeners()
  const index = focusedIndex(openers)
  const deviating = openers.filter(hasDeviation)
  const next = deviating.find(opener => openers.indexOf(opener) > index) ?? deviating[0]
  const previous = deviating.findLast(opener => openers.indexOf(opener) < index) ?? deviating.at(-1)
  focusOpener(step > 0 ? next : previous)
}

/**
 * Move the focus to the first row of the next section, or of the previous one.
 *
 * @param {1 | -1} step
 */
export function moveToSection(step) {
  const sections = $$(".form > tbody:not([hidden])")
  const index = sections.findIndex(section => section.contains(document.activeElement))
  const section = sections[Math.min(sections.length - 1, Math.max(0, index < 0 ? 0 : index + step))]
  if (section) goToSection(section)
}

/**
 * Scroll to a section and move the focus to its first row.
 *
 * @param {HTMLElement} section
 */
export function goToSection(section) {
  focusOpener(visibleOpeners().find(opener => section.contains(opener)))
  section.scrollIntoView()
  chooseSection(section.id)
}

/**
 * Move the focus from something that has vanished: from a row to the one that follows, from elsewhere to the form.
 *
 * @type {import("../interaction/focus.js").FocusFallback}
 */
export function focusNearRow(path) {
  const line = path.find(element => element.matches("tr[data-field], tr.detail"))
  const row = line?.matches(".detail") ? line.previousElementSibling : line
  const rows = allRows()
  const index = rows.indexOf(/** @type {HTMLTableRowElement} */ (row))
  const isShown = (/** @type {HTMLTableRowElement} */ other) => openerOf(other).offsetParent !== null
  const near =
    index < 0
      ? rows.find(other => openerOf(other).tabIndex === 0)
      : (rows.find((other, i) => i >= index && isShown(other)) ??
        rows.findLast((other, i) => i < index && isShown(other)))
  if (!near || !isShown(near)) return false
  if (row) focusOpener(openerOf(near))
  else openerOf(near).focus({preventScroll: true})
  return true
}

/**
 * Follow a link to a section, if that is what was clicked.
 *
 * @param {MouseEvent} event
 * @returns {boolean} Whether it was.
 */
export function followSectionLink(event) {
  /** @type {HTMLAnchorElement | null} */
  const link = closest(".sections a", targetOf(event))
  if (!link || !isPlainClick(event)) return false
  event.preventDefault()
  if (location.hash !== link.hash) history.pushState(history.state, "", link.hash)
  goToSection($(link.hash))
  return true
}

/** The arrows and Escape are the table's own keys, not shortcuts: they also work when shortcuts are switched off. */
export function addTableKeys() {
  $("table.form").addEventListener("keydown", event => {
    const target = targetOf(event)
    const line = closest("tr.detail, tr[data-field]", target)
    if (event.key === "Escape" && line) {
      const row = /** @type {HTMLTableRowElement} */ (line.matches(".detail") ? line.previousElementSibling : line)
      if (!isOpen(row)) return
      toggleRow(row, false)
      focusOpener(openerOf(row))
      return
    }
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key]
    if (!step || !target.matches(".open")) return
    event.preventDefault()
    moveFocus(step)
  })
}
