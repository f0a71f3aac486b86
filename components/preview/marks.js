/** Marks of the cells that have changed: a tint for six seconds, then a dot until their row is opened. */

import {$, closest, find, t, tPlural} from "../layout/dom.js"
import {changeAnnouncer} from "../live/announcer.js"
import {allRows, keyOf, rowOf, VALUE_COLUMNS, valuesOf} from "./rows.js"

const TINT_MS = 6000

/** @typedef {import("./rows.js").CellValues} CellValues */
/** @typedef {"now" | "unseen"} MarkState */
/** @typedef {{state: MarkState, was: Partial<CellValues>}} Mark `was`: what the changed cells said before. */

/** @type {Map<string, Mark>} By field key. */
export const marks = new Map()

/**
 * Show a row's mark: on its changed cells, and in words beside its note.
 *
 * @param {HTMLTableRowElement} row
 */
export function showMark(row) {
  const mark = marks.get(keyOf(row))
  for (const column of VALUE_COLUMNS) {
    const cell = $(`td.${column}`, row)
    if (mark && column in mark.was) cell.dataset.changed = mark.state
    else delete cell.dataset.changed
  }
  find(".note__change", row)?.remove()
  if (mark && "current" in mark.was) $("td.note", row).append(changeNote(row, mark))
}

/**
 * @param {HTMLTableRowElement} row
 * @param {Mark} mark
 */
function changeNote(row, mark) {
  const note = document.createElement("span")
  note.className = "note__change"
  const isBesideDeviation = find("td.note .ds-tag", row) !== null
  const key = isBesideDeviation ? "form.changed_beside" : mark.state === "now" ? "form.changed_now" : "form.changed"
  note.textContent = t(key, {was: mark.was.current})
  return note
}

/** Tell the document with `marks:counted` that fields have been marked or seen. */
export function countMarks() {
  document.dispatchEvent(new CustomEvent("marks:counted"))
}

/**
 * Mark a field. A field that is marked already keeps what it said first; one that says that again has not changed.
 *
 * @param {string} key
 * @param {Partial<CellValues>} was
 * @param {MarkState} state
 */
export function mark(key, was, state) {
  const row = rowOf(key)
  if (!row) return
  const now = valuesOf(row)
  const first = Object.entries({...was, ...marks.get(key)?.was}).filter(([column, text]) => now[column] !== text)
  if (first.length > 0) marks.set(key, {state, was: Object.fromEntries(first)})
  else marks.delete(key)
  showMark(row)
}

/** @param {Iterable<string>} keys */
export function unmark(keys) {
  for (const key of [...keys]) {
    const row = marks.delete(key) && rowOf(key)
    if (row) showMark(row)
  }
  countMarks()
}

/**
 * Mark every field whose values differ from earlier ones.
 *
 * @param {Record<string, CellValues>} before By field key.
 * @param {MarkState} state
 * @returns {string[]} The keys of the fields that differ.
 */
export function markChanges(before, state) {
  const changed = []
  for (const row of allRows()) {
    const key = keyOf(row)
    const was = before[key]
    if (!was) continue
    const now = valuesOf(row)
    const differing = VALUE_COLUMNS.filter(column => now[column] !== was[column])
    if (differing.length === 0) continue
    mark(key, Object.fromEntries(differing.map(column => [column, was[column]])), state)
    changed.push(key)
  }
  countMarks()
  return changed
}

/**
 * Turn the tint of fields into a dot after a while.
 *
 * @param {string[]} keys
 */
export function fadeTints(keys) {
  setTimeout(() => {
    for (const key of keys) {
      const mark = marks.get(key)
      const row = rowOf(key)
      if (!mark || !row) continue
      mark.state = "unseen"
      showMark(row)
    }
  }, TINT_MS)
}

/** One sentence a section. */
export const announceChanges = changeAnnouncer(keys => {
  const sections = Map.groupBy(keys, key => closest("tbody", rowOf(key))?.dataset.title ?? "")
  return [...sections].map(([section, {length}]) => tPlural("live.changed_in", length, {section})).join(" ")
})
