// Texts side by side, word by word: those that stand in the reference too, and those that do not.

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  root.replaceChildren(
    ...data.texts.map((one) => {
      const node = element("section", one.reference ? "text reference" : "text");
      const head = element("div", "head");
      head.append(element("h4", "", one.name), element("span", "note muted number", one.note));
      const words = element("p", "words");
      for (const [word, agrees] of one.words) words.append(element("span", agrees === false ? "word off" : "word", word), " ");
      if (!one.words.length) words.append(element("span", "muted", "nothing"));
      node.append(head, words);
      return node;
    }),
  );
}
