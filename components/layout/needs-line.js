/**
 * What needs the connection says so at once while there is none: no request vanishes, and no link replaces a readable page by
 * the browser's own error page.
 *
 * `data-needs-line` marks what works only while the page is live.
 */

import {connectionState, isLive, isOffline} from "../live/channel.js"
import {$$, announce, closest, find, t, targetOf} from "./dom.js"
import {isServerReady} from "./server-readiness.js"

const REASON_ID = "why-offline"

const reasonText = () => t(isOffline() ? "why.offline" : "why.connecting")

/**
 * Show, beside an element, that it does not work without the connection.
 *
 * @param {HTMLElement} source
 */
export function showOfflineReason(source) {
  const reason = find(`#${REASON_ID}`)
  if (!reason) return
  reason.textContent = reasonText()
  if (reason.matches(":popover-open")) reason.hidePopover()
  reason.showPopover({source})
  announce(reasonText())
}

/**
 * Return whether the page is live; if it is not, say so beside an element.
 *
 * @param {HTMLElement} source
 */
export function requireLine(source) {
  if (isLive()) return true
  showOfflineReason(source)
  return false
}

/**
 * Leave the page, if the server answers. While the connection is lost, or if there is no answer, say so and stay.
 *
 * @param {HTMLElement} source What the user has pressed or changed.
 * @param {() => void} leave
 */
export async function leaveIfReachable(source, leave) {
  const isSaid = isOffline()
  if (isSaid) showOfflineReason(source)
  if (await isServerReady()) leave()
  else if (!isSaid) showOfflineReason(source)
}

// ── Controls ──

/** While the page connects, a menu or a dialog can be opened: what is in it says that it has to wait. */
const opensHere = (/** @type {HTMLElement} */ control) => control.matches("[commandfor], [popovertarget]")

/** Offline, the controls are disabled for assistive technology, with the reason. */
function updateControls() {
  const reason = find(`#${REASON_ID}`)
  if (!reason) return
  if (isOffline()) {
    reason.textContent = reasonText()
    for (const element of $$("[data-needs-line]:not([aria-disabled])")) {
      element.ariaDisabled = "true"
      element.setAttribute("aria-describedby", REASON_ID)
    }
  } else {
    for (const element of $$(`[data-needs-line][aria-describedby=${REASON_ID}]`)) {
      element.removeAttribute("aria-disabled")
      element.removeAttribute("aria-describedby")
    }
  }
}
new MutationObserver(updateControls).observe(document.documentElement, {attributeFilter: ["data-live"]})

// ── Links ──

/**
 * Whether a click on a link replaces the page, or downloads something through it.
 *
 * @param {HTMLAnchorElement} link
 * @param {MouseEvent} event
 */
function leavesPage(link, event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0 || link.target === "_blank") return false
  const isSameDocument = link.hash && link.href.split("#")[0] === location.href.split("#")[0]
  return !isSameDocument
}

/** The link that the user has pressed, once the server has answered. */
let allowedLink = /** @type {HTMLAnchorElement | null} */ (null)

/** @param {HTMLAnchorElement} link */
function follow(link) {
  allowedLink = link
  link.click()
  allowedLink = null
}

document.addEventListener(
  "click",
  event => {
    if (isLive() || connectionState() === "none") return
    const control = closest("[data-needs-line]", targetOf(event))
    /** @type {HTMLAnchorElement | null} */
    const link = closest("a[href]", targetOf(event))
    if (control && (isOffline() || !opensHere(control))) showOfflineReason(control)
    else if (isOffline() && link && link !== allowedLink && leavesPage(link, event)) {
      leaveIfReachable(link, () => follow(link))
    } else return
    event.preventDefault()
    event.stopImmediatePropagation()
  },
  true,
)
