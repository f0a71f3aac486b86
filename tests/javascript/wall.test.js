import assert from "node:assert/strict"
import {it} from "node:test"
import {isOnPage, pageCount, turned} from "../../components/wall/pages.js"
import {openPage, press} from "./support/page.js"

it("400 rows have 34 pages of twelve, and no rows have one", () => {
  assert.deepEqual(
    [0, 12, 13, 400].map(rows => pageCount(rows, 12)),
    [1, 1, 2, 34],
  )
  assert.ok(isOnPage(399, 33, 12))
  assert.ok(!isOnPage(399, 32, 12))
})

it("the first page follows the last one, and the last one comes before the first", () => {
  assert.deepEqual([turned(0, 1, 34), turned(33, 1, 34), turned(0, -1, 34), turned(0, 1, 1)], [1, 0, 33, 0])
})

const row = (/** @type {string} */ id, /** @type {string} */ rank, version = "1") =>
  `<tr data-region="row-${id}" data-version="${version}" data-rank="${rank}" data-position="${id}"><th><span data-name>${id}</span></th></tr>`
const caption = (/** @type {string} */ identity) =>
  `<caption data-region="caption" data-identity="${identity}"></caption>`

openPage(`<script type="application/json" id="texts">{"wall.page": "Side {n} av {total}"}</script>
<div id="lost" hidden><p></p></div><div id="back" hidden></div><div id="waiting" hidden></div><p id="said"></p>
<table class="board" data-rows="2" data-page-seconds="15">${caption("2024")}<tbody>
${row("a", "5")}${row("b", "4")}${row("c", "3")}</tbody></table>
<p id="turning"><span id="page-number"></span><span id="page-paused" hidden>pause</span><button data-action="turning"></button></p>`)
Object.defineProperty(globalThis, "addEventListener", {value: window.addEventListener.bind(window), configurable: true})
document.body.dataset.heartbeat = "10"
document.documentElement.dataset.live = "on"

it("the wall turns by itself, sorts as it turns, and keeps a mark until its page has been shown", async t => {
  t.mock.timers.enable({apis: ["setTimeout", "Date"]})
  await import("../../components/wall/wall.js")
  const {startShortcuts} = await import("../../components/layout/shortcuts.js")
  startShortcuts(null)
  const shown = () =>
    [...document.querySelectorAll("tbody tr:not([data-off-page])")].map(each => each.getAttribute("data-region"))
  const mark = (/** @type {string} */ id) =>
    document.querySelector(`[data-region=row-${id}]`)?.getAttribute("data-changed")
  const number = () => document.querySelector("#page-number")?.textContent
  const patch = (/** @type {Record<string, string>} */ regions) =>
    document.dispatchEvent(new CustomEvent("live:regions", {detail: regions}))
  document.dispatchEvent(new CustomEvent("live:on"))

  assert.deepEqual([shown(), number()], [["row-a", "row-b"], "Side 1 av 2"])
  t.mock.timers.tick(15_000)
  assert.deepEqual([shown(), number()], [["row-c"], "Side 2 av 2"])

  patch({"row-c": row("c", "9", "2"), "row-b": row("b", "4", "2")})
  assert.deepEqual([shown(), mark("c"), mark("b")], [["row-c"], "now", "now"], "a change turns no page")
  t.mock.timers.tick(6000)
  assert.deepEqual([mark("c"), mark("b")], ["unseen", "unseen"])
  t.mock.timers.tick(9000)
  assert.deepEqual([shown(), mark("c"), mark("b")], [["row-c", "row-a"], null, "unseen"])

  assert.ok(press(" "))
  t.mock.timers.tick(60_000)
  assert.equal(number(), "Side 1 av 2", "it waits while it is paused")
  assert.ok(press("ArrowRight"))
  assert.deepEqual([shown(), mark("b")], [["row-b"], "unseen"])
  assert.ok(press(" "))
  t.mock.timers.tick(15_000)
  assert.equal(mark("b"), null)

  patch({"row-a": "", "row-d": row("d", "8")})
  assert.deepEqual([shown(), mark("d")], [["row-c", "row-b"], "now"], "a new row comes last")
  t.mock.timers.tick(15_000)
  assert.deepEqual(shown(), ["row-b"], "and has its place after the turn")
  patch({caption: caption("2025"), "row-b": row("b", "1", "3")})
  assert.deepEqual([mark("b"), mark("d")], [null, null], "another period is no change")
  assert.ok(!press(" ", {on: /** @type {Element} */ (document.querySelector("button"))}), "the button is pressed by it")
  t.mock.timers.reset()
})
