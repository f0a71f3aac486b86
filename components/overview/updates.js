/** How patches change the overview: rows come, change and go, and what has changed is marked. */

import {parseHtml, t, tPlural} from "../layout/dom.js"
import {onLive} from "../live/channel.js"
import {patch, setPatchHandler, showPauseNotice} from "../live/patches.js"
import {updateApproval} from "./approval.js"
import {announceChanges, marks, tint, unmark} from "./marks.js"
import {allRows, focusLink, idOf, linkOf, rowById, shownPeriod, versions, visibleLinks} from "./rows.js"
import {selectedIds, unselect} from "./selection.js"
import {applySortAndFilter, caseSystemSelect, insertRow, updateCounts} from "./view.js"

/** @typedef {import("../live/patches.js").Regions} Regions */

const isRowId = (/** @type {string} */ id) => id.startsWith("row-")

/** Offer the case systems of new organisations in the filter too. */
function addCaseSystems() {
  const known = new Set([...caseSystemSelect.options].map(option => option.value))
  for (const {dataset} of allRows()) {
    const name = dataset.caseSystem ?? ""
    if (known.has(name)) continue
    known.add(name)
    caseSystemSelect.append(new Option(name))
  }
}

/**
 * Remove the rows of organisations that have been erased. The focus moves to the row that takes the place.
 *
 * @param {Regions} regions
 * @returns {Regions} The other regions.
 */
function removeErasedRows(regions) {
  const remaining = {...regions}
  for (const id of Object.keys(regions).filter(id => isRowId(id) && !regions[id])) {
    const row = rowById(id)
    const index = row ? visibleLinks().indexOf(linkOf(row)) : -1
    const hadFocus = row?.contains(document.activeElement)
    unmark([id])
    row?.remove()
    if (hadFocus) focusLink(visibleLinks()[Math.min(index, visibleLinks().length - 1)])
    delete remaining[id]
  }
  return remaining
}

/** @param {Record<string, string>} before Versions by row id. */
export const changedSince = before =>
  allRows()
    .filter(row => row.dataset.version !== before[idOf(row)])
    .map(idOf)

setPatchHandler(allRegions => {
  const regions = removeErasedRows(allRegions)
  const periodBefore = shownPeriod()
  const before = versions()
  patch(regions)
  for (const [id, html] of Object.entries(regions)) {
    if (isRowId(id) && !(id in before)) insertRow(/** @type {HTMLTableRowElement} */ (parseHtml(html)))
  }
  addCaseSystems()
  if (shownPeriod() !== periodBefore) {
    unmark(marks.keys())
    unselect(selectedIds())
    applySortAndFilter()
    return
  }
  const changed = changedSince(before)
  tint(changed, before)
  updateCounts()
  updateApproval()
  announceChanges(changed)
})

onLive("live:waiting", (/** @type {Regions} */ pending) => {
  const shown = versions()
  const isChange = (/** @type {[string, string]} */ [id, html]) =>
    isRowId(id) && (html ? parseHtml(html).dataset.version : undefined) !== shown[id]
  const changes = Object.entries(pending).filter(isChange).length
  showPauseNotice(`${t("live.paused")} ${changes ? tPlural("live.waiting", changes) : ""}`)
})
