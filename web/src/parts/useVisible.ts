import { useEffect, useState, type RefObject } from 'react';

/** Whether an element is in the view or near it. Pages with a thousand charts keep only those alive. */
export function useVisible(element: RefObject<Element | null>, margin = '300px'): boolean {
  const [visible, setVisible] = useState(false);
  useEffect(() => {
    if (!element.current) return;
    const observer = new IntersectionObserver(entries => setVisible(entries.at(-1)!.isIntersecting), { rootMargin: margin });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element, margin]);
  return visible;
}
