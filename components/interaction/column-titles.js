/** Explains the signs of a column wherever the pointer is on them: a cell without a title takes that of its column's head. */

import {closest, targetOf} from "../layout/dom.js"

/** Begin to give cells their titles, as they are pointed at; in the page's HTML they would stand in every row. */
export function explainColumns() {
  document.addEventListener("pointerover", event => {
    /** @type {HTMLTableCellElement | null} */
    const cell = closest("tbody td", targetOf(event))
    const table = closest("table", cell)
    if (!cell || cell.title || cell.colSpan > 1 || !(table instanceof HTMLTableElement)) return
    const title = table.tHead?.rows[0]?.cells[cell.cellIndex]?.title
    if (title) cell.title = title
  })
}
