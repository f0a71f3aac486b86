/** The definitions: searching in what is all here, and moving from entry to entry. */

import {watchSections} from "../interaction/section-navigation.js"
import {announceReconnect, restoredState} from "../layout/connection.js"
import {$, $$, actionOf, announce, closest, find, t, tPlural} from "../layout/dom.js"
import {addShortcuts} from "../layout/shortcuts.js"
import {onLive} from "../live/channel.js"
import {showPauseNotice} from "../live/patches.js"
import {searchMatcher} from "../services/search.js"

/** @type {HTMLInputElement} */
const searchField = $("#search")

const allEntries = () => $$(".entry")
const visibleLinks = () => $$(".entry:not([hidden]) .entry__link")

// ── Search ──

/** Show the entries that what has been typed finds, and the sections that have any. */
function applySearch() {
  const matches = searchMatcher(searchField.value)
  const entries = allEntries()
  for (const entry of entries) entry.hidden = !matches(entry.dataset.search ?? "")
  for (const section of $$(".definitions > section")) section.hidden = !find(".entry:not([hidden])", section)
  const shown = entries.filter(entry => !entry.hidden).length
  $("#empty").hidden = shown > 0
  $("#seen").textContent = tPlural("definitions.shown", entries.length, {n: shown, total: entries.length})
}

/** Keep the search in the page's address, which opens the same entries. */
function syncUrl() {
  const url = new URL(location.href)
  const query = searchField.value.trim()
  if (query) url.searchParams.set("q", query)
  else url.searchParams.delete("q")
  history.replaceState(history.state, "", url)
}

searchField.addEventListener("input", () => {
  applySearch()
  syncUrl()
  announce($("#seen").textContent ?? "")
})
searchField.addEventListener("keydown", event => {
  if (event.key !== "ArrowDown" && event.key !== "Enter") return
  event.preventDefault()
  visibleLinks()[0]?.focus()
})

function resetSearch() {
  searchField.value = ""
  searchField.dispatchEvent(new Event("input"))
}

document.addEventListener("click", event => {
  if (actionOf(event) !== "reset") return
  event.preventDefault()
  resetSearch()
  searchField.focus()
})

/** Show the entry that the address names, also where the search has hidden it. */
function showTarget() {
  const target = find(`[id="${CSS.escape(decodeURIComponent(location.hash.slice(1)))}"]`)
  if (!target || target.checkVisibility()) return
  resetSearch()
  target.scrollIntoView()
}
addEventListener("hashchange", showTarget)

// ── Keys ──

/** @param {1 | -1} step */
function moveFocus(step) {
  const links = visibleLinks()
  const entry = closest(".entry", document.activeElement)
  const index = links.findIndex(link => entry?.contains(link))
  if (index >= 0) links[Math.min(links.length - 1, Math.max(0, index + step))]?.focus()
  else links.at(step > 0 ? 0 : -1)?.focus()
}

addShortcuts({
  j: () => moveFocus(1),
  k: () => moveFocus(-1),
  "/": () => {
    searchField.focus()
    searchField.select()
  },
})

// ── Connection. Nothing here changes while the program runs. ──

onLive("live:waiting", () => showPauseNotice(t("live.paused")))
if (restoredState)
  announceReconnect(
    () => [],
    () => t("definitions.back"),
  )

showTarget()
watchSections({sections: ".definitions > section", around: ".definitions"})
