// A query beside a key, feature by feature, and the products that sum to their score.

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  if (!root.firstElementChild) root.append(element("div", "rows"), element("p", "sum number"));
  const told = () =>
    `The ${data.rows[2].values.length} products sum to a score of ${data.sum.toFixed(2)}; after the softmax over all words “${data.asks}” gives “${data.seen}” ${(100 * data.share).toFixed(1)} %.`;
  const sum = root.querySelector(".sum");
  sum.textContent = told();
  root.querySelector(".rows").replaceChildren(...data.rows.flatMap(({ name, values }) => {
    const most = Math.max(1e-6, ...values.map(Math.abs)), bars = element("div", "bars");
    bars.setAttribute("role", "img");
    bars.setAttribute("aria-label", `${name}: ${values.map((value) => value.toFixed(2)).join(", ")}`);
    bars.append(...values.map((value, d) => {
      const node = element("span", value < 0 ? "bar below" : "bar"), mark = element("i"), part = (48 * Math.abs(value)) / most;
      Object.assign(mark.style, { height: `${part}%`, top: value < 0 ? "50%" : `${50 - part}%` });
      node.title = `feature ${d + 1}: ${value.toFixed(3)}`;
      node.onpointerenter = () => {
        const [query, key, product] = data.rows.map((row) => row.values[d]);
        sum.textContent = `Feature ${d + 1}: ${query.toFixed(2)} of the query, ${key.toFixed(2)} of the key, ${product.toFixed(2)} to the score.`;
      };
      node.onpointerleave = () => (sum.textContent = told());
      node.append(mark);
      return node;
    }));
    return [element("span", "name muted", name), bars];
  }));
}
