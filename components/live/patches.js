/** Patches: the regions that the server has rendered again are written into the page, or wait while the page is paused. */

import {$, find, parseHtml} from "../layout/dom.js"
import {connectionState, isLive, onLive, setConnectionState} from "./channel.js"
import {morph} from "./morph.js"

/** @typedef {Record<string, string>} Regions HTML by region id; an empty text removes the region's element. */

/**
 * Write regions into the page. A region that the page does not have is ignored.
 *
 * @param {Regions} regions
 */
export function patch(regions) {
  for (const [id, html] of Object.entries(regions)) {
    const old = find(`[data-region="${id}"]`)
    if (old) morph(old, parseHtml(html))
  }
}

let applyPatch = patch

/**
 * Set what a view does with regions in place of `patch`, for example to mark what has changed.
 *
 * @param {(regions: Regions) => void} handler
 */
export function setPatchHandler(handler) {
  applyPatch = handler
}

/** @type {Regions} The newest HTML of each region that waits for the pause to end. */
let pendingRegions = {}

export const isPaused = () => connectionState() === "paused"

/**
 * Let patches wait, or apply those that have waited. Does nothing on a page that is not live.
 *
 * @param {boolean} paused
 */
export function setPaused(paused) {
  if (!isLive()) return
  setConnectionState(paused ? "paused" : "on")
  if (!paused) {
    const regions = pendingRegions
    pendingRegions = {}
    applyPatch(regions)
  }
  dispatchWaiting()
}

function dispatchWaiting() {
  document.dispatchEvent(new CustomEvent("live:waiting", {detail: pendingRegions}))
}

/**
 * Show or hide the notice that the page is paused.
 *
 * @param {string} sentence
 */
export function showPauseNotice(sentence) {
  const notice = $("#waiting")
  notice.hidden = !isPaused()
  $("p", notice).textContent = sentence
}

/**
 * Whether the user has just asked for a region, so that it does not wait for the pause to end.
 *
 * @param {string} id
 */
const isRequested = id =>
  id === "answer" ||
  id === "services" ||
  id === "candidates" ||
  id === "chosen" ||
  ((id.startsWith("history-") || id.startsWith("contributions-")) && !find(`[data-region="${id}"] table`))

let wasLive = false
onLive("live:on", () => {
  wasLive = true
})

onLive("live:regions", (/** @type {Regions} */ regions) => {
  // A page that has lost its connection stays as it was, and catches up when it is live again.
  if (wasLive && connectionState() === "lost") return
  if (!isPaused()) {
    applyPatch(regions)
    return
  }
  const entries = Object.entries(regions)
  patch(Object.fromEntries(entries.filter(([id]) => isRequested(id))))
  Object.assign(pendingRegions, Object.fromEntries(entries.filter(([id]) => !isRequested(id))))
  dispatchWaiting()
})
