import assert from "node:assert/strict"
import {beforeEach, it} from "node:test"
import {openPage} from "../support/page.js"

openPage(
  `<p id="said"></p><div id="brief" hidden><p></p></div>
<dialog id="link"><input></dialog>
<script type="application/json" id="texts">{"link.copied": "copied"}</script>`,
  {url: "http://localhost/preview?organization_id=org-1&theme=dark&lang=nn"},
)
const {$} = await import("../../../components/layout/dom.js")
const {copyLink, setSharedAddress} = await import("../../../components/interaction/copy-link.js")

let copied = ""
const setClipboard = (/** @type {unknown} */ clipboard) =>
  Object.defineProperty(globalThis, "navigator", {value: {clipboard}, configurable: true})

beforeEach(() => {
  copied = ""
  $("#brief").hidden = true
  $("#said").textContent = ""
})

it("the address is copied without preferences, which is said and shown", async () => {
  setClipboard({
    writeText: async (/** @type {string} */ text) => {
      copied = text
    },
  })
  await copyLink()
  assert.equal(copied, "http://localhost/preview?organization_id=org-1")
  assert.equal($("#brief").hidden, false)
  assert.equal($("#said").textContent, "copied")
})

it("without a clipboard a dialog has the address that the page shares", async () => {
  setClipboard(undefined)
  setSharedAddress(() => new URL("http://localhost/preview?period_id=2024&open=a,b"))
  await copyLink()
  const dialog = /** @type {HTMLDialogElement} */ ($("#link"))
  assert.equal(dialog.open, true)
  assert.equal(
    /** @type {HTMLInputElement} */ ($("input", dialog)).value,
    "http://localhost/preview?period_id=2024&open=a,b",
  )
  assert.equal($("#brief").hidden, true)
})
