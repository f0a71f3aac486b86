/**
 * Draws the rows in the window first after many rows have changed: a browser also prepares those of some windows above and
 * below, which takes longer than an answer to a key or click may take.
 */

const MIN_ROWS = 60
/** Rows above and below the window that are drawn with it: rows differ in height, the more of them the more. */
const MARGIN_ROWS = 3
const SCROLLED_MARGIN_ROWS = 15

/** @type {HTMLElement | null} The element whose rows are not all drawn yet. */
let settling = null

/** Have the browser prepare all rows as usual. Do so before something in a row that may not be drawn gets the focus. */
export function settleRows() {
  if (!settling) return
  for (const row of settling.querySelectorAll("[data-near]")) row.removeAttribute("data-near")
  delete settling.dataset.settling
  settling = null
}

/**
 * Change many rows so that the next frame draws those in the window, and a later one the others. The stylesheet hides the
 * content of rows without `data-near` in an element with `data-settling`.
 *
 * @param {HTMLElement} body The element that has the rows.
 * @param {() => HTMLElement[]} change Changes the rows, and returns those that are shown, in their order.
 */
export function changeRows(body, change) {
  settleRows()
  const before = body.querySelectorAll(":scope > :not([hidden])").length
  const boxBefore = body.getBoundingClientRect()
  const shown = change()
  if (shown.length < MIN_ROWS) return
  body.dataset.settling = ""
  settling = body
  // Where no row was shown, the height of one is known only now: they are laid out without their content.
  const {top, height} = before > 0 ? boxBefore : body.getBoundingClientRect()
  const rowHeight = height / (before || shown.length)
  const margin = top < 0 ? SCROLLED_MARGIN_ROWS : MARGIN_ROWS
  const first = Math.floor(Math.max(0, -top) / rowHeight) - margin
  const last = Math.ceil((innerHeight - top) / rowHeight) + margin
  for (const [index, row] of shown.entries()) {
    if ((index >= first && index <= last) || row.contains(document.activeElement)) row.dataset.near = ""
  }
  requestAnimationFrame(() => setTimeout(settleRows))
}
