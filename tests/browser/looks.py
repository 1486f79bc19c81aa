"""What a page looks like, measured in the browser on what it rendered."""

from typing import Any

from playwright.async_api import Page

_PAPER = """
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const rgba = color => {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255];
};
const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3]));
const behind = element => {
  const layers = [];
  for (let one = element; one; one = one.parentElement) layers.push(rgba(getComputedStyle(one).backgroundColor));
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  return layers.reduceRight((below, top) => over(top, below), dark ? [18, 18, 18] : [255, 255, 255]);
};
const light = color => color.map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const contrast = (one, other) => { const [a, b] = [light(one), light(other)].sort((x, y) => y - x); return (a + 0.05) / (b + 0.05); };
"""
_TEXTS = """() => {%s
const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const element = walk.currentNode.parentElement, text = walk.currentNode.data.trim();
  if (!text || !element.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
  let opacity = 1;
  for (let one = element; one; one = one.parentElement) opacity *= getComputedStyle(one).opacity;
  const below = behind(element), ink = rgba(getComputedStyle(element).color);
  found.push([text, contrast(over([...ink.slice(0, 3), ink[3] * opacity], below), below)]);
}
return found; }"""
_CONTROLS = """() => {%s
return [...document.querySelectorAll('a, button, input:not([type=hidden])')].map(element => {
  const style = getComputedStyle(element), box = (element.closest('label') ?? element).getBoundingClientRect();
  const around = behind(element.parentElement), own = behind(element);
  const edge = parseFloat(style.borderTopWidth) ? over(rgba(style.borderTopColor), around) : around;
  return {name: element.innerText, width: box.width, height: box.height, left: box.left, right: box.right,
    edge: Math.max(contrast(edge, around), contrast(own, around)), link: style.textDecorationLine === 'underline', kind: element.type};
}); }"""
_FOCUS = """() => {%s
const element = document.activeElement, style = getComputedStyle(element);
if (style.outlineStyle === 'none' || !parseFloat(style.outlineWidth)) return 0;
return contrast(over(rgba(style.outlineColor), behind(element.parentElement)), behind(element.parentElement)); }"""


def _with_paper(script: str) -> str:
    return script.replace("%s", _PAPER)


async def contrasts(page: Page) -> dict[str, float]:
    """The contrast (WCAG 2.2, 1.4.3) of each visible text with what is behind it."""
    found: list[tuple[str, float]] = await page.evaluate(_with_paper(_TEXTS))
    return dict(sorted(found, key=lambda pair: -pair[1]))


async def controls(page: Page) -> list[dict[str, Any]]:
    """Each link, button and field: its size in CSS pixels, and the contrast of its edge with what is around (1.4.11)."""
    return await page.evaluate(_with_paper(_CONTROLS))


async def focus_contrast(page: Page) -> float:
    """The contrast of the ring around what has the focus (2.4.7); 0 where there is none."""
    return await page.evaluate(_with_paper(_FOCUS))


async def overflow(page: Page) -> float:
    """CSS pixels by which a page is wider than its window."""
    return await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
