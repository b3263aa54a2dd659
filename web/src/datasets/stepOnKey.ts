import type { KeyboardEvent } from 'react';

/** A and D or the page keys go to another image; arrows too, except in the viewer, where they move the picture. */
export function stepOnKey(event: KeyboardEvent, onStep: (by: 1 | -1) => void): void {
  const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLSelectElement;
  if (typing || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const by = { a: -1, A: -1, PageUp: -1, ArrowLeft: -1, d: 1, D: 1, PageDown: 1, ArrowRight: 1 }[event.key];
  if (by !== 1 && by !== -1) return;
  event.preventDefault();
  onStep(by);
}
