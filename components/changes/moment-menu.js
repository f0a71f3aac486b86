/** The menu of the moments from which changes count, and the sentence about the chosen one. */

import {$, announce, closest, find, isPlainClick, targetOf} from "../layout/dom.js"
import {noteVisit, remembersVisits} from "./visits.js"

const VISIT_INTERVAL_MS = 60_000

/** Whether a moment was chosen whose sentence has not been shown yet. */
let isAwaited = false

/** When the visit before this one ended; empty without one. */
let lastVisit = ""

/** The moment that the page shows, as the address names it; empty if none was chosen. */
export const shownMoment = () => $("[data-region=since]").dataset.requested ?? ""

/**
 * Serve the menu.
 *
 * @param {(moment: string) => void} choose Shows the changes since a moment; an empty one takes the choice back.
 * @param {() => string} subject What is looked at: its visits are remembered.
 */
export function serveMomentMenu(choose, subject) {
  const chooseAndClose = (/** @type {string} */ moment) => {
    $("#since-menu").hidePopover()
    isAwaited = true
    choose(moment)
  }
  document.addEventListener("click", event => {
    const entry = closest("a[data-moment], #since-visit", targetOf(event))
    if (!entry || !isPlainClick(event)) return
    event.preventDefault()
    chooseAndClose(entry.dataset.moment ?? lastVisit)
  })
  document.addEventListener("submit", event => {
    if (!targetOf(event).matches("[data-moment-form]")) return
    event.preventDefault()
    chooseAndClose(/** @type {HTMLInputElement} */ ($("#since-time")).value)
  })
  announceSentence()
  offerLastVisits(subject)
}

/** Read the sentence out once, when it answers the choice; live changes are announced by what has changed. */
function announceSentence() {
  const sentence = $("[data-region=changes]")
  new MutationObserver(() => {
    const text = find("span", sentence)?.textContent ?? ""
    if (isAwaited && text) announce(text)
    isAwaited = false
  }).observe(sentence, {childList: true, characterData: true, subtree: true})
}

/** @param {() => string} subject */
function offerLastVisits(subject) {
  if (!remembersVisits()) {
    const reason = find("#since-no-visit")
    if (reason) reason.hidden = false
    return
  }
  const offer = () => {
    if (document.visibilityState === "hidden") return
    const ended = noteVisit(subject())
    lastVisit = ended === null ? "" : `${new Date(ended).toISOString().slice(0, 19)}Z`
    const item = find("#since-of-visit")
    if (item) item.hidden = ended === null
  }
  offer()
  setInterval(offer, VISIT_INTERVAL_MS)
  document.addEventListener("visibilitychange", offer)
  // Another subject is shown when these change, and the menu may come with it.
  new MutationObserver(offer).observe($("table"), {
    attributes: true,
    subtree: true,
    attributeFilter: ["data-identity", "data-period"],
  })
}
