/** The queue of uploads: what waits, what is being sent, what could not be sent. It knows nothing of the page. */

/** @typedef {import("./upload.js").Delivery} Delivery */
/** @typedef {import("./upload.js").UploadResult} UploadResult */

/**
 * `storing`: all is sent, and the server has not answered yet. `stored`: the server has accepted it.
 *
 * @typedef {"waiting" | "sending" | "storing" | "stored" | "failed"} UploadState
 */

/**
 * @typedef {object} UploadFields
 * @property {UploadState} state
 * @property {number} share What has been sent, from 0 to 1.
 * @property {string | null} fault Why it failed, as a text key below `deliver.fault`.
 * @property {string | null} id The delivery's id once it is stored.
 * @property {AbortController | null} controller Aborts the request.
 */
/** @typedef {Delivery & UploadFields} Upload */

/**
 * @typedef {object} UploadQueueOptions
 * @property {(delivery: Delivery, options: {onProgress: (share: number) => void, signal: AbortSignal}) => Promise<UploadResult>} send
 * @property {number} limit The largest delivery in bytes.
 * @property {(upload: Upload) => void} onChange Called when an upload's state or share has changed.
 * @property {(upload: Upload) => void} onRemove Called when an upload has left the queue.
 * @property {(upload: Upload & {id: string}) => void} onStored Called when the server has accepted an upload.
 */

const MAX_PARALLEL = 3
/** @type {Record<number, string>} */
const FAULT_BY_STATUS = {
  [-2]: "changed",
  0: "cut",
  403: "refused",
  409: "busy",
  413: "too_large",
  415: "type",
  429: "busy",
  503: "busy",
  507: "no_room",
}
const PERMANENT_FAULTS = new Set(["changed", "empty", "too_large", "type"])

/** @param {Upload} upload */
const isUploading = ({state}) => state === "sending" || state === "storing"

/** @param {Upload} upload */
export const isChosenAgain = ({fault}) => fault === "changed"

/** @param {Upload} upload */
export const isRetryable = ({fault}) => fault !== null && !PERMANENT_FAULTS.has(fault)

export class UploadQueue {
  /** @type {Upload[]} In the order in which they were added. */
  #uploads = []
  #options

  /** @param {UploadQueueOptions} options */
  constructor(options) {
    this.#options = options
  }

  get isEmpty() {
    return this.#uploads.length === 0
  }

  /** Whether leaving the page would interrupt an upload. */
  get isBusy() {
    return this.#uploads.some(upload => isUploading(upload) || upload.state === "waiting")
  }

  /** Whether leaving the page would lose something that the server does not have. */
  get hasUnsent() {
    return this.#uploads.some(({state}) => state !== "stored")
  }

  /**
   * Add deliveries. Those that the server would refuse fail at once; call `start` to send the others.
   *
   * @param {Delivery[]} deliveries
   */
  add(deliveries) {
    for (const delivery of deliveries) {
      /** @type {Upload} */
      const upload = {...delivery, state: "waiting", share: 0, fault: null, id: null, controller: null}
      this.#uploads.push(upload)
      this.#setState(upload, "waiting")
      if (upload.files.some(file => file.size === 0)) this.#fail(upload, "empty")
      else if (upload.size > this.#options.limit) this.#fail(upload, "too_large")
    }
  }

  /** Start uploads that wait, as many as may run at the same time. */
  start() {
    const free = MAX_PARALLEL - this.#uploads.filter(isUploading).length
    for (const upload of this.#uploads.filter(({state}) => state === "waiting").slice(0, Math.max(0, free))) {
      this.#run(upload)
    }
  }

  /**
   * Stop an upload and remove it.
   *
   * @param {Upload} upload
   */
  cancel(upload) {
    upload.controller?.abort()
    this.remove(upload)
    this.start()
  }

  /**
   * Try an upload again, with the same key.
   *
   * @param {Upload} upload
   */
  retry(upload) {
    this.#setState(upload, "waiting")
    this.start()
  }

  /** @param {Upload} upload */
  remove(upload) {
    const index = this.#uploads.indexOf(upload)
    if (index < 0) return
    this.#uploads.splice(index, 1)
    this.#options.onRemove(upload)
  }

  /**
   * Remove the upload of a delivery that the server shows now.
   *
   * @param {string} id
   */
  removeStored(id) {
    const upload = this.#uploads.find(other => other.id === id)
    if (upload) this.remove(upload)
  }

  /** @param {Upload} upload */
  async #run(upload) {
    const controller = new AbortController()
    Object.assign(upload, {controller, share: 0, fault: null})
    this.#setState(upload, "sending")
    const onProgress = (/** @type {number} */ share) => {
      upload.share = share
      this.#setState(upload, share < 1 ? "sending" : "storing")
    }
    const {status, id} = await this.#options.send(upload, {onProgress, signal: controller.signal})
    if (status === 202 && id !== null) {
      upload.id = id
      this.#setState(upload, "stored")
      this.#options.onStored(/** @type {Upload & {id: string}} */ (upload))
    } else if (status !== -1) {
      this.#fail(upload, FAULT_BY_STATUS[status] ?? "unexpected")
    }
    this.start()
  }

  /**
   * @param {Upload} upload
   * @param {string} fault
   */
  #fail(upload, fault) {
    upload.fault = fault
    this.#setState(upload, "failed")
  }

  /**
   * @param {Upload} upload
   * @param {UploadState} state
   */
  #setState(upload, state) {
    if (!this.#uploads.includes(upload)) return // cancelled while its request was ending
    upload.state = state
    this.#options.onChange(upload)
  }
}
