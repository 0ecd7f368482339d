// The bar between editor and output: drag it, or focus it and use the arrow keys.

import { byId } from "./dom";
import { isStacked } from "./layout";
import { load, save } from "./storage";

const LEAST = 20;
const MOST = 80;

/** Starts the bar; gives what to call when the panes were put another way. */
export function startSplit(): () => void {
  const main = byId("panes");
  const bar = byId("split");
  const key = () => (isStacked() ? "split.stacked" : "split.wide");
  let percent = 0;

  const set = (value: number) => {
    percent = Math.round(Math.min(MOST, Math.max(LEAST, value)) * 10) / 10;
    main.style.setProperty("--split", String(percent / 100));
    bar.setAttribute("aria-valuenow", String(Math.round(percent)));
  };
  const restore = () => {
    bar.setAttribute("aria-orientation", isStacked() ? "horizontal" : "vertical");
    set(load(key(), isStacked() ? 50 : 54));
  };

  bar.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    bar.setPointerCapture(event.pointerId);
    bar.classList.add("dragging");
  });
  bar.addEventListener("pointermove", (event) => {
    if (!bar.hasPointerCapture(event.pointerId)) return;
    const box = main.getBoundingClientRect();
    set(
      isStacked()
        ? ((event.clientY - box.top) / box.height) * 100
        : ((event.clientX - box.left) / box.width) * 100,
    );
  });
  bar.addEventListener("lostpointercapture", () => {
    bar.classList.remove("dragging");
    save(key(), percent);
  });
  bar.addEventListener("keydown", (event) => {
    const steps: Record<string, number> = { ArrowLeft: -2, ArrowUp: -2, ArrowRight: 2, ArrowDown: 2 };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    set(percent + step);
    save(key(), percent);
  });
  restore();
  return restore;
}
