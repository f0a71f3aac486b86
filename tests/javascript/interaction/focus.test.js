import assert from "node:assert/strict"
import {beforeEach, describe, it} from "node:test"
import {openPage} from "../support/page.js"

openPage("")
// happy-dom lays nothing out: an element is visible if neither it nor one around it is hidden or closed.
Object.assign(HTMLElement.prototype, {
  checkVisibility() {
    return !(/** @type {HTMLElement} */ (this).closest("[hidden], dialog:not([open]), [popover]:not([data-shown])"))
  },
})
const {keepFocus, recoverFocus, setFocusFallback} = await import("../../../components/interaction/focus.js")
const {$} = await import("../../../components/layout/dom.js")
globalThis.requestAnimationFrame = callback => Number(setTimeout(callback))
keepFocus()

describe("recoverFocus", () => {
  /** @type {string[][]} */
  let asked = []
  beforeEach(() => {
    asked = []
    setFocusFallback(path => {
      asked.push(path.map(element => element.id).filter(Boolean))
      return false
    })
    document.body.innerHTML = `<main id="content" tabindex="-1">
      <button id="menu" popovertarget="more"></button>
      <div id="more" popover><button id="delete-item" commandfor="delete" command="show-modal"></button></div>
      <dialog id="delete" open><button id="confirm"></button></dialog>
      <div id="row"><button id="open"></button></div></main>`
  })

  const focused = () => document.activeElement?.id

  it("returns from a closed dialog to the menu that its opener is in", () => {
    $("#confirm").focus()
    $("#delete").removeAttribute("open")
    recoverFocus()
    assert.equal(focused(), "menu")
  })

  it("returns to that menu too if its item opens the dialog no more", () => {
    $("#delete-item").focus()
    $("#confirm").focus()
    $("#delete").removeAttribute("open")
    $("#delete-item").removeAttribute("commandfor")
    recoverFocus()
    assert.equal(focused(), "menu")
  })

  it("stays in a dialog that is open", () => {
    $("#delete").insertAdjacentHTML("beforeend", `<button id="cancel"></button>`)
    $("#cancel").focus()
    $("#cancel").remove()
    recoverFocus()
    assert.equal(focused(), "confirm")
  })

  it("asks the view, then goes to the content", () => {
    $("#open").focus()
    $("#row").hidden = true
    recoverFocus()
    assert.deepEqual(asked, [["open", "row", "content"]])
    assert.equal(focused(), "content")
  })

  it("leaves the focus where it is", () => {
    $("#open").focus()
    $("#menu").remove()
    recoverFocus()
    assert.equal(focused(), "open")
  })
})
