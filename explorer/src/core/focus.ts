// Focus follows what keys open, and returns where it came from; a list of buttons is one stop, within which arrows go.
import { tick } from "svelte";

/** Whether the last thing pressed was a key: what a pointer opens leaves the focus on the map, whose keys go on working. */
let byKey = false;
addEventListener("keydown", () => (byKey = true), true);
addEventListener("pointerdown", () => (byKey = false), true);

/** Moves the focus to what was opened. */
export class Focus {
  private before = new Set<string>();
  private row: number | null = null;
  private from: HTMLElement | null = null;

  /** `opened`: the panels at the right and below to which the focus goes; `row`: the chosen row. */
  async follow(opened: { right: string[]; below: string[] }, row: number | null): Promise<void> {
    const from = document.activeElement as HTMLElement | null;
    const fresh = (ids: string[]) => ids.some((id) => !this.before.has(id));
    const place = opened.right.length > 0 && (fresh(opened.right) || (row !== null && row !== this.row)) ? ".side.right" : fresh(opened.below) ? ".drawer" : null;
    const now = new Set([...opened.right, ...opened.below]);
    const closed = [...this.before].some((id) => !now.has(id));
    [this.before, this.row] = [now, row];
    await tick();
    const lost = document.activeElement === null || document.activeElement === document.body;
    if (place && byKey) {
      const into = document.querySelector(place);
      if (from && from !== document.body && !from.closest(".side.right")) this.from = from;
      const heading = into?.querySelector<HTMLElement>("h2");
      heading?.setAttribute("tabindex", "-1");
      heading?.focus({ preventScroll: true });
    } else if (!place && lost && closed) {
      const back = this.from?.isConnected ? this.from : document.querySelector<HTMLElement>("[role=application]");
      back?.focus({ preventScroll: true });
    }
    if (now.size === 0) this.from = null;
  }
}

const STEP: Record<string, number> = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

/** The buttons within are one tab stop; arrows, Home and End go from one to the next. */
export function roving(list: HTMLElement) {
  const buttons = () => [...list.querySelectorAll<HTMLElement>("button:not(:disabled)")];
  const stop = (at?: HTMLElement) => {
    const all = buttons();
    const one = at ?? all.find((b) => b === document.activeElement) ?? all.find((b) => b.tabIndex === 0) ?? all[0];
    for (const b of all) if (b.tabIndex !== (b === one ? 0 : -1)) b.tabIndex = b === one ? 0 : -1;
  };
  const onkeydown = (e: KeyboardEvent) => {
    const all = buttons();
    const at = all.indexOf(e.target as HTMLElement);
    if (at < 0 || e.ctrlKey || e.metaKey || e.altKey) return;
    const to = e.key === "Home" ? 0 : e.key === "End" ? all.length - 1 : STEP[e.key] === undefined ? null : Math.max(0, Math.min(all.length - 1, at + STEP[e.key]!));
    if (to === null) return;
    e.preventDefault();
    all[to]!.focus();
  };
  const onfocusin = (e: FocusEvent) => stop(e.target as HTMLElement);
  list.addEventListener("keydown", onkeydown);
  list.addEventListener("focusin", onfocusin);
  const watch = new MutationObserver(() => stop());
  watch.observe(list, { childList: true, subtree: true });
  stop();
  return {
    destroy() {
      watch.disconnect();
      list.removeEventListener("keydown", onkeydown);
      list.removeEventListener("focusin", onfocusin);
    },
  };
}
