import assert from "node:assert/strict"
import {test} from "node:test"
import {openPage} from "../support/page.js"

openPage("")
const {sectionInView} = await import("../../../components/interaction/section-navigation.js")

/** Nine sections of 300 px below a head of page of 200 px, in a window of 900 px: the page can be scrolled by 2100 px. */
const PAGE = {sections: 9, size: 300, before: 200, height: 900, head: 40, scrollable: 2100}

/** @param {number} above */
function sectionAt(above, page = PAGE) {
  const tops = Array.from({length: page.sections}, (_, i) => page.before + i * page.size - above)
  return sectionInView(tops, {head: page.head, height: page.height, above, below: page.scrollable - above})
}

test("the section below the sticky head is read", () => {
  assert.equal(sectionAt(0), 0)
  assert.equal(sectionAt(200), 0)
  assert.equal(sectionAt(500), 1)
  assert.equal(sectionAt(1100), 3)
})

test("every section is read somewhere, in their order, and the last one at the page's end", () => {
  const read = Array.from({length: PAGE.scrollable + 1}, (_, above) => sectionAt(above))
  assert.deepEqual([...new Set(read)], [0, 1, 2, 3, 4, 5, 6, 7, 8])
  assert.deepEqual(
    read,
    read.toSorted((a, b) => a - b),
  )
})

test("a page that can be scrolled by less than a screen begins with its first section", () => {
  const short = {...PAGE, sections: 3, scrollable: 250}
  assert.equal(sectionAt(0, short), 0)
  assert.equal(sectionAt(250, short), 2)
  assert.equal(sectionAt(0, {...short, scrollable: 0}), 0)
})
