"""Layout problems: texts that are cut, broken inside a word, reach over the edge of the page, or overlap; and targets
that are too small.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from playwright.sync_api import Page

_FIND_PROBLEMS = """findsBrokenWords => {
  const name = box => box.text.trim().slice(0, 40)
  const root = document.querySelector('dialog[open], :popover-open') ?? document.querySelector('main')
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), boxes = [], lost = []
  const ups = element => element && element !== document.body ? [element, ...ups(element.parentElement)] : []
  // What is clipped to nothing is there for screen readers only.
  const isSeen = holder => holder.checkVisibility({visibilityProperty: true, opacityProperty: true})
    && !ups(holder).some(up => getComputedStyle(up).clipPath === 'inset(50%)')
  const scrolls = element => ['auto', 'scroll'].includes(getComputedStyle(element).overflowX)
  const clips = element => ['hidden', 'clip'].includes(getComputedStyle(element).overflowX)
  for (let text; (text = walker.nextNode());) {
    const holder = text.parentElement
    if (!text.data.trim() || !isSeen(holder)) continue
    if (holder.closest('.ds-sr-only, [popover]:not(:popover-open), .floating, noscript, select')) continue
    const range = document.createRange()
    range.selectNodeContents(text)
    for (const {left, right, top, bottom} of range.getClientRects())
      if (right - left > 1) boxes.push({text: text.data, holder, left, right, top, bottom})
    // Between letters there is no hyphen. The first box of the letter after one can be that of the hyphen.
    for (const {0: word, index} of findsBrokenWords ? text.data.matchAll(/[\\p{L}\\p{N}]{2,}/gu) : []) {
      const tops = [...word].map((_, i) => {
        range.setStart(text, index + i)
        range.setEnd(text, index + i + 1)
        return [...range.getClientRects()].findLast(({width}) => width > 0.5)?.top
      }).filter(top => top !== undefined)
      if (Math.max(...tops) - Math.min(...tops) > 4) lost.push(`broken: ${word}`)
    }
  }
  for (const box of boxes) {
    const around = ups(box.holder), free = around.findIndex(scrolls)
    const held = free < 0 ? around : around.slice(0, free)
    if (held.some(up => clips(up) && box.right > up.getBoundingClientRect().right + 1)) lost.push(`cut: ${name(box)}`)
    if (free < 0 && box.right > innerWidth + 1) lost.push(`over the edge: ${name(box)}`)
  }
  boxes.forEach((one, i) => boxes.slice(i + 1).forEach(other => {
    if (one.holder.contains(other.holder) && one.text === other.text) return
    const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left)
    const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top)
    if (wide > 2 && high > 3) lost.push(`overlapping: ${name(one)} | ${name(other)}`)
  }))
  if (document.documentElement.scrollWidth > innerWidth) lost.push('the page scrolls sideways')
  return [...new Set(lost)]
}"""

_FIND_SMALL_TARGETS = """() => {
  const root = document.querySelector('dialog[open], :popover-open') ?? document
  const kinds = 'a[href], button, select, input:not([type=hidden]), summary, textarea, label:has(input[type=radio])'
  const targets = [...root.querySelectorAll(kinds)]
    .filter(each => each.checkVisibility({visibilityProperty: true}) && !each.closest('.ds-sr-only'))
    .filter(each => getComputedStyle(each).opacity !== '0')
    .map(each => ({each, box: each.getBoundingClientRect()})).filter(({box}) => box.width > 1 && box.height > 1)
  const small = ({box}) => box.width < 23.5 || box.height < 23.5
  // A small one passes where a circle of 24 px about its middle meets no other target (WCAG 2.5.8, spacing), or it
  // stands in a sentence.
  const meets = (one, other) => {
    const x = one.box.left + one.box.width / 2, y = one.box.top + one.box.height / 2
    if (small(other))
      return Math.hypot(x - other.box.left - other.box.width / 2, y - other.box.top - other.box.height / 2) < 24
    const nearest = (at, low, high) => at - Math.min(high, Math.max(low, at))
    return Math.hypot(nearest(x, other.box.left, other.box.right), nearest(y, other.box.top, other.box.bottom)) < 12
  }
  const apart = (one, other) => !one.each.contains(other.each) && !other.each.contains(one.each)
  const isText = node => node.nodeType === Node.TEXT_NODE || !node.querySelector(kinds) && !node.matches(kinds)
  const inSentence = ({each}) => getComputedStyle(each).display === 'inline'
    && [...each.parentElement.childNodes].some(node => isText(node) && /[\\p{L}\\d]/u.test(node.textContent))
  const size = box => `${box.width.toFixed()} x ${box.height.toFixed()}`
  return targets.filter(small)
    .filter(one => !inSentence(one) && targets.some(other => apart(one, other) && meets(one, other)))
    .map(({each, box}) => `${(each.ariaLabel ?? each.textContent).trim().slice(0, 40)}: ${size(box)}`)
}"""


_FIND_EMPTY_MENUS = """() => [...document.querySelectorAll('[popovertarget]')]
  .filter(opener => opener.checkVisibility())
  .map(opener => document.getElementById(opener.getAttribute('popovertarget')))
  .filter(menu => ![...menu.querySelectorAll('a, button, input')].some(each =>
    getComputedStyle(each).display !== 'none' && !each.closest('.needs-script')))
  .map(menu => menu.id)"""


def empty_menus(page: Page) -> list[str]:
    """Return the ids of the menus that can be opened on a page without scripts though nothing in them works there."""
    return page.evaluate(_FIND_EMPTY_MENUS)


@contextmanager
def everything_laid_out(page: Page) -> Iterator[None]:
    """Lay out the rows off screen too, and the words as a browser does that cannot hyphenate them.

    Until the next frame, the box of a row with `content-visibility: auto` has the size that it had when it was last
    on screen, so that its texts lie over the next row's where the window or the font has changed since. Firefox
    hyphenates Norwegian words; the boxes of the letters do not show whether there is a hyphen at a break.
    """
    sheet = page.evaluate_handle("""() => {
      const sheet = new CSSStyleSheet()
      sheet.replaceSync("* { content-visibility: visible !important; hyphens: manual !important }")
      document.adoptedStyleSheets.push(sheet)
      return sheet
    }""")
    try:
        yield
    finally:
        sheet.evaluate("""sheet => {
          document.adoptedStyleSheets = document.adoptedStyleSheets.filter(each => each !== sheet)
        }""")
        sheet.dispose()


def layout_problems(page: Page) -> list[str]:
    """Return the unreadable texts of the open dialog or menu, else of the page, and the words that are broken."""
    with everything_laid_out(page):
        return page.evaluate(_FIND_PROBLEMS, True)


def broken_words(page: Page) -> list[str]:
    """Return the words that are broken without a hyphen in the open dialog or menu, else on the page."""
    return [problem for problem in layout_problems(page) if problem.startswith("broken")]


def small_targets(page: Page) -> list[str]:
    """Return the targets that are smaller than WCAG 2.5.8 requires."""
    with everything_laid_out(page):
        return page.evaluate(_FIND_SMALL_TARGETS)


def problems_by_font_size(page: Page, sizes: Sequence[int] = (20, 24, 32)) -> dict[int, list[str]]:
    """Return the unreadable texts with each of the sizes that a visitor may have set as the browser's standard font."""
    browser = page.context.new_cdp_session(page)
    problems: dict[int, list[str]] = {}
    for size in sizes:
        # Unlike a font size of <html>, this is what an `em` of a media query follows too.
        browser.send("Page.setFontSizes", {"fontSizes": {"standard": size}})
        assert page.evaluate("size => matchMedia(`(width <= ${innerWidth / size + 0.1}em)`).matches", size)
        page.evaluate("scrollTo(0, 0)")  # else the sticky head lies over a row
        with everything_laid_out(page):
            problems[size] = page.evaluate(_FIND_PROBLEMS, False)  # some words have no room on a line of their own
    browser.send("Page.setFontSizes", {"fontSizes": {"standard": 16}})
    browser.detach()
    return problems
