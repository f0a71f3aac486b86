/**
 * How sections and fields have developed: the tables are in the page; the session draws a chart when one is opened. A chart
 * is a root of Bokeh's, which appends it to the body; it is moved to its place from there.
 */

import {onThemeChange, placeCharts, requestCharts} from "../interaction/charts.js"
import {$, $$, announce, find, t, targetOf} from "../layout/dom.js"
import {isLive, isOffline, onLive} from "../live/channel.js"
import {allRows, isOpen, keyOf} from "./rows.js"

const COLORS = {
  bar: "neutral-surface-active",
  now: "accent-base-default",
  text: "neutral-text-default",
  band: "neutral-border-subtle",
}

/** @returns {string[]} The ids of the sections whose history is open. */
export const openSections = () => $$("[data-history][open]").map(details => details.dataset.history ?? "")

/** @param {string} id */
export function openSection(id) {
  /** @type {HTMLDetailsElement | null} */
  const details = find(`[data-history="${id}"]`)
  if (details) details.open = true
}

/** @returns {string[]} The ids of the sections and the keys of the fields whose history is open. */
const openHistories = () => [...openSections(), ...allRows().filter(isOpen).map(keyOf)]

/**
 * While there is no connection, say in the place of each open history that has not been read why it is empty, and that it
 * comes; the history replaces the text. What has been read is still readable.
 *
 * @param {string[]} open
 */
function explainEmpty(open) {
  const text = t(isOffline() ? "form.history_offline" : "form.history_connecting")
  let isNew = false
  for (const name of open) {
    const region = $(`[data-region="history-${name}"]`)
    const explanation = find("[data-explanation]", region)
    if (explanation) explanation.textContent = text
    else if (!find("table, p", region)) {
      const paragraph = document.createElement("p")
      paragraph.className = "sub"
      paragraph.dataset.explanation = ""
      paragraph.textContent = text
      region.append(paragraph)
      isNew = true
    }
  }
  if (isNew) announce(text)
}

let requested = ""
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer

/** Ask the session for what is open, once for all that is opened or closed in one go. */
export function requestHistories() {
  clearTimeout(timer)
  timer = setTimeout(() => {
    const open = openHistories()
    if (!isLive()) explainEmpty(open)
    if (!isLive() || open.join() === requested) return
    requested = open.join()
    requestCharts({action: "history", open}, COLORS)
  })
}

document.addEventListener("row:toggled", requestHistories)
document.addEventListener(
  "toggle",
  event => {
    if (targetOf(event).dataset.history) requestHistories()
  },
  true,
)
onLive("live:on", requestHistories)

// Charts are drawn in the theme's colours.
onThemeChange(() => {
  requested = ""
  requestHistories()
})

// What has been asked for is not answered when the connection is lost.
new MutationObserver(() => {
  if (!isLive()) requestHistories()
}).observe(document.documentElement, {attributeFilter: ["data-live"]})

placeCharts()
