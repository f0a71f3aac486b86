import assert from "node:assert/strict"
import {it} from "node:test"
import {openPage} from "../support/page.js"

const ROWS = 200
openPage(`<table><tbody>${'<tr><td><a href="#">x</a></td></tr>'.repeat(ROWS)}</tbody></table>`)
/** @type {(() => void)[]} */
const frames = []
Object.assign(globalThis, {innerHeight: 300, requestAnimationFrame: (/** @type {() => void} */ f) => frames.push(f)})
const {changeRows, settleRows} = await import("../../../components/interaction/near-rows.js")

const body = /** @type {HTMLElement} */ (document.querySelector("tbody"))
const rows = /** @type {HTMLElement[]} */ ([...body.children])
body.getBoundingClientRect = () => /** @type {any} */ ({top: 100, height: ROWS * 20})
const near = () => rows.filter(row => "near" in row.dataset).map(row => rows.indexOf(row))

it("rows in the window and the one with the focus are drawn first, the others later", () => {
  const link = /** @type {HTMLElement} */ (rows[150]?.querySelector("a"))
  link.focus()
  changeRows(body, () => rows)
  assert.equal("settling" in body.dataset, true)
  assert.deepEqual(near(), [...Array(14).keys(), 150])
  assert.equal(frames.length, 1)
  settleRows()
  assert.equal("settling" in body.dataset, false)
  assert.deepEqual(near(), [])
})

it("few rows are all drawn at once", () => {
  changeRows(body, () => rows.slice(0, 40))
  assert.equal("settling" in body.dataset, false)
})

it("rows in the window are drawn first where none was shown before", () => {
  for (const row of rows) row.hidden = true
  changeRows(body, () => {
    for (const row of rows) row.hidden = false
    return rows
  })
  assert.equal("settling" in body.dataset, true)
  assert.deepEqual(near(), [...Array(14).keys(), 150])
  settleRows()
})
