import { useEffect, useRef } from 'react';

const steps: Readonly<Record<string, 1 | -1>> = { a: -1, A: -1, PageUp: -1, ArrowLeft: -1, d: 1, D: 1, PageDown: 1, ArrowRight: 1 };

/**
 * A and D or the page keys go to another image, wherever in the dialog the focus is; arrows too, except in the viewer, where they move the picture. Keys
 * mean nothing while somebody types or is asked whether to delete.
 */
export function useStepKeys(onStep: (by: 1 | -1) => void): void {
  const latest = useRef(onStep);
  useEffect(() => {
    latest.current = onStep;
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLSelectElement;
      const asked = event.target instanceof Element && event.target.closest('[role="alertdialog"]') !== null;
      const by = steps[event.key];
      if (by === undefined || typing || asked || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      latest.current(by);
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, []);
}
