import assert from "node:assert/strict"
import {describe, it} from "node:test"
import {searchMatcher} from "../../components/services/search.js"

describe("searchMatcher", () => {
  const text = "barnevernstjenesten tromsø 5501 tromso 999955011 org-5501"
  for (const query of ["", "  ", "Tromsø", "TROMSO barnevern", "5501"]) {
    it(`finds ${JSON.stringify(query)}`, () => assert.ok(searchMatcher(query)(text)))
  }
  it("requires every word", () => assert.ok(!searchMatcher("tromso oslo")(text)))
  it("composes letters as the server does", () => assert.ok(searchMatcher("A\u030as")("\u00e5s")))
})
