// What a button opens over the page: a press elsewhere closes it, and Esc, which gives the focus back to the button.

export function popover(close: () => void, button: () => HTMLElement | undefined) {
  return (host: HTMLElement): (() => void) => {
    const opener = button();
    const away = (e: PointerEvent) => {
      const at = e.target as Node;
      if (!host.contains(at) && !opener?.contains(at)) close();
    };
    const keyed = (e: KeyboardEvent) => {
      if (e.key !== "Escape") return;
      e.stopPropagation();
      close();
      opener?.focus();
    };
    addEventListener("pointerdown", away);
    for (const at of [host, opener]) at?.addEventListener("keydown", keyed);
    return () => {
      removeEventListener("pointerdown", away);
      for (const at of [host, opener]) at?.removeEventListener("keydown", keyed);
    };
  };
}
