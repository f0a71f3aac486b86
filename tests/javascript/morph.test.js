import assert from "node:assert/strict"
import {beforeEach, describe, it} from "node:test"
import {openPage} from "./support/page.js"

openPage("")
const {morph} = await import("../../components/live/morph.js")
const {$, $$, parseHtml} = await import("../../components/layout/dom.js")

/** @param {number} n */
const entry = (n, text = "findings", status = "read") =>
  `<li id="delivery-${n}"><span>${status}</span> <details><summary>Delivery ${n}: ${text}</summary></details></li>`

/** @param {string} html */
function show(html) {
  document.body.innerHTML = html
  return /** @type {HTMLElement} */ (document.body.firstElementChild)
}

describe("morph of a list with ids", () => {
  /** @type {HTMLElement} */
  let list

  beforeEach(() => {
    list = show(`<ul>${entry(2)}${entry(1)}</ul>`)
    $("#delivery-2 details").setAttribute("open", "")
    $("#delivery-2 summary").focus()
  })

  const openEntries = () => $$("details[open]").map(details => details.parentElement?.id)

  it("keeps the open entry and the focus when an entry is inserted above", () => {
    const item = $("#delivery-2")
    morph(list, parseHtml(`<ul>${entry(3)}${entry(2)}${entry(1)}</ul>`))
    assert.deepEqual(
      $$("li").map(li => li.id),
      ["delivery-3", "delivery-2", "delivery-1"],
    )
    assert.equal($("#delivery-2"), item)
    assert.deepEqual(openEntries(), ["delivery-2"])
    assert.equal(document.activeElement, $("#delivery-2 summary"))
  })

  it("keeps them when an entry above is removed", () => {
    morph(list, parseHtml(`<ul>${entry(3)}${entry(2)}${entry(1)}</ul>`))
    morph(list, parseHtml(`<ul>${entry(2)}</ul>`))
    assert.deepEqual(openEntries(), ["delivery-2"])
    assert.equal(document.activeElement, $("#delivery-2 summary"))
  })

  it("keeps them when the entry itself changes", () => {
    morph(list, parseHtml(`<ul>${entry(3)}${entry(2, "none", "<b>read</b><progress></progress>")}${entry(1)}</ul>`))
    assert.equal($("#delivery-2 summary").textContent, "Delivery 2: none")
    assert.deepEqual(openEntries(), ["delivery-2"])
    assert.equal(document.activeElement, $("#delivery-2 summary"))
  })

  it("keeps them when entries change places", () => {
    morph(list, parseHtml(`<ul>${entry(1)}${entry(2)}</ul>`))
    assert.deepEqual(
      $$("li").map(li => li.id),
      ["delivery-1", "delivery-2"],
    )
    assert.deepEqual(openEntries(), ["delivery-2"])
    assert.equal(document.activeElement, $("#delivery-2 summary"))
  })

  it("takes a new entry's attributes from the server", () => {
    morph(list, parseHtml(`<ul>${entry(3).replace("<details>", "<details open>")}${entry(2)}${entry(1)}</ul>`))
    assert.deepEqual(openEntries(), ["delivery-3", "delivery-2"])
  })
})

describe("morph", () => {
  it("changes elements without ids in place", () => {
    const cell = show(`<p title="a" class="x">old <b>1</b></p>`)
    const number = $("b")
    morph(cell, parseHtml(`<p title="b">new <b>2</b></p>`))
    assert.equal(document.body.innerHTML, `<p title="b">new <b>2</b></p>`)
    assert.equal($("b"), number)
  })

  it("replaces an element by one of another tag", () => {
    morph(show("<p>a</p>"), parseHtml("<div>b</div>"))
    assert.equal(document.body.innerHTML, "<div>b</div>")
  })

  it("keeps the attributes that belong to the browser", () => {
    const row = show(`<div hidden tabindex="0"><button aria-expanded="true">a</button></div>`)
    morph(row, parseHtml(`<div tabindex="-1"><button aria-expanded="false">b</button></div>`))
    assert.equal(row.outerHTML, `<div hidden="" tabindex="0"><button aria-expanded="true">b</button></div>`)
  })

  it("gives an element those attributes if it is created around one with an id", () => {
    const region = show(`<div><b id="kept">a</b></div>`)
    const kept = $("#kept")
    morph(region, parseHtml(`<div><section hidden tabindex="0"><b id="kept">b</b></section></div>`))
    assert.equal(region.innerHTML, `<section hidden="" tabindex="0"><b id="kept">b</b></section>`)
    assert.equal($("#kept"), kept)
  })

  it("keeps the chosen radio button", () => {
    const group = show(
      `<div><input type="radio" name="f" value="all" checked><input type="radio" name="f" value="x"></div>`,
    )
    /** @type {HTMLInputElement} */
    const chosen = $("[value=x]")
    chosen.checked = true
    morph(
      group,
      parseHtml(`<div><input type="radio" name="f" value="all" checked><input type="radio" name="f" value="x"></div>`),
    )
    assert.equal(chosen.checked, true)
  })

  it("shows the option that the server has selected", () => {
    const label = show(
      `<label><select><option value="1" selected>1</option><option value="2">2</option></select></label>`,
    )
    /** @type {HTMLSelectElement} */
    const select = $("select")
    select.value = "2"
    morph(
      label,
      parseHtml(`<label><select><option value="1" selected>1</option><option value="3">3</option></select></label>`),
    )
    assert.equal(select.value, "1")
    assert.equal(select.options.length, 2)
  })

  it("keeps the content of an element that the browser owns", () => {
    const region = show(`<div><p data-client-owned>mine</p><p>a</p></div>`)
    morph(region, parseHtml(`<div><p data-client-owned></p><p>b</p></div>`))
    assert.equal(region.innerHTML, `<p data-client-owned="">mine</p><p>b</p>`)
  })
})

describe("morph of details", () => {
  const details = (/** @type {string} */ initially) =>
    parseHtml(
      `<details data-initially="${initially}"${initially === "open" ? " open" : ""}><summary>1</summary></details>`,
    )

  it("opens them when the server begins to show them open", () => {
    const shown = /** @type {HTMLDetailsElement} */ (show(details("closed").outerHTML))
    morph(shown, details("open"))
    assert.equal(shown.open, true)
  })

  it("leaves them as the user wants them otherwise", () => {
    const shown = /** @type {HTMLDetailsElement} */ (show(details("open").outerHTML))
    shown.open = false
    morph(shown, details("open"))
    assert.equal(shown.open, false)
    shown.open = true
    morph(shown, details("closed"))
    assert.equal(shown.open, true)
  })
})
