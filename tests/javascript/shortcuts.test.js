import assert from "node:assert/strict"
import {beforeEach, describe, it} from "node:test"
import {openPage, press} from "./support/page.js"

openPage(`<input type="checkbox" id="single-keys">`)
const {addShortcuts, startShortcuts} = await import("../../components/layout/shortcuts.js")
const {$} = await import("../../components/layout/dom.js")

/** @type {string[]} */
let pressed = []
addShortcuts({
  j: () => pressed.push("j"),
  e: () => false,
})
/** @type {HTMLInputElement} */
const checkbox = $("#single-keys")
startShortcuts(checkbox)

/** @param {string} html */
function append(html) {
  document.body.insertAdjacentHTML("beforeend", html)
  return /** @type {HTMLElement} */ (document.body.lastElementChild)
}

beforeEach(() => {
  document.body.replaceChildren(checkbox)
  checkbox.checked = true
  checkbox.dispatchEvent(new Event("change"))
  pressed = []
})

describe("shortcuts", () => {
  it("run for their key", () => {
    assert.equal(press("j"), true)
    assert.equal(press("q"), false)
    assert.deepEqual(pressed, ["j"])
  })

  it("leave the key to the browser if there was nothing to do", () => {
    assert.equal(press("e"), false)
  })

  it("do not run with a modifier key", () => {
    press("j", {ctrlKey: true})
    assert.deepEqual(pressed, [])
  })

  for (const html of ["<input>", `<input type="search">`, "<textarea></textarea>", "<select></select>"]) {
    it(`do not run in ${html}`, () => {
      press("j", {on: append(html)})
      assert.deepEqual(pressed, [])
    })
  }

  for (const html of [`<input type="radio">`, `<input type="checkbox">`, "<button></button>"]) {
    it(`run on ${html}`, () => {
      press("j", {on: append(html)})
      assert.deepEqual(pressed, ["j"])
    })
  }

  it("do not run while a dialog is open", () => {
    append("<dialog open></dialog>")
    press("j")
    assert.deepEqual(pressed, [])
  })

  it("can be switched off and on", () => {
    checkbox.checked = false
    checkbox.dispatchEvent(new Event("change"))
    press("j")
    assert.deepEqual(pressed, [])
    checkbox.checked = true
    checkbox.dispatchEvent(new Event("change"))
    press("j")
    assert.deepEqual(pressed, ["j"])
  })
})
