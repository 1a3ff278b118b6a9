(() => {
const contents = document.getElementById("contents");
const field = document.getElementById("guide-search");
const found = document.getElementById("guide-found");
const sections = [...contents.querySelectorAll("li")].map((item) => {
  const heading = document.getElementById(decodeURIComponent(item.querySelector("a").hash.slice(1)));
  let text = heading.textContent;
  for (let next = heading.nextElementSibling; next && !/^H[123]$/.test(next.tagName); next = next.nextElementSibling) text += " " + next.textContent;
  return { item, text: text.toLowerCase() };
});
field.addEventListener("input", () => {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const { item, text } of sections) {
    item.hidden = !words.every((word) => text.includes(word));
    if (!item.hidden) count += 1;
  }
  found.textContent = words.length === 0 ? "" : count === 1 ? "1 section" : count + " sections";
});
contents.addEventListener("click", (event) => {
  if (event.target.closest("a") && contents.matches(":popover-open")) contents.hidePopover();
});
})();
