/**
 * The totals above the services, where the columns are numbers. The server computes them: the page says which services it
 * shows, and knows by the number of its request whether the totals that it has are of these.
 */

import {$} from "../layout/dom.js"
import {isLive, onLive, send} from "../live/channel.js"
import {shownColumns} from "./rows.js"

/** @typedef {import("./rows.js").Row} Row */

let lastRequest = 0
/** @type {string | null | undefined} The ids of the visible services, null for all; undefined before they were first seen. */
let visibleIds
let county = ""

/** Which services the page shows, as the server wants it in a message. */
export const shownServices = () => ({ids: visibleIds?.split(" ") ?? null, county, request: lastRequest})

/** Mark totals that are not of the services that are shown. */
export function markOutdatedTotals() {
  const region = $("[data-region=totals]")
  region.toggleAttribute("data-outdated", region.dataset.request !== `${lastRequest}`)
}

function sendRequest() {
  if (isLive() && shownColumns()) send({action: "totals", ...shownServices()})
}

/**
 * Ask for the totals of the visible rows if these have changed. Those of the first HTML are of its rows.
 *
 * @param {Row[]} rows All rows.
 * @param {string} chosenCounty The number of the county that the rows are filtered by; empty for none.
 */
export function requestTotals(rows, chosenCounty) {
  const visible = rows.filter(({row}) => !row.hidden).map(({id}) => id.replace("row-", ""))
  const ids = visible.length === rows.length ? null : visible.sort().join(" ")
  if (ids === visibleIds && chosenCounty === county) return
  const isFirst = visibleIds === undefined
  visibleIds = ids
  county = chosenCounty
  if (isFirst) return
  lastRequest += 1
  markOutdatedTotals()
  sendRequest()
}

// A session in another process than the one that rendered the page does not know what it shows.
onLive("live:on", () => {
  if (lastRequest > 0 || visibleIds || county) sendRequest()
})
