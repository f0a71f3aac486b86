/**
 * The only access to what the browser stores: local storage, session storage and cookies.
 *
 * A browser that is set to block cookies throws at every access to `localStorage` and `sessionStorage` and drops cookies
 * silently. The pages work there too; they just remember less.
 */

/** A storage that never throws. What the browser does not store is remembered as long as the page lives. */
export class GuardedStorage {
  /** @type {() => Storage} */
  #open
  /** @type {Map<string, string>} */
  #memory = new Map()

  /** @param {() => Storage} open Returns the browser's storage; may throw. */
  constructor(open) {
    this.#open = open
  }

  /**
   * @param {string} key
   * @returns {string | null}
   */
  get(key) {
    return this.#memory.get(key) ?? this.#attempt(storage => storage.getItem(key)) ?? null
  }

  /**
   * @param {string} key
   * @param {string} value
   */
  set(key, value) {
    this.#memory.set(key, value)
    this.#attempt(storage => {
      storage.setItem(key, value)
      this.#memory.delete(key)
    })
  }

  /** @param {string} key */
  remove(key) {
    this.#memory.delete(key)
    this.#attempt(storage => storage.removeItem(key))
  }

  /**
   * Return a value and remove it.
   *
   * @param {string} key
   */
  take(key) {
    const value = this.get(key)
    this.remove(key)
    return value
  }

  /** Whether what is stored now will still be there after a reload. */
  get isPersistent() {
    return Boolean(
      this.#attempt(storage => {
        storage.setItem("storage-probe", "")
        storage.removeItem("storage-probe")
        return true
      }),
    )
  }

  /**
   * @template T
   * @param {(storage: Storage) => T} action
   */
  #attempt(action) {
    try {
      return action(this.#open())
    } catch {
      return undefined // blocked, or full
    }
  }
}

export const local = new GuardedStorage(() => localStorage)
export const session = new GuardedStorage(() => sessionStorage)

/**
 * Set a cookie for a year on all pages below a path.
 *
 * @param {string} name
 * @param {string} value
 * @param {string} path
 * @returns {boolean} Whether the browser has stored it.
 */
export function setCookie(name, value, path) {
  const cookie = `${name}=${value}`
  try {
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in all browsers yet
    document.cookie = `${cookie}; path=${path}; max-age=31536000; samesite=lax`
    return document.cookie.split("; ").includes(cookie)
  } catch {
    return false
  }
}
