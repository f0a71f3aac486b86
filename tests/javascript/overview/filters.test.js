import assert from "node:assert/strict"
import {readFileSync} from "node:fs"
import {describe, it} from "node:test"
import {
  comparator,
  DEFAULTS,
  filtersFromUrl,
  longestOrderedRun,
  matcher,
  writeFilters,
} from "../../../components/overview/filters.js"

/** @typedef {import("../../../components/overview/filters.js").RowData} RowData */

/**
 * @param {Partial<RowData>} values
 * @returns {RowData}
 */
const row = values => ({id: "row-1", search: "", flags: [], caseSystem: "", county: "", name: "", key: "", ...values})

describe("matcher", () => {
  const alta = row({id: "row-1", search: "alta 1234", flags: ["ready", "error"], caseSystem: "CIS"})
  const cases = /** @type {const} */ ([
    [{}, true],
    [{q: "  ALTA 12 "}, true],
    [{q: "alta oslo"}, false],
    [{show: "error"}, true],
    [{show: "failed"}, false],
    [{deviation: "error"}, true],
    [{deviation: "missing"}, false],
    [{deviation: "changed"}, true],
    [{case_system: "CIS"}, true],
    [{case_system: "Familia"}, false],
    [{q: "alta", show: "failed"}, false],
  ])
  for (const [filters, expected] of cases) {
    it(`${JSON.stringify(filters)} ${expected ? "matches" : "does not match"}`, () => {
      assert.equal(matcher({...DEFAULTS, ...filters}, new Set(["row-1"]))(alta), expected)
    })
  }

  it("changed matches marked rows only", () => {
    assert.equal(matcher({...DEFAULTS, deviation: "changed"}, new Set(["row-2"]))(alta), false)
  })
})

describe("comparator", () => {
  /** @type {{name: string, key: string}[]} Checked against the server in tests/preview/i18n/test_norwegian_order.py. */
  const ordered = JSON.parse(readFileSync(new URL("../fixtures/norwegian-order.json", import.meta.url), "utf8"))
  const rows = ordered.map(({name, key}) => row({id: name, name: key, key}))

  it("sorts Æ, Ø and Å last and in this order", () => {
    const shuffled = [...rows].sort((a, b) => a.id.length - b.id.length)
    assert.notDeepEqual(shuffled, rows)
    assert.deepEqual(shuffled.sort(comparator(false)), rows)
    assert.deepEqual(shuffled.sort(comparator(true)), rows.toReversed())
  })

  it("sorts rows without a value last in either direction, and equal ones by name", () => {
    const b = row({id: "b", name: "b", key: "1"})
    const a = row({id: "a", name: "a", key: "1"})
    const c = row({id: "c", name: "c", key: "2"})
    const none = row({id: "none", name: "", key: ""})
    assert.deepEqual([none, c, b, a].sort(comparator(false)), [a, b, c, none])
    assert.deepEqual([none, c, b, a].sort(comparator(true)), [c, a, b, none])
  })
})

describe("longestOrderedRun", () => {
  const compareNumbers = (/** @type {number} */ a, /** @type {number} */ b) => a - b
  for (const [items, expected] of /** @type {const} */ ([
    [[], 0],
    [[1, 2, 3], 3],
    [[3, 2, 1], 1],
    [[1, 9, 2, 3], 3],
    [[2, 3, 1, 4, 5], 4],
  ])) {
    it(`of [${items}] is ${expected}`, () => assert.equal(longestOrderedRun([...items], compareNumbers), expected))
  }
})

describe("filters in the URL", () => {
  it("are written without those that are as usual, and read again", () => {
    const url = new URL("http://localhost/?show=stale&lang=en")
    writeFilters(url, {...DEFAULTS, q: " bø", show: "all", sort: "name"})
    assert.equal(url.search, "?lang=en&q=+b%C3%B8&sort=name")
    assert.deepEqual(filtersFromUrl(url), {q: " bø", sort: "name"})
  })

  it("leave out what holds on this page only", () => {
    const url = new URL("http://localhost/?deviation=error")
    writeFilters(url, {...DEFAULTS, deviation: "changed"})
    assert.equal(url.search, "")
  })
})
