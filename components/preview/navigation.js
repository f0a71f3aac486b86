/** Choosing another period or organisation: shown in place while the page is live, else loaded like any link. */

import {$, $$, closest, isPlainClick, targetOf} from "../layout/dom.js"
import {leaveIfReachable, requireLine} from "../layout/needs-line.js"
import {isLive, isOffline, send} from "../live/channel.js"
import {setPaused} from "../live/patches.js"
import {searchMatcher} from "../services/search.js"

const chooser = $("#chooser")
/** @type {HTMLInputElement} */
const searchField = $("#search")
/** @type {() => HTMLFormElement} */
const periodForm = () => $("[data-region=periods]")

let shownQuery = location.search

/**
 * Show another report.
 *
 * @param {URL} url
 * @param {boolean} isNewEntry Whether one step back in the browser's history undoes it.
 */
export function showReport(url, isNewEntry = true) {
  if (!isLive()) {
    if (isOffline()) periodForm().reset()
    leaveIfReachable($("select", periodForm()), () => location.assign(url))
    return
  }
  shownQuery = url.search
  setPaused(false)
  send({action: "show", arguments: Object.fromEntries(url.searchParams)})
  if (isNewEntry) history.pushState(null, "", url)
}

// A step to another section of the page is an entry of the history too, and shows the same report.
addEventListener("popstate", () => {
  if (location.search !== shownQuery) showReport(new URL(location.href), false)
})

document.addEventListener("change", event => {
  const field = /** @type {HTMLSelectElement} */ (targetOf(event))
  if (!field.form?.matches("[data-region=periods]")) return
  const url = new URL(location.href)
  for (const [name, value] of new FormData(field.form)) url.searchParams.set(name, `${value}`)
  // Another period is compared with its own prior period.
  if (field.name === "period_id") url.searchParams.delete("compare")
  // A moment of this report alone means nothing for another one.
  if (field.name === "period_id" && !field.form.elements.namedItem("since")) url.searchParams.delete("since")
  showReport(url)
})

// The way to the reporting period, and to the latest report of a service that has none of the shown period.
document.addEventListener("click", event => {
  /** @type {HTMLAnchorElement | null} */
  const link = closest("a[data-report-link], a[data-action=reporting-period]", targetOf(event))
  if (!link || !isPlainClick(event)) return
  event.preventDefault()
  showReport(new URL(link.href))
})

// ── The list of organisations ──

/**
 * Show the services of a list that what has been typed finds.
 *
 * @param {HTMLElement} list The message for an empty list, `[data-empty-message]`, is beside it.
 * @param {string} query
 */
export function filterList(list, query) {
  const matches = searchMatcher(query)
  let visible = 0
  for (const item of /** @type {Iterable<HTMLElement>} */ (list.children)) {
    item.hidden = !matches(item.dataset.search ?? "")
    if (!item.hidden) visible += 1
  }
  /** @type {HTMLElement | null | undefined} */
  const message = list.parentElement?.querySelector("[data-empty-message]")
  if (message) message.hidden = visible > 0
}

/** Filter the list by what is in the search field. */
export const filterServices = () => filterList($("[data-region=services]"), searchField.value)

export const openChooser = () => chooser.showPopover({source: $("[popovertarget=chooser]")})

chooser.addEventListener("beforetoggle", event => {
  if (event.newState !== "open") return
  if (!isLive()) {
    event.preventDefault()
    setTimeout(() => requireLine($("[popovertarget=chooser]"))) // no popover can be shown while another one is
    return
  }
  send({action: "services"})
  searchField.value = ""
  filterServices()
})
searchField.addEventListener("input", filterServices)
chooser.addEventListener("keydown", event => {
  const links = $$("a", chooser).filter(link => link.offsetParent !== null)
  const index = links.indexOf(/** @type {HTMLElement} */ (document.activeElement))
  if (event.key === "ArrowDown") (links[index + 1] ?? links[index])?.focus()
  else if (event.key === "ArrowUp") (links[index - 1] ?? searchField).focus()
  else if (event.key === "Enter" && event.target === searchField) links[0]?.click()
  else return
  event.preventDefault()
})
chooser.addEventListener("click", event => {
  /** @type {HTMLAnchorElement | null} */
  const link = closest("a", targetOf(event))
  if (!link || !isPlainClick(event)) return
  event.preventDefault()
  chooser.hidePopover()
  showReport(new URL(link.href))
})
