/** Reads the table beside a chart cell by cell with the arrow keys, as a pointer reads the chart. */

import {$$, announce, closest, find, targetOf} from "../layout/dom.js"

/** @type {Record<string, [number, number]>} By key: how many rows and columns it moves. */
const MOVES = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]}

/**
 * Return what a screen reader reads of a cell.
 *
 * @param {Element | null | undefined} cell
 */
const spoken = cell =>
  [...(cell?.childNodes ?? [])]
    .filter(node => !(node instanceof Element && node.getAttribute("aria-hidden") === "true"))
    .map(node => node.textContent)
    .join("")
    .trim()

/**
 * Return a value with its row and column: `Meldinger mottatt, 2021: 812`.
 *
 * @param {HTMLTableCellElement} cell
 */
export function reading(cell) {
  const row = /** @type {HTMLTableRowElement} */ (cell.parentElement)
  const head = closest("table", cell)?.querySelectorAll("thead th")[[...row.children].indexOf(cell)]
  return `${[spoken(find("th", row)), spoken(head)].filter(Boolean).join(", ")}: ${spoken(cell)}`
}

/**
 * Return the cell that a key leads to; the marked one if it leads out of the table, and the last column without one.
 *
 * @param {HTMLTableElement} table
 * @param {string} key
 * @returns {HTMLTableCellElement | null}
 */
export function nextCell(table, key) {
  /** @type {HTMLTableCellElement[][]} */
  const cells = $$("tr", table)
    .map(row => /** @type {HTMLTableCellElement[]} */ ($$("td", row)))
    .filter(row => row.length > 0)
  /** @type {HTMLTableCellElement | null} */
  const marked = find("[data-reads]", table)
  if (!marked) return cells[0]?.at(-1) ?? null
  const row = cells.findIndex(line => line.includes(marked))
  const column = cells[row]?.indexOf(marked) ?? 0
  const [down, right] = MOVES[key] ?? [0, 0]
  return cells[row + down]?.[column + right] ?? marked
}

/**
 * Begin to read the tables in the elements that match, which can have the focus.
 *
 * @param {string} selector
 */
export function watchTables(selector) {
  document.addEventListener("keydown", event => {
    const target = targetOf(event)
    /** @type {HTMLTableElement | null} */
    const table = target.matches(selector) ? find("table", target) : null
    if (!table || !(event.key in MOVES) || event.ctrlKey || event.metaKey || event.altKey) return
    const cell = nextCell(table, event.key)
    if (!cell) return
    event.preventDefault()
    clearMarks()
    cell.dataset.reads = ""
    cell.scrollIntoView({block: "nearest", inline: "nearest"})
    announce(reading(cell))
  })
  document.addEventListener("focusout", clearMarks)
}

function clearMarks() {
  for (const marked of $$("[data-reads]")) marked.removeAttribute("data-reads")
}
