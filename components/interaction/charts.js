/**
 * Charts that the session draws. A chart is a root of Bokeh's, which appends it to the body; it is moved to its place from
 * there. They are drawn in the colours and the font size of the page.
 */

import {$} from "../layout/dom.js"
import {isLive, send} from "../live/channel.js"

/**
 * Return a colour of the theme as the browser computes it.
 *
 * @param {string} name A colour of Designsystemet.
 */
function themeColor(name) {
  const probe = document.createElement("i")
  probe.style.color = `var(--ds-color-${name})`
  document.body.append(probe)
  const {color} = getComputedStyle(probe)
  probe.remove()
  return color
}

/**
 * Ask the session to draw charts as the page looks, with a message that says which. What draws them in the browser is
 * fetched before the first one; most visits open none.
 *
 * @param {{action: string, [key: string]: unknown}} message
 * @param {Record<string, string>} colors Colours of Designsystemet by the names that the session has for them.
 */
export async function requestCharts(message, colors) {
  try {
    await import("../vendor/bokeh-plots.js")
  } catch {
    document.dispatchEvent(new CustomEvent("live:lost")) // as without any other script: the page comes back by reloading
    return
  }
  if (!isLive()) return
  send({
    ...message,
    rem: Number.parseFloat(getComputedStyle(document.documentElement).fontSize),
    colors: Object.fromEntries(Object.entries(colors).map(([name, color]) => [name, themeColor(color)])),
  })
}

/**
 * Call a handler whenever the theme has changed.
 *
 * @param {() => void} handler
 */
export function onThemeChange(handler) {
  new MutationObserver(handler).observe(document.documentElement, {attributeFilter: ["data-color-scheme"]})
}

/** Move each chart into the element whose `data-plot` names it. */
export function placeCharts() {
  new MutationObserver(changes => {
    for (const node of changes.flatMap(change => [...change.addedNodes])) {
      const chart = node instanceof HTMLElement && node.dataset.chart
      if (chart) $(`[data-plot="${chart}"]`).append(node)
    }
  }).observe(document.body, {childList: true})
}
