import assert from "node:assert/strict"
import {register} from "node:module"
import {beforeEach, it} from "node:test"
import {openPage} from "./support/page.js"

const PAGE = `
<table>
<tr data-field="one"><th><button class="open" aria-expanded="false" aria-controls="detail-one"></button></th></tr>
<tr class="detail" id="detail-one" hidden><td><div data-region="history-one"></div></td></tr>
<tr data-field="two"><th><button class="open" aria-expanded="false" aria-controls="detail-two"></button></th></tr>
<tr class="detail" id="detail-two" hidden><td><div data-region="history-two"><table></table></div></td></tr>
</table>
<details data-history="all"><div data-region="history-all"></div></details>
<p id="said"></p>
<script type="application/json" id="texts">
{"form.history_offline": "offline", "form.history_connecting": "connecting"}
</script>`

/** In place of the script that draws charts, which needs a real browser. */
function resolve(/** @type {string} */ name, /** @type {object} */ context, /** @type {Function} */ next) {
  return name.endsWith("/bokeh-plots.js") ? {url: "data:text/javascript,", shortCircuit: true} : next(name, context)
}
register(`data:text/javascript,${encodeURIComponent(`export ${resolve}`)}`)

openPage(PAGE)
Object.assign(globalThis, {getComputedStyle: () => ({fontSize: "16px", color: "black"})})
const {setConnectionState} = await import("../../components/live/channel.js")
const {$} = await import("../../components/layout/dom.js")
const {rowOf, toggleRow} = await import("../../components/preview/rows.js")
await import("../../components/preview/history.js")

/** @type {string[][]} The open histories that the session has been asked for. */
let requests = []
document.addEventListener("live:send", event => {
  requests.push(/** @type {CustomEvent<{open: string[]}>} */ (event).detail.open)
})
const nextRequest = () => new Promise(resolve => document.addEventListener("live:send", resolve, {once: true}))
const settle = () => new Promise(resolve => setTimeout(resolve, 0))
const open = (/** @type {string} */ key, isOpen = true) =>
  toggleRow(/** @type {HTMLTableRowElement} */ (rowOf(key)), isOpen)
const textOf = (/** @type {string} */ name) => $(`[data-region=history-${name}]`).textContent
const section = /** @type {HTMLDetailsElement} */ ($("details"))

beforeEach(async () => {
  setConnectionState("connecting")
  for (const key of ["one", "two"]) open(key, false)
  section.open = false
  for (const name of ["one", "all"]) $(`[data-region=history-${name}]`).replaceChildren()
  await settle()
  await settle()
  requests = []
})

it("a history that is opened while the page connects says so, and is read when it is live", async () => {
  open("one")
  section.open = true
  section.dispatchEvent(new Event("toggle"))
  await settle()
  assert.deepEqual([textOf("one"), textOf("all")], ["connecting", "connecting"])
  assert.equal($("#said").textContent, "connecting")
  assert.deepEqual(requests, [])
  setConnectionState("on")
  document.dispatchEvent(new CustomEvent("live:on"))
  await nextRequest()
  assert.deepEqual(requests, [["all", "one"]])
})

it("the text follows the connection, and one that was asked for in vain says so", async () => {
  setConnectionState("on")
  open("one")
  await nextRequest()
  assert.deepEqual(requests, [["one"]])
  assert.equal(textOf("one"), "")
  setConnectionState("lost")
  await settle()
  await settle()
  assert.equal(textOf("one"), "offline")
  setConnectionState("connecting")
  await settle()
  await settle()
  assert.equal(textOf("one"), "connecting")
})

it("what has been read stays as it is", async () => {
  setConnectionState("lost")
  open("two")
  await settle()
  assert.equal(textOf("two"), "")
})
