/** The choice of the moment from which a report's changes count. The address holds it. */

import {$, announce, closest, find, isPlainClick, targetOf} from "../layout/dom.js"
import {currentFilter, selectFilter} from "../preview/filters.js"
import {showReport} from "../preview/navigation.js"
import {noteVisit, remembersVisits} from "./visits.js"

const VISIT_INTERVAL_MS = 60_000
const SINCE = "since"

/** @type {() => HTMLElement} */
const region = () => $("[data-region=since]")

/** Whether a moment was chosen whose sentence has not been shown yet. */
let isAwaited = false

/** When the visit before this one ended; empty without one. */
let lastVisit = ""

/**
 * Mark what has changed since a moment; an empty one is the usual one.
 *
 * @param {string} moment
 */
function chooseMoment(moment) {
  const url = new URL(location.href)
  if (moment) url.searchParams.set("since", moment)
  else url.searchParams.delete("since")
  isAwaited = true
  showReport(url)
  if (!moment && currentFilter() === SINCE) selectFilter("all")
}

/** Leave only the rows that have changed since the approval. */
export function showChangesSinceApproval() {
  if (!["", "approval"].includes(region().dataset.requested ?? "")) chooseMoment("")
  selectFilter(SINCE)
}

document.addEventListener("click", event => {
  const entry = closest("a[data-moment], #since-visit", targetOf(event))
  if (!entry || !isPlainClick(event)) return
  event.preventDefault()
  $("#since-menu").hidePopover()
  chooseMoment(entry.dataset.moment ?? lastVisit)
})

document.addEventListener("submit", event => {
  const form = /** @type {HTMLFormElement} */ (event.target)
  if (!form.matches("[data-moment-form]")) return
  event.preventDefault()
  $("#since-menu").hidePopover()
  chooseMoment(/** @type {HTMLInputElement} */ ($("#since-time")).value)
})

// The sentence is read out once, when it answers the choice; live changes are announced by their sections.
const summary = find("[data-region=changes]")
if (summary) {
  new MutationObserver(() => {
    const sentence = find("span", summary)?.textContent ?? ""
    if (isAwaited && sentence) announce(sentence)
    isAwaited = false
  }).observe(summary, {childList: true, characterData: true, subtree: true})
}

// ── The last visit ──

/** Note the visit, and offer the one before it. */
function offerLastVisit() {
  if (document.visibilityState === "hidden") return
  const [organization, period] = $("[data-region=columns]").dataset.identity?.split(" ") ?? []
  const ended = noteVisit(`${organization} ${period}`)
  lastVisit = ended === null ? "" : `${new Date(ended).toISOString().slice(0, 19)}Z`
  const item = find("#since-of-visit")
  if (item) item.hidden = ended === null
}

if (remembersVisits()) {
  offerLastVisit()
  setInterval(offerLastVisit, VISIT_INTERVAL_MS)
  document.addEventListener("visibilitychange", offerLastVisit)
  new MutationObserver(offerLastVisit).observe($("[data-region=columns]"), {attributeFilter: ["data-identity"]})
} else {
  const reason = find("#since-no-visit")
  if (reason) reason.hidden = false
}
