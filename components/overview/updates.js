/** How patches change the overview: rows come, change and go, and what has changed is marked. */

import {closest, parseHtml, t, tPlural} from "../layout/dom.js"
import {onLive} from "../live/channel.js"
import {patch, setPatchHandler, showPauseNotice} from "../live/patches.js"
import {updateApproval} from "./approval.js"
import {announceChanges, marks, tint, unmark} from "./marks.js"
import {
  allRows,
  focusLink,
  forgetRowData,
  idOf,
  linkOf,
  markSortedInNewHead,
  rowById,
  showDensity,
  shownColumns,
  shownPeriod,
  shownSince,
  tableBody,
  versions,
  visibleLinks,
} from "./rows.js"
import {selectedIds, unselect} from "./selection.js"
import {markOutdatedTotals} from "./totals.js"
import {applySortAndFilter, insertRow, syncUrl, updateCounts, updateFilterOptions} from "./view.js"

/** @typedef {import("../live/patches.js").Regions} Regions */

const isRowId = (/** @type {string} */ id) => id.startsWith("row-")

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

const shownOverview = () => `${shownPeriod()}|${shownColumns()}|${shownSince()}`

/**
 * Write regions into a page that shows another overview now. Rows are replaced: they have little in common with the old
 * ones, and to turn one into the other takes longer.
 *
 * @param {Regions} regions
 */
function replaceRows(regions) {
  const focused = closest("tr[data-region]", document.activeElement)?.dataset.region
  const others = Object.fromEntries(Object.entries(regions).filter(([id]) => !isRowId(id)))
  patch(others)
  const rows = Object.entries(regions).filter(([id]) => isRowId(id))
  tableBody.replaceChildren(...rows.map(([, html]) => parseHtml(html)))
  showDensity()
  markSortedInNewHead()
  syncUrl(false)
  unmark(marks.keys())
  unselect(selectedIds())
  updateFilterOptions()
  applySortAndFilter()
  const row = focused ? rowById(focused) : null
  if (row && !row.hidden) focusLink(linkOf(row))
}

/**
 * Whether regions are of another overview than the page shows: then they have all rows.
 *
 * @param {Regions} regions
 */
function isOtherOverview({caption}) {
  if (!caption) return false
  const {period = "", columns = "", since = ""} = parseHtml(caption).dataset
  return `${period}|${columns}|${since}` !== shownOverview()
}

setPatchHandler(allRegions => {
  forgetRowData()
  if (isOtherOverview(allRegions)) {
    replaceRows(allRegions)
    markOutdatedTotals()
    return
  }
  const regions = removeErasedRows(allRegions)
  const before = versions()
  patch(regions)
  if ("columns" in regions) markSortedInNewHead()
  for (const [id, html] of Object.entries(regions)) {
    if (isRowId(id) && !(id in before)) insertRow(/** @type {HTMLTableRowElement} */ (parseHtml(html)))
  }
  if ("totals" in regions) markOutdatedTotals()
  if (!Object.keys(regions).some(isRowId)) return
  updateFilterOptions()
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
