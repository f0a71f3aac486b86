/** The deliveries page: the server searches, in place while the page is live; keys move among the deliveries. */

import {setFocusFallback} from "../interaction/focus.js"
import {announceReconnect, restoredState} from "../layout/connection.js"
import {$, $$, actionOf, announce, closest, find, isPlainClick, t, targetOf} from "../layout/dom.js"
import {leaveIfReachable} from "../layout/needs-line.js"
import {addShortcuts} from "../layout/shortcuts.js"
import {isLive, isOffline, onLive, send} from "../live/channel.js"
import {patch, setPatchHandler, setPaused, showPauseNotice} from "../live/patches.js"

const TYPING_MS = 250

/** @type {HTMLFormElement} */
const form = $("#choose")
/** @type {HTMLInputElement} */
const searchField = $("#search")

let shownQuery = location.search
/** Whether the user waits for other deliveries, so that their number is to be announced. */
let isRequested = false

/** Return the address of the search that the controls ask for: its first page. */
function chosenUrl() {
  const url = new URL(location.pathname, location.href)
  for (const name of ["lang", "theme"]) {
    const value = new URL(location.href).searchParams.get(name)
    if (value) url.searchParams.set(name, value)
  }
  for (const [name, value] of new FormData(form)) {
    if (`${value}`.trim()) url.searchParams.set(name, `${value}`.trim())
  }
  return url
}

/**
 * Set the controls as an address has them. Those of what a link has chosen come with the deliveries.
 *
 * @param {URL} url
 */
function setControls(url) {
  for (const control of /** @type {(HTMLInputElement | HTMLSelectElement)[]} */ ([...form.elements])) {
    if (control.type !== "hidden" && control.name) control.value = url.searchParams.get(control.name) ?? ""
  }
}

/**
 * Show the deliveries of another search: in place if the page is live, else by loading it, if the server answers.
 *
 * @param {URL} url
 * @param {HTMLElement} source What the user has pressed or changed.
 * @param {boolean} isNewEntry Whether one step back in the browser's history undoes it.
 */
function show(url, source, isNewEntry = true) {
  if (url.search === shownQuery) return
  if (!isLive()) {
    if (isOffline()) setControls(new URL(location.href))
    leaveIfReachable(source, () => location.assign(url))
    return
  }
  shownQuery = url.search
  isRequested = true
  setPaused(false)
  setControls(url)
  send({action: "show", arguments: Object.fromEntries(url.searchParams)})
  if (isNewEntry) history.pushState(null, "", url)
}

setPatchHandler(regions => {
  patch(regions)
  if (!isRequested || !("list" in regions || "shown" in regions)) return
  isRequested = false
  announce($("#shown").textContent ?? "")
})
onLive("live:waiting", () => showPauseNotice(t("live.paused")))

// ── Search and filters ──

/** @type {ReturnType<typeof setTimeout> | undefined} */
let typing
const showChosen = (/** @type {HTMLElement} */ source) => {
  clearTimeout(typing)
  show(chosenUrl(), source)
}

searchField.addEventListener("input", () => {
  clearTimeout(typing)
  typing = setTimeout(() => {
    if (isLive()) showChosen(searchField)
  }, TYPING_MS)
})
searchField.addEventListener("keydown", event => {
  if (event.key === "ArrowDown") {
    event.preventDefault()
    links()[0]?.focus()
  }
})
form.addEventListener("submit", event => {
  event.preventDefault()
  showChosen(searchField)
})
document.addEventListener("change", event => {
  const control = /** @type {HTMLInputElement | HTMLSelectElement} */ (targetOf(event))
  if (control.form === form && control !== searchField) showChosen(control)
})
addEventListener("popstate", () => {
  setControls(new URL(location.href))
  show(new URL(location.href), searchField, false)
})

function clearSearch() {
  searchField.value = ""
  searchField.focus()
  showChosen(searchField)
}

document.addEventListener("click", event => {
  /** @type {HTMLAnchorElement | null} */
  const link = closest("a[data-search-link], .deliveries a[href*='/deliveries?']", targetOf(event))
  if (link && isPlainClick(event) && isLive()) {
    event.preventDefault()
    show(new URL(link.href), link)
    if (closest(".paging, .deliveries", link)) $("#content").scrollIntoView()
  }
  if (actionOf(event) === "clear") clearSearch()
  if (closest("a[data-export]", targetOf(event))) closest("[popover]", targetOf(event))?.hidePopover()
})

// ── Keys ──

const links = () => $$("#listed > li .file__name a")

/** @param {1 | -1} step */
function moveFocus(step) {
  const all = links()
  const entry = closest("#listed > li", document.activeElement)
  const index = all.findIndex(link => entry?.contains(link))
  const next = index < 0 ? (step > 0 ? all[0] : all.at(-1)) : all[Math.min(all.length - 1, Math.max(0, index + step))]
  next?.focus()
}

/** @param {string} selector */
function follow(selector) {
  const link = find(selector)
  link?.click()
  return link !== null
}

// What had the focus can be on the page no longer: the first delivery of the new ones has it then.
setFocusFallback(() => {
  const [first] = links()
  first?.focus({preventScroll: true})
  return first !== undefined
})

addShortcuts({
  j: () => moveFocus(1),
  k: () => moveFocus(-1),
  "[": () => follow("#newer"),
  "]": () => follow("#older"),
  x: () => show(new URL(location.pathname, location.href), searchField),
  e: () => {
    $("#export").showPopover({source: $("[popovertarget=export]")})
  },
  "/": () => {
    searchField.focus()
    searchField.select()
  },
})

// ── Connection ──

if (restoredState) {
  announceReconnect(
    () => [],
    () => t("deliveries.back"),
  )
}
