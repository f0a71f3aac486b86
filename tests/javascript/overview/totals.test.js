import assert from "node:assert/strict"
import {beforeEach, it} from "node:test"
import {openPage} from "../support/page.js"

openPage(`<table class="list"><caption data-columns="meldinger"></caption><thead></thead>
  <tbody data-region="totals" data-request="0"></tbody><tbody class="rows"></tbody></table>`)
const {requestTotals, markOutdatedTotals} = await import("../../../components/overview/totals.js")

/** @type {any[]} What the page has sent. */
let sent = []
document.addEventListener("live:send", event => sent.push(/** @type {CustomEvent} */ (event).detail))
const region = /** @type {HTMLElement} */ (document.querySelector("[data-region=totals]"))

/** @param {string} hidden The ids of the rows that are hidden, of a, b and c. */
const rows = (hidden = "") =>
  /** @type {any[]} */ (["c", "a", "b"].map(id => ({id: `row-org-${id}`, row: {hidden: hidden.includes(id)}})))

beforeEach(() => {
  document.documentElement.dataset.live = "on"
  sent = []
})

it("totals are asked for when other rows are visible, and outdated until they come", () => {
  requestTotals(rows("b"), "") // what the first HTML has totals of
  assert.deepEqual(sent, [])
  requestTotals(rows("c"), "18")
  assert.deepEqual(sent, [{action: "totals", ids: ["org-a", "org-b"], county: "18", request: 1}])
  assert.equal("outdated" in region.dataset, true)
  requestTotals(rows("c"), "18")
  assert.equal(sent.length, 1)
  region.dataset.request = "1"
  markOutdatedTotals()
  assert.equal("outdated" in region.dataset, false)
})

it("all rows are asked for by null", () => {
  requestTotals(rows(), "")
  assert.deepEqual(sent, [{action: "totals", ids: null, county: "", request: 2}])
})

it("without the connection, totals of other rows stay outdated", () => {
  document.documentElement.dataset.live = "lost"
  requestTotals(rows("a"), "")
  assert.deepEqual(sent, [])
  assert.equal("outdated" in region.dataset, true)
})
