/** Choosing another period or organisation: shown in place while the page is live, else loaded like any link. */

import {showBriefly} from "../interaction/brief-notice.js"
import {$, $$, closest, isPlainClick, t, targetOf} from "../layout/dom.js"
import {leaveIfReachable, requireLine} from "../layout/needs-line.js"
import {isLive, isOffline, send} from "../live/channel.js"
import {setPaused} from "../live/patches.js"
import {searchMatcher} from "../services/search.js"
import {neighbor} from "../services/service-order.js"

const chooser = $("#chooser")
/** @type {HTMLInputElement} */
const searchField = $("#search")
/** @type {() => HTMLFormElement} */
const periodForm = () => $("[data-region=periods]")

/** What of the address says which report is shown; the rest, such as filter and open rows, stays from one to the next. */
const REPORT = ["organization_id", "period_id", "compare", "since"]

/** @param {URL} url */
const reportOf = url => REPORT.map(name => url.searchParams.get(name)).join(" ")

let shown = reportOf(new URL(location.href))

/**
 * Return the page's address with another report.
 *
 * @param {Record<string, string | null>} report Null for what the address does not name.
 */
function addressOf(report) {
  const url = new URL(location.href)
  for (const [name, value] of Object.entries(report)) {
    if (value === null) url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  }
  url.hash = ""
  return url
}

/**
 * Return the page's address with the report that a link leads to.
 *
 * @param {HTMLAnchorElement} link
 */
function followedAddress(link) {
  const {searchParams} = new URL(link.href)
  return addressOf(Object.fromEntries(REPORT.map(name => [name, searchParams.get(name)])))
}

/** Return the page's address with the period and comparison that it shows, also if it names neither. */
export const fullAddress = () => addressOf(Object.fromEntries(formValues()))

/** @returns {[string, string][]} */
const formValues = () => [...new FormData(periodForm())].map(([name, value]) => [name, `${value}`])

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
  shown = reportOf(url)
  setPaused(false)
  send({action: "show", arguments: Object.fromEntries(url.searchParams)})
  if (isNewEntry) history.pushState(null, "", url)
}

// A step to another section of the page is an entry of the history too, and shows the same report.
addEventListener("popstate", () => {
  if (reportOf(new URL(location.href)) !== shown) showReport(new URL(location.href), false)
})

document.addEventListener("change", event => {
  const field = /** @type {HTMLSelectElement} */ (targetOf(event))
  if (!field.form?.matches("[data-region=periods]")) return
  // Another period is compared with its own prior period.
  const report = addressOf(Object.fromEntries(formValues()))
  if (field.name === "period_id") report.searchParams.delete("compare")
  // A moment of this report alone means nothing for another one.
  if (field.name === "period_id" && !field.form.elements.namedItem("since")) report.searchParams.delete("since")
  showReport(report)
})

// The way to the reporting period, and to the latest report of a service that has none of the shown period.
document.addEventListener("click", event => {
  /** @type {HTMLAnchorElement | null} */
  const link = closest("a[data-report-link], a[data-action=reporting-period]", targetOf(event))
  if (!link || !isPlainClick(event)) return
  event.preventDefault()
  showReport(followedAddress(link))
})

// ── The next service in the overview's order, and the previous one ──

/** @param {1 | -1} direction */
export async function stepToService(direction) {
  const {organization_id = "", period_id = "", since = null} = Object.fromEntries(formValues())
  const step = await neighbor(organization_id, period_id, direction)
  if (step.id) {
    showReport(addressOf({organization_id: step.id, since}))
    showBriefly(t("head.place", {n: step.place, total: step.total}))
  } else if (step.total) showBriefly(t(direction > 0 ? "head.last_service" : "head.first_service"))
  else requireLine($(`[data-step="${direction}"]`))
}

document.addEventListener("click", event => {
  /** @type {HTMLAnchorElement | null} */
  const link = closest("a[data-step]", targetOf(event))
  if (!link || !isPlainClick(event)) return
  event.preventDefault()
  stepToService(link.dataset.step === "1" ? 1 : -1)
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
  showReport(followedAddress(link))
})
