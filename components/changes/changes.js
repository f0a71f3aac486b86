/** The choice of the moment from which a report's changes count. The address holds it. */

import {$} from "../layout/dom.js"
import {currentFilter, selectFilter} from "../preview/filters.js"
import {showReport} from "../preview/navigation.js"
import {serveMomentMenu, shownMoment} from "./moment-menu.js"

const SINCE = "since"
/** The moments of a report that is approved unless another one was chosen. */
const OF_APPROVAL = ["", "approval"]

/**
 * Mark what has changed since a moment; an empty one is the usual one.
 *
 * @param {string} moment
 */
function showChanges(moment) {
  const url = new URL(location.href)
  if (moment) url.searchParams.set("since", moment)
  else url.searchParams.delete("since")
  showReport(url)
  if (!moment && currentFilter() === SINCE) selectFilter("all")
}

/** Leave only the rows that have changed since the approval. */
export function showChangesSinceApproval() {
  if (!OF_APPROVAL.includes(shownMoment())) showChanges("")
  selectFilter(SINCE)
}

serveMomentMenu(showChanges, () => {
  const [organization, period] = $("[data-region=columns]").dataset.identity?.split(" ") ?? []
  return `${organization} ${period}`
})
