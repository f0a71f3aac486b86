import assert from "node:assert/strict"
import {readFileSync} from "node:fs"
import {beforeEach, it} from "node:test"
import {openPage} from "../support/page.js"

openPage(`
<form id="form">
  <textarea maxlength="500" required></textarea><p class="count"></p>
  <p data-field="validation" data-missing="write a reason" hidden></p>
  <div class="reasons"><button type="button">Checked</button></div>
</form>
<script type="application/json" id="texts">{"text.left": "{n} left", "text.national_id": "names a person"}</script>`)
const {FreeTextField, holdsNationalId} = await import("../../../components/interaction/free-text.js")
const {$} = await import("../../../components/layout/dom.js")

/** The examples of the server's test too (tests/preview/core/test_free_text.py). */
const examples = JSON.parse(readFileSync(new URL("../fixtures/free-texts.json", import.meta.url), "utf-8"))
/** @type {HTMLTextAreaElement} */
const area = $("textarea")
const field = new FreeTextField($("#form"))
const shownFault = () => ($("[data-field=validation]").hidden ? "" : $("[data-field=validation]").textContent)

/** @param {string} text */
function type(text) {
  area.value = text
  area.dispatchEvent(new Event("input", {bubbles: true}))
}

beforeEach(() => {
  area.required = true
  type("")
})

it("the number of a person is found", () => {
  assert.ok(examples.refused.length > 5)
  assert.deepEqual(examples.refused.filter(holdsNationalId), examples.refused)
})

it("other numbers are none", () => {
  assert.ok(examples.accepted.length > 5)
  assert.deepEqual(examples.accepted.filter(holdsNationalId), [])
})

it("a text with such a number is refused at once, until it is gone", () => {
  type(`Gjelder ${examples.refused[0]}`)
  assert.equal(shownFault(), "names a person")
  assert.equal(area.getAttribute("aria-invalid"), "true")
  assert.equal(field.check(), false)
  assert.equal(document.activeElement, area)
  type("Gjelder ett barn")
  assert.equal(shownFault(), "")
  assert.equal(field.check(), true)
})

it("an empty text is refused when it is sent, unless it may be empty", () => {
  assert.equal(shownFault(), "")
  assert.equal(field.check(), false)
  assert.equal(shownFault(), "write a reason")
  type(" x ")
  assert.equal(shownFault(), "")
  assert.equal(field.value, "x")
  area.required = false
  type(" ")
  assert.equal(field.check(), true)
})

it("a ready-made text is taken over, and the characters that are left are counted", () => {
  assert.equal($(".count").textContent, "500 left")
  $(".reasons button").click()
  assert.equal(field.value, "Checked")
  assert.equal($(".count").textContent, "493 left")
})
