// The drawer in which files are delivered: dropped anywhere on the page or chosen, sent with their progress, and what became of them.
// Entries of what the server has received are its own (drawer.py); here is what only the browser knows: names of files, and how far they are sent.
import {$, $$, addShortcuts, tPlural, isLive, morph, announce, send, t} from "../layout/dom.js"
import {deliver, deliveriesOf, filesOf} from "./upload.js"

const root = document.documentElement
const drawer = $("#deliver"), input = $("#deliver-files"), full = $("#deliver-full"), sending = $("#sending"), delivered = $("#deliveries")
const MAX_PARALLEL = 3, MAX_ENTRIES = 40, LIMIT = Number(drawer.dataset.limit)

// ── speaking: behind an open drawer the page's own voice is not heard ──
let pendingAnnouncements = [], announceTimer = 0
function announceSoon(sentence) {
  pendingAnnouncements.push(sentence)
  clearTimeout(announceTimer)
  announceTimer = setTimeout(() => {
    const all = pendingAnnouncements.join(" ")
    pendingAnnouncements = []
    if (drawer.open) $("#deliver-said").textContent = all; else announce(all)
  }, 100)
}

// ── what the session must know: whether the drawer is open, and what of ours is not read yet ──
const sentFiles = new Map()          // delivery id -> the files that this page sent
const unread = new Set()
const updateSubscription = () => { if (isLive()) send({action: "deliveries", open: drawer.open, own_deliveries: [...unread]}) }
new MutationObserver(updateSubscription).observe(drawer, {attributeFilter: ["open"]})
document.addEventListener("live:on", () => { if (drawer.open || unread.size) updateSubscription() })

// ── sending ──
const queue = []                 // what waits, is sent, or could not be sent: {files, full, key, size, row, state, stop}
const nameOf = group => group.length === 1 ? group[0].name : t("deliver.files_one_delivery", {n: group.length})
const number = new Intl.NumberFormat(root.lang === "en" ? "en-GB" : "nb-NO", {maximumFractionDigits: 1})
function sizeOf(bytes) {
  const [unit, size] = [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]].find(([, least]) => bytes >= least) ?? ["byte", 1]
  return `${number.format(bytes / size)}\u00a0${unit}`
}
const share = part => new Intl.NumberFormat(root.lang === "en" ? "en-GB" : "nb-NO", {style: "percent"}).format(part)
const ERROR_BY_STATUS = {0: "cut", 403: "refused", 413: "too_large", 415: "type", 507: "no_room", 409: "busy", 429: "busy", 503: "busy"}
const NOT_RETRYABLE = new Set(["empty", "too_large", "type"])

function enqueueFiles(chosen) {
  if (chosen.length === 0) return
  for (const upload of deliveriesOf(chosen, full.checked, LIMIT)) {
    upload.row = $("#sending-one").content.firstElementChild.cloneNode(true)
    const name = nameOf(upload.files)
    $(".file__name", upload.row).textContent = name
    $(".file__size", upload.row).textContent = sizeOf(upload.size)
    $("progress", upload.row).setAttribute("aria-label", t("deliver.progress", {name}))
    for (const button of $$("button", upload.row)) {
      button.setAttribute("aria-label", t(`deliver.${button.dataset.uploadAction}_named`, {name}))
      button.addEventListener("click", () => UPLOAD_ACTIONS[button.dataset.uploadAction](upload))
    }
    sending.append(upload.row)
    queue.push(upload)
    setState(upload, "waiting")
    if (upload.files.some(file => file.size === 0)) fail(upload, "empty")
    else if (upload.size > LIMIT) fail(upload, "too_large")
  }
  full.checked = false           // it takes cases out: meant for these files, not for the next
  announceSoon(tPlural("deliver.begun", chosen.length))
  if (!drawer.open) drawer.showModal()
  startNext()
}

function setState(upload, state, sentence = {waiting: t("deliver.queued"), storing: t("deliver.storing"), stored: t("deliver.stored")}[state] ?? "") {
  upload.state = state
  $(".file__state", upload.row).textContent = sentence
  $("progress", upload.row).hidden = state !== "sending"
  $(".file__fault", upload.row).hidden = state !== "failed"
  const offered = {failed: NOT_RETRYABLE.has(upload.fault) ? ["remove"] : ["retry", "remove"], stored: []}[state] ?? ["cancel"]
  const hadFocus = upload.row.contains(document.activeElement)
  for (const button of $$("button", upload.row)) button.hidden = !offered.includes(button.dataset.uploadAction)
  if (hadFocus && document.activeElement.hidden) ($("button:not([hidden])", upload.row) ?? input).focus()
  sending.hidden = queue.length === 0
}
function fail(upload, fault) {
  upload.fault = fault
  const sentence = t(`deliver.fault.${fault}`, {limit: drawer.dataset.limitText})
  $(".file__fault span", upload.row).textContent = sentence
  setState(upload, "failed")
  announceSoon(t("deliver.told", {name: nameOf(upload.files), told: sentence.replace(/\.$/, "")}))
}
function removeFromQueue(upload) {
  queue.splice(queue.indexOf(upload), 1)
  const hadFocus = upload.row.contains(document.activeElement)
  upload.row.remove()
  sending.hidden = queue.length === 0
  if (hadFocus) input.focus()
}
function startNext() {
  for (const upload of queue.filter(each => each.state === "waiting").slice(0, MAX_PARALLEL - queue.filter(isUploading).length)) startUpload(upload)
}
const isUploading = upload => upload.state === "sending" || upload.state === "storing"

async function startUpload(upload) {
  upload.stop = new AbortController()
  setState(upload, "sending", t("deliver.sent", {share: share(0)}))
  const {status, id} = await deliver(drawer.dataset.address, upload, {signal: upload.stop.signal, onProgress: part => {
    $("progress", upload.row).value = part
    if (part < 1) $(".file__state", upload.row).textContent = t("deliver.sent", {share: share(part)}); else setState(upload, "storing")
  }})
  if (status === 202) {
    sentFiles.set(id, upload.files)
    upload.id = id
    unread.add(id)
    setState(upload, "stored")
    const entry = $(`[data-delivery="${id}"]`, delivered)
    if (entry) reconcileEntry(entry)     // the session was quicker than the answer
    updateSubscription()
  } else if (status !== -1) fail(upload, ERROR_BY_STATUS[status] ?? "unexpected")
  startNext()
}
const UPLOAD_ACTIONS = {
  cancel(upload) { upload.stop?.abort(); removeFromQueue(upload); announceSoon(t("deliver.cancelled", {name: nameOf(upload.files)})); startNext() },
  retry(upload) { setState(upload, "waiting"); startNext() },
  remove(upload) { removeFromQueue(upload) },
}

// ── what the server has received ──
const parseHtml = html => { const template = document.createElement("template"); template.innerHTML = html; return template.content.firstElementChild }

/** An entry of ours bears the names that we know; said is what became of it. */
function reconcileEntry(entry) {
  const id = entry.dataset.delivery, group = sentFiles.get(id)
  if (!group) return
  $(".file__name", entry).textContent = nameOf(group)
  for (const place of $$("[data-file]", entry)) place.textContent = group[place.dataset.file - 1]?.name ?? place.textContent
  const sent = queue.find(upload => upload.id === id)
  if (sent) removeFromQueue(sent)
  if (entry.dataset.outcome && unread.delete(id)) {
    announceSoon(t("deliver.told", {name: nameOf(group), told: entry.dataset.outcome}))
    updateSubscription()
  }
}
function show(fresh) {
  const old = $(`[data-delivery="${fresh.dataset.delivery}"]`, delivered)
  if (old) morph(old, fresh)
  else delivered.insertBefore(fresh, [...delivered.children].find(each => Number(each.dataset.number) < Number(fresh.dataset.number)) ?? null)
  reconcileEntry(old ?? fresh)
}
/** All that it held has been forgotten. */
function removeEntry(id) {
  const entry = $(`[data-delivery="${id}"]`, delivered), hadFocus = entry?.contains(document.activeElement)
  unread.delete(id)
  entry?.remove()
  if (hadFocus) input.focus()
}
document.addEventListener("live:regions", ({detail}) => {
  for (const [id, html] of Object.entries(detail)) if (id.startsWith("delivery-")) html ? show(parseHtml(html)) : removeEntry(id.replace("delivery-", ""))
  const ended = [...delivered.children].slice(MAX_ENTRIES).filter(each => each.dataset.outcome && !each.contains(document.activeElement))
  ended.forEach(each => each.remove())
})

// ── files from everywhere: the picker, and a drop anywhere on the page ──
input.addEventListener("change", () => { const chosen = [...input.files]; input.value = ""; enqueueFiles(chosen) })
const hasFiles = event => event.dataTransfer?.types.includes("Files")
const isOtherDialogOpen = () => Boolean($(`dialog[open]:not(#${drawer.id})`))
const setDropHint = on => { if (on) root.dataset.dropping = ""; else delete root.dataset.dropping }
document.addEventListener("dragover", event => {
  if (!hasFiles(event)) return
  event.preventDefault()         // or the browser would leave the page for the file
  event.dataTransfer.dropEffect = isOtherDialogOpen() ? "none" : "copy"
  setDropHint(!isOtherDialogOpen())
})
document.addEventListener("dragleave", event => { if (!event.relatedTarget) setDropHint(false) })
document.addEventListener("drop", async event => {
  if (!hasFiles(event)) return
  event.preventDefault()
  setDropHint(false)
  if (!isOtherDialogOpen()) enqueueFiles(await filesOf(event.dataTransfer))
})
document.addEventListener("click", ({target}) => { if (target.closest("[data-action=choose-files]")) input.click() })
addShortcuts({i: () => drawer.showModal()})

// ── leaving: what is being sent would be lost, and what could not be sent is only here ──
document.addEventListener("live:before-reload", event => {
  if (queue.some(upload => upload.state !== "stored")) event.preventDefault()
  else if (drawer.open) sessionStorage.setItem("drawer", "open")
})
addEventListener("beforeunload", event => { if (queue.some(upload => isUploading(upload) || upload.state === "waiting")) event.preventDefault() })
if (sessionStorage.getItem("drawer")) { sessionStorage.removeItem("drawer"); drawer.showModal() }
if (drawer.open) updateSubscription()
