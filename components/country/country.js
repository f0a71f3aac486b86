/** The country page: the choice of a county and period, rows that open, and patches that mark what has changed. */

import {setFocusFallback} from "../interaction/focus.js"
import {watchPlaceChoice} from "../interaction/place-choice.js"
import {reveal} from "../interaction/reveal.js"
import {watchRows} from "../interaction/row-address.js"
import {watchSections} from "../interaction/section-navigation.js"
import {announceReconnect, restoredState, setStateSaver} from "../layout/connection.js"
import {$, actionOf, closest, find, t, targetOf, tPlural} from "../layout/dom.js"
import {addShortcuts} from "../layout/shortcuts.js"
import {isLive, isOffline, onLive, send} from "../live/channel.js"
import {patch, setPatchHandler} from "../live/patches.js"
import {announceChanges, countMarks, fadeTints, mark, markChanges, marks, showMark, unmark} from "../preview/marks.js"
import {
  addTableKeys,
  allRows,
  allValues,
  focusNearRow,
  focusOpener,
  followSectionLink,
  isOpen,
  keyOf,
  moveFocus,
  moveToSection,
  openerOf,
  rowOf,
  setTabStop,
  shownReport,
  toggleRow,
} from "../preview/rows.js"

/** @param {HTMLTableRowElement} row */
const isMarked = row => marks.has(keyOf(row))

/** @returns {string[]} The keys of the rows that are open. */
const openKeys = () => allRows().filter(isOpen).map(keyOf)

// ── Patches ──

setPatchHandler(regions => {
  const before = allValues()
  const shownBefore = shownReport()
  patch(regions)
  if (shownReport() !== shownBefore) {
    marks.clear()
    for (const row of allRows()) showMark(row)
    return
  }
  // A patch removes the note of a mark, which the server does not know of.
  for (const id of Object.keys(regions).filter(id => id.startsWith("row-"))) showMark($(`[data-region="${id}"]`))
  const changed = markChanges(before, "now")
  fadeTints(changed)
  announceChanges(changed)
})

// ── Rows: which ones are open stands in the address, and the session explains them ──

function sendOpen() {
  send({action: "open", open: openKeys()})
}

/**
 * Say of a row that is opened without the connection when its services are shown.
 *
 * @param {string} key
 */
function sayWhenExplained(key) {
  const loading = find(`[data-region="contributions-${key}"] > .sub`)
  if (loading) loading.textContent = t(isOffline() ? "country.offline" : "country.connecting")
}

document.addEventListener("row:toggled", event => {
  const {key, open} = /** @type {CustomEvent<{key: string, open: boolean}>} */ (event).detail
  if (open) unmark([key])
  if (isLive()) sendOpen()
  else if (open) sayWhenExplained(key)
})
onLive("live:on", sendOpen)
watchRows(() => ({open: openKeys()}))

setFocusFallback(focusNearRow)

document.addEventListener("click", event => {
  /** @type {HTMLTableRowElement | null} */
  const row = closest("tr[data-field]", targetOf(event))
  if (followSectionLink(event)) return
  if (actionOf(event) === "changed") {
    $("#back").hidden = true
    focusOpener(allRows().filter(isMarked).map(openerOf)[0])
  } else if (row && !getSelection()?.toString()) {
    toggleRow(row, !isOpen(row))
    if (isOpen(row)) reveal(row, $(`#detail-${keyOf(row)}`))
    setTabStop(openerOf(row))
  }
})

// ── Keys ──

addShortcuts({
  j: () => moveFocus(1),
  k: () => moveFocus(-1),
  "[": () => moveToSection(-1),
  "]": () => moveToSection(1),
})

addTableKeys()

// ── Coming back after the connection was lost ──

setStateSaver(() => ({
  values: allValues(),
  marks: [...marks],
  focused: closest("tr[data-field]", document.activeElement)?.dataset.field,
}))

if (restoredState) {
  const {values, marks: savedMarks, focused} = restoredState
  for (const [key, {was}] of savedMarks) mark(key, was, "unseen")
  const findMissed = () => markChanges(values, "unseen").filter(key => marks.has(key))
  findMissed()
  announceReconnect(findMissed, count => (count ? tPlural("live.back", count) : t("live.back_unchanged")))
  const row = rowOf(focused)
  if (row) openerOf(row).focus({preventScroll: true})
}

setTabStop($(".open"))
countMarks()
watchSections()
watchPlaceChoice()
