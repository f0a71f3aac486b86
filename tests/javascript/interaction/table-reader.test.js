import assert from "node:assert/strict"
import {beforeEach, it} from "node:test"
import {openPage, press} from "../support/page.js"

openPage(`<p id="said"></p>
<div class="group" tabindex="0"><table>
<thead><tr><th>Felt</th><th>2023</th><th>2024<span> (ufullstendig)</span></th></tr></thead>
<tbody>
<tr><th><span aria-hidden="true">1</span>Mottatt</th><td>8</td><td><span aria-hidden="true">:</span><span>skjult</span></td></tr>
<tr><th>Henlagt</th><td>2</td><td>3</td></tr>
</tbody></table></div>`)
const {$} = await import("../../../components/layout/dom.js")
const {watchTables} = await import("../../../components/interaction/table-reader.js")

const group = $(".group")
for (const cell of /** @type {any} */ (group.querySelectorAll("td"))) cell.scrollIntoView = () => {}
watchTables(".group")
const read = (/** @type {string} */ key) => {
  assert.equal(press(key, {on: group}), true)
  return $("#said").textContent
}

beforeEach(() => group.dispatchEvent(new Event("focusout", {bubbles: true})))

it("the arrows read year and value, the newest first", () => {
  assert.equal(read("ArrowLeft"), "Mottatt, 2024 (ufullstendig): skjult")
  assert.equal(read("ArrowLeft"), "Mottatt, 2023: 8")
  assert.equal(read("ArrowDown"), "Henlagt, 2023: 2")
  assert.equal(read("ArrowRight"), "Henlagt, 2024 (ufullstendig): 3")
})

it("at an edge the same value is read again", () => {
  read("ArrowLeft")
  assert.equal(read("ArrowUp"), "Mottatt, 2024 (ufullstendig): skjult")
  assert.equal(group.querySelectorAll("[data-reads]").length, 1)
})

it("other keys and other elements are left to the browser", () => {
  assert.equal(press("a", {on: group}), false)
  assert.equal(press("ArrowLeft"), false)
})
