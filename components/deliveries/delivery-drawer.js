// The drawer in which files are delivered: dropped anywhere on the page or chosen, sent with their progress, and what became of them.
// Entries of what the server has received are its own (drawer.py); here is what only the browser knows: names of files, and how far they are sent.
import {$, $$, addKeys, counted, isLive, morph, say, send, text} from "../layout/dom.js"
import {deliver, deliveriesOf, filesOf} from "./upload.js"

const root = document.documentElement
const drawer = $("#deliver"), input = $("#deliver-files"), full = $("#deliver-full"), sending = $("#sending"), delivered = $("#deliveries")
const AT_ONCE = 3, KEPT = 40, LIMIT = Number(drawer.dataset.limit)

// ── speaking: behind an open drawer the page's own voice is not heard ──
let toSay = [], saying = 0
function speak(sentence) {
  toSay.push(sentence)
  clearTimeout(saying)
  saying = setTimeout(() => {
    const all = toSay.join(" ")
    toSay = []
    if (drawer.open) $("#deliver-said").textContent = all; else say(all)
  }, 100)
}

// ── what the session must know: whether the drawer is open, and what of ours is not read yet ──
const files = new Map()          // delivery id -> the files that this page sent
const unread = new Set()
const follow = () => { if (isLive()) send({action: "deliveries", open: drawer.open, own_deliveries: [...unread]}) }
new MutationObserver(follow).observe(drawer, {attributeFilter: ["open"]})
document.addEventListener("live:on", () => { if (drawer.open || unread.size) follow() })

// ── sending ──
const queue = []                 // what waits, is sent, or could not be sent: {files, full, key, size, row, state, stop}
const nameOf = group => group.length === 1 ? group[0].name : text("deliver.files_one_delivery", {n: group.length})
const number = new Intl.NumberFormat(root.lang === "en" ? "en-GB" : "nb-NO", {maximumFractionDigits: 1})
function sizeOf(bytes) {
  const [unit, of] = [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]].find(([, least]) => bytes >= least) ?? ["byte", 1]
  return `${number.format(bytes / of)}\u00a0${unit}`
}
const share = part => new Intl.NumberFormat(root.lang === "en" ? "en-GB" : "nb-NO", {style: "percent"}).format(part)
const FAULTS = {0: "cut", 403: "refused", 413: "too_large", 415: "type", 507: "no_room", 409: "busy", 429: "busy", 503: "busy"}
const HOPELESS = new Set(["empty", "too_large", "type"])

function take(chosen) {
  if (chosen.length === 0) return
  for (const one of deliveriesOf(chosen, full.checked, LIMIT)) {
    one.row = $("#sending-one").content.firstElementChild.cloneNode(true)
    const name = nameOf(one.files)
    $(".file__name", one.row).textContent = name
    $(".file__size", one.row).textContent = sizeOf(one.size)
    $("progress", one.row).setAttribute("aria-label", text("deliver.progress", {name}))
    for (const button of $$("button", one.row)) {
      button.setAttribute("aria-label", text(`deliver.${button.dataset.sending}_named`, {name}))
      button.addEventListener("click", () => DO[button.dataset.sending](one))
    }
    sending.append(one.row)
    queue.push(one)
    put(one, "waiting")
    if (one.files.some(file => file.size === 0)) fail(one, "empty")
    else if (one.size > LIMIT) fail(one, "too_large")
  }
  full.checked = false           // it takes cases out: meant for these files, not for the next
  speak(counted("deliver.begun", chosen.length))
  if (!drawer.open) drawer.showModal()
  goOn()
}

function put(one, state, sentence = {waiting: text("deliver.queued"), storing: text("deliver.storing"), stored: text("deliver.stored")}[state] ?? "") {
  one.state = state
  $(".file__state", one.row).textContent = sentence
  $("progress", one.row).hidden = state !== "sending"
  $(".file__fault", one.row).hidden = state !== "failed"
  const offered = {failed: HOPELESS.has(one.fault) ? ["remove"] : ["retry", "remove"], stored: []}[state] ?? ["cancel"]
  const held = one.row.contains(document.activeElement)
  for (const button of $$("button", one.row)) button.hidden = !offered.includes(button.dataset.sending)
  if (held && document.activeElement.hidden) ($("button:not([hidden])", one.row) ?? input).focus()
  sending.hidden = queue.length === 0
}
function fail(one, fault) {
  one.fault = fault
  const sentence = text(`deliver.fault.${fault}`, {limit: drawer.dataset.limitText})
  $(".file__fault span", one.row).textContent = sentence
  put(one, "failed")
  speak(text("deliver.told", {name: nameOf(one.files), told: sentence.replace(/\.$/, "")}))
}
function drop(one) {
  queue.splice(queue.indexOf(one), 1)
  const held = one.row.contains(document.activeElement)
  one.row.remove()
  sending.hidden = queue.length === 0
  if (held) input.focus()
}
function goOn() {
  for (const one of queue.filter(each => each.state === "waiting").slice(0, AT_ONCE - queue.filter(isOnItsWay).length)) begin(one)
}
const isOnItsWay = one => one.state === "sending" || one.state === "storing"

async function begin(one) {
  one.stop = new AbortController()
  put(one, "sending", text("deliver.sent", {share: share(0)}))
  const {status, id} = await deliver(drawer.dataset.address, one, {signal: one.stop.signal, told: part => {
    $("progress", one.row).value = part
    if (part < 1) $(".file__state", one.row).textContent = text("deliver.sent", {share: share(part)}); else put(one, "storing")
  }})
  if (status === 202) {
    files.set(id, one.files)
    one.id = id
    unread.add(id)
    put(one, "stored")
    const entry = $(`[data-delivery="${id}"]`, delivered)
    if (entry) settle(entry)     // the session was quicker than the answer
    follow()
  } else if (status !== -1) fail(one, FAULTS[status] ?? "unexpected")
  goOn()
}
const DO = {
  cancel(one) { one.stop?.abort(); drop(one); speak(text("deliver.cancelled", {name: nameOf(one.files)})); goOn() },
  retry(one) { put(one, "waiting"); goOn() },
  remove(one) { drop(one) },
}

// ── what the server has received ──
const made = html => { const template = document.createElement("template"); template.innerHTML = html; return template.content.firstElementChild }

/** An entry of ours bears the names that we know; said is what became of it. */
function settle(entry) {
  const id = entry.dataset.delivery, group = files.get(id)
  if (!group) return
  $(".file__name", entry).textContent = nameOf(group)
  for (const place of $$("[data-file]", entry)) place.textContent = group[place.dataset.file - 1]?.name ?? place.textContent
  const sent = queue.find(one => one.id === id)
  if (sent) drop(sent)
  if (entry.dataset.told && unread.delete(id)) {
    speak(text("deliver.told", {name: nameOf(group), told: entry.dataset.told}))
    follow()
  }
}
function show(fresh) {
  const old = $(`[data-delivery="${fresh.dataset.delivery}"]`, delivered)
  if (old) morph(old, fresh)
  else delivered.insertBefore(fresh, [...delivered.children].find(each => Number(each.dataset.number) < Number(fresh.dataset.number)) ?? null)
  settle(old ?? fresh)
}
/** All that it held has been forgotten. */
function takeOut(id) {
  const entry = $(`[data-delivery="${id}"]`, delivered), held = entry?.contains(document.activeElement)
  unread.delete(id)
  entry?.remove()
  if (held) input.focus()
}
document.addEventListener("live:regions", ({detail}) => {
  for (const [id, html] of Object.entries(detail)) if (id.startsWith("delivery-")) html ? show(made(html)) : takeOut(id.replace("delivery-", ""))
  const ended = [...delivered.children].slice(KEPT).filter(each => each.dataset.told && !each.contains(document.activeElement))
  ended.forEach(each => each.remove())
})

// ── files from everywhere: the picker, and a drop anywhere on the page ──
input.addEventListener("change", () => { const chosen = [...input.files]; input.value = ""; take(chosen) })
const bringsFiles = event => event.dataTransfer?.types.includes("Files")
const isBusyElsewhere = () => Boolean($(`dialog[open]:not(#${drawer.id})`))
const dropping = on => { if (on) root.dataset.dropping = ""; else delete root.dataset.dropping }
document.addEventListener("dragover", event => {
  if (!bringsFiles(event)) return
  event.preventDefault()         // or the browser would leave the page for the file
  event.dataTransfer.dropEffect = isBusyElsewhere() ? "none" : "copy"
  dropping(!isBusyElsewhere())
})
document.addEventListener("dragleave", event => { if (!event.relatedTarget) dropping(false) })
document.addEventListener("drop", async event => {
  if (!bringsFiles(event)) return
  event.preventDefault()
  dropping(false)
  if (!isBusyElsewhere()) take(await filesOf(event.dataTransfer))
})
document.addEventListener("click", ({target}) => { if (target.closest("[data-do=choose-files]")) input.click() })
addKeys({i: () => drawer.showModal()})

// ── leaving: what is being sent would be lost, and what could not be sent is only here ──
document.addEventListener("live:leaving", event => {
  if (queue.some(one => one.state !== "stored")) event.preventDefault()
  else if (drawer.open) sessionStorage.setItem("drawer", "open")
})
addEventListener("beforeunload", event => { if (queue.some(one => isOnItsWay(one) || one.state === "waiting")) event.preventDefault() })
if (sessionStorage.getItem("drawer")) { sessionStorage.removeItem("drawer"); drawer.showModal() }
if (drawer.open) follow()
