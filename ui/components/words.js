// Replaces Streamlit's own words. What documents and people say stands in other places, and where
// it can stand in the same (the options of a list), few words are looked up.
if (!window.philoReplaces) {
  const PLACES = ["aria-label", "placeholder"];
  const OTHERS = ".stHtml, [data-testid=stMarkdownContainer], [data-testid=stMultiSelect]";
  const replaced = new WeakMap(); // node -> place -> {own, shown}

  // A word may keep a part of what it replaces: {n} a number, {} anything.
  const say = (own, words, withParts) => {
    const key = own.trim();
    if (Object.hasOwn(words, key)) return words[key];
    for (const [pattern, word] of withParts ? Object.entries(words) : []) {
      const [head, part, tail] = pattern.split(/(\{n?\})/);
      if (!part || !key.startsWith(head) || !key.endsWith(tail)) continue;
      const kept = key.slice(head.length, key.length - tail.length);
      if (part === "{}" || /^\d+$/.test(kept)) return word.replace(part, () => kept);
    }
    return own;
  };

  const replace = (node, place, value, words, withParts, show) => {
    if (!value) return;
    const before = replaced.get(node)?.[place];
    const own = before?.shown === value ? before.own : value; // where the language is changed
    const shown = say(own, words, withParts);
    if (shown === value) return;
    replaced.set(node, { ...replaced.get(node), [place]: { own, shown } });
    show(shown);
  };

  const lookAt = (node) => {
    const { labels, options, texts } = window.philoWords;
    if (node.nodeType === Node.TEXT_NODE) {
      const holder = node.parentElement;
      const hint = holder?.closest("[data-testid=stTooltipContent]");
      if (!holder || (holder.closest(OTHERS) && !hint)) return;
      const listed = holder.closest("[data-testid$=Dropdown]");
      const words = hint ? labels : listed ? options : texts;
      replace(node, "", node.nodeValue, words, true, (shown) => {
        node.nodeValue = shown;
      });
    } else if (node.nodeType === Node.ELEMENT_NODE && !node.closest(".stHtml")) {
      const withParts = node.matches("button, [role=spinbutton]");
      for (const place of PLACES) {
        replace(node, place, node.getAttribute(place), labels, withParts, (shown) => {
          node.setAttribute(place, shown);
        });
      }
    }
  };

  const lookThrough = (root) => {
    lookAt(root);
    const kinds = NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT;
    const nodes = document.createTreeWalker(root, kinds);
    while (nodes.nextNode()) lookAt(nodes.currentNode);
  };

  new MutationObserver((changes) => {
    for (const { target, addedNodes, type } of changes) {
      if (type === "childList") addedNodes.forEach(lookThrough);
      else lookAt(target);
    }
  }).observe(document.body, {
    attributeFilter: PLACES,
    characterData: true,
    childList: true,
    subtree: true,
  });
  window.philoReplaces = () => lookThrough(document.body);
}
window.philoReplaces();
