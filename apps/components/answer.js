// What the model sees, and how likely it finds each class.

function build(root) {
  root.innerHTML = `
    <div class="seen"><div class="frame"><canvas role="img" aria-label="The picture as the model sees it"></canvas></div>
      <div class="caption muted"></div></div>
    <div class="verdict"><div class="top"><span class="class" aria-live="polite"></span><span class="sure muted number"></span>
      <span class="hint muted"></span></div><ol aria-label="Probability of each class"></ol></div>`;
}

function showSeen(root, seen) {
  const canvas = root.querySelector(".seen canvas");
  canvas.hidden = !seen;
  canvas.parentElement.classList.toggle("empty", !seen);
  if (!seen) return;
  const source = picture(seen.width, seen.height, natural(bytes(seen.pixels), seen.depth));
  const zoom = 146 / Math.max(seen.width, seen.height);
  const context = sized(canvas, zoom * seen.width, zoom * seen.height);
  context.drawImage(source, 0, 0, zoom * seen.width, zoom * seen.height);
}

function showClasses(root, classes, widest) {
  const list = root.querySelector("ol");
  list.style.setProperty("--label", `${Math.min(widest, 18)}ch`);
  while (list.children.length > classes.length) list.lastChild.remove();
  while (list.children.length < classes.length) {
    const row = element("li");
    const track = element("div", "track");
    track.append(element("div", "bar"));
    row.append(element("span", "label"), track, element("span", "share muted number"));
    list.append(row);
  }
  classes.forEach((one, i) => {
    const row = list.children[i];
    row.className = [one.first && "first", one.true && "true"].filter(Boolean).join(" ");
    row.querySelector(".label").textContent = one.name;
    row.querySelector(".label").title = one.name;
    row.querySelector(".share").textContent = one.share === null ? "" : percent(one.share);
    row.querySelector(".bar").style.width = `${100 * (one.share ?? 0)}%`;
  });
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  if (!root.firstElementChild) build(root);
  showSeen(root, data.seen);
  root.querySelector(".caption").textContent = data.caption;
  const first = data.classes.find((one) => one.first);
  const name = root.querySelector(".class");
  name.textContent = first ? first.name : "";
  name.classList.toggle("long", Boolean(first) && first.name.length > 6);
  root.querySelector(".sure").textContent = first ? percent(first.share) : "";
  root.querySelector(".hint").textContent = data.hint;
  showClasses(root, data.classes, Math.max(...data.classes.map((one) => one.name.length + (one.true ? 2 : 0))));
}
