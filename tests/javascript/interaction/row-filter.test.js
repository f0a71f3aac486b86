import assert from "node:assert/strict"
import {it} from "node:test"
import {ALL, CHANGED, RowFilter} from "../../../components/interaction/row-filter.js"

/**
 * @param {string} key
 * @param {Partial<import("../../../components/interaction/row-filter.js").RowState>} [state]
 */
const row = (key, state = {}) => ({key, flags: [], isShown: true, isInUse: false, ...state})
const error = ["error"]

it("every row passes `all`, others by their flags, and `changed` by the marks", () => {
  const rows = [row("a", {flags: error}), row("b", {flags: ["warning", "missing"]}), row("c")]
  const filter = new RowFilter()
  const counts = [ALL, "error", "missing", "not_applicable", CHANGED].map(name =>
    filter.count(name, rows, new Set("c")),
  )
  assert.deepEqual(counts, [3, 1, 1, 0, 1])
  filter.choose("missing")
  assert.deepEqual([...filter.visible(rows, new Set())], ["b"])
})

it("a row that no longer matches stays while it is open or has the focus", () => {
  const filter = new RowFilter()
  filter.choose("error")
  const rows = [row("open", {isInUse: true}), row("shut"), row("hidden", {isInUse: true, isShown: false})]
  assert.deepEqual([...filter.visible(rows, new Set())], ["open"])
  assert.equal(filter.count("error", rows, new Set()), 1, "the number on the filter is what it leaves")
})

it("a row that was opened stays after it is closed, until a filter is chosen", () => {
  const filter = new RowFilter()
  filter.choose(CHANGED)
  filter.keep("a")
  assert.deepEqual([...filter.visible([row("a")], new Set())], ["a"])
  filter.choose(CHANGED)
  assert.deepEqual([...filter.visible([row("a", {isShown: false})], new Set())], [])
})

it("nothing is kept while all rows are shown", () => {
  const filter = new RowFilter()
  filter.keep("a")
  assert.deepEqual([...filter.kept], [])
  filter.choose("error", ["a"])
  assert.equal(filter.count("error", [row("a")], new Set()), 1, "rows of a page that came back are kept")
})
