/** Marks of the rows that have changed: a tint for six seconds, then a dot until the user has been there. */

import {t, tPlural} from "../layout/dom.js"
import {changeAnnouncer} from "../live/announcer.js"
import {idOf, linkOf, rowById} from "./rows.js"

const TINT_MS = 6000

/** @typedef {"now" | "unseen"} Mark */

/** @type {Map<string, Mark>} By row id. */
export const marks = new Map()
/** @type {Map<string, string | undefined>} By row id: the version of a row before it changed first. */
const firstVersions = new Map()
/** @type {Map<string, ReturnType<typeof setTimeout>>} By row id. */
const tintTimers = new Map()

/** @param {string} id */
function showMark(id) {
  const row = rowById(id)
  if (!row) return
  const state = marks.get(id)
  if (state) row.dataset.changed = state
  else delete row.dataset.changed
}

/**
 * @param {string[]} ids
 * @param {Mark} state
 */
export function mark(ids, state) {
  for (const id of ids) {
    marks.set(id, state)
    showMark(id)
  }
}

/** @param {Iterable<string>} ids */
export function unmark(ids) {
  for (const id of [...ids]) if (marks.delete(id)) showMark(id)
}

/**
 * Tint rows that change now. The tint becomes a dot, unless the focus is in the row. A row that says again what it said
 * before its first change has not changed.
 *
 * @param {string[]} ids
 * @param {Record<string, string | undefined>} before Versions by row id, from before the change.
 */
export function tint(ids, before) {
  for (const id of ids) if (!marks.has(id)) firstVersions.set(id, before[id])
  const hasReturned = (/** @type {string} */ id) => rowById(id)?.dataset.version === firstVersions.get(id)
  const changed = ids.filter(id => !hasReturned(id))
  unmark(ids.filter(hasReturned))
  mark(changed, "now")
  for (const id of changed) {
    clearTimeout(tintTimers.get(id))
    tintTimers.set(
      id,
      setTimeout(() => {
        if (rowById(id)?.contains(document.activeElement)) unmark([id])
        else if (marks.has(id)) mark([id], "unseen")
      }, TINT_MS),
    )
  }
}

/**
 * Remove the dot of a row that the user has come to.
 *
 * @param {HTMLTableRowElement} row
 */
export function markSeen(row) {
  if (row.dataset.changed === "unseen") unmark([idOf(row)])
}

export const announceChanges = changeAnnouncer(ids => {
  const rows = ids.map(rowById).filter(row => row !== null)
  const [first] = rows
  return first ? tPlural("overview.changed", rows.length, {name: linkOf(first).textContent}) : ""
})

/**
 * Return what the notice says when the page is back, with `count` rows changed meanwhile.
 *
 * @param {number} count
 */
export const reconnectedText = count => (count ? tPlural("overview.back", count) : t("overview.back_unchanged"))
