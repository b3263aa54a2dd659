import { useLayoutEffect, useState, type RefObject } from 'react';

/** Width and height of an element in CSS pixels; zero before it is laid out. */
export function useSize(element: RefObject<Element | null>): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const node = element.current;
    if (!node) return;
    const measure = (width: number, height: number) => setSize(old => (old.width === width && old.height === height ? old : { width, height }));
    const first = node.getBoundingClientRect();
    measure(Math.floor(first.width), Math.floor(first.height));
    const observer = new ResizeObserver(entries => {
      const box = entries.at(-1)!.contentRect;
      measure(Math.floor(box.width), Math.floor(box.height));
    });
    observer.observe(node);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
