import assert from "node:assert/strict"
import {it} from "node:test"
import {openPage} from "../support/page.js"

openPage(
  '<table class="list"><thead></thead><tbody class="rows"><tr data-region="row-a" data-version="1"></tr></tbody></table>',
)
const {marks, tint, unmark} = await import("../../../components/overview/marks.js")
const {$} = await import("../../../components/layout/dom.js")

/** @param {string} version */
function change(version) {
  const row = $("[data-region=row-a]")
  const before = {"row-a": row.dataset.version}
  row.dataset.version = version
  tint(["row-a"], before)
}

it("a row that says again what it said before its first change is not marked", t => {
  t.mock.timers.enable({apis: ["setTimeout"]})
  change("2")
  change("3")
  assert.deepEqual([...marks], [["row-a", "now"]])
  change("1")
  assert.deepEqual([...marks], [])
  assert.equal($("[data-region=row-a]").dataset.changed, undefined)
  change("2")
  unmark(["row-a"])
  change("1")
  assert.deepEqual([...marks.keys()], ["row-a"], "after it was seen, the former version is a change")
  t.mock.timers.reset()
})
