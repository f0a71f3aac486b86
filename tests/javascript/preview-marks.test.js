import assert from "node:assert/strict"
import {beforeEach, it} from "node:test"
import {openPage} from "./support/page.js"

openPage("")
const {mark, markChanges, marks} = await import("../../components/preview/marks.js")
const {$} = await import("../../components/layout/dom.js")

const cell = (/** @type {string} */ column, /** @type {string} */ text) =>
  `<td class="${column}" data-value="${text}">${text}</td>`

/**
 * @param {string} current
 * @param {string} compared
 */
function show(current, compared = "500") {
  const cells = cell("current", current) + cell("compared", compared)
  document.body.innerHTML = `<table><tr data-field="a">${cells}<td class="note"></td></tr></table>`
}

const values = (/** @type {string} */ current, compared = "500") => ({a: {current, compared}})
const shownMark = () => $("td.current").dataset.changed

beforeEach(() => {
  marks.clear()
  show("589")
})

it("a changed field keeps what it said first", () => {
  show("590")
  assert.deepEqual(markChanges(values("589"), "now"), ["a"])
  show("591")
  markChanges(values("590"), "now")
  assert.deepEqual(marks.get("a"), {state: "now", was: {current: "589"}})
  assert.equal(shownMark(), "now")
})

it("a field that says again what it said first is not marked", () => {
  show("590")
  markChanges(values("589"), "now")
  show("589")
  markChanges(values("590"), "now")
  assert.equal(marks.size, 0)
  assert.equal(shownMark(), undefined)
  assert.equal($(".note").textContent, "")
})

it("the other column keeps its mark", () => {
  show("590", "501")
  markChanges(values("589"), "now")
  show("589", "501")
  markChanges(values("590", "501"), "now")
  assert.deepEqual(marks.get("a")?.was, {compared: "500"})
})

it("a mark of a page that came back is dropped if the value did too", () => {
  mark("a", {current: "589"}, "unseen")
  assert.equal(marks.size, 0)
  mark("gone", {current: "1"}, "unseen")
  assert.equal(marks.size, 0)
})
