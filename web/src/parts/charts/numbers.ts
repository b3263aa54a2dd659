const language = () => (typeof document === 'undefined' ? '' : document.documentElement.lang) || 'en';
const formats = new Map<string, Intl.NumberFormat>();

function format(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = language() + JSON.stringify(options);
  let made = formats.get(key);
  if (!made) formats.set(key, (made = new Intl.NumberFormat(language(), options)));
  return made;
}

/** A measured value in as few digits as tell it apart: 0.9312, 12.35, 1,234, 3.1e-5. NaN and infinities are written out. */
export function number(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e7)) return value.toExponential(2).replace('e+', 'e').replace('-', '−').replace('e-', 'e−');
  return format({ maximumFractionDigits: size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 4 }).format(value);
}

/** A share between 0 and 1 as a percentage. */
export function percent(share: number): string {
  return format({ style: 'percent', maximumFractionDigits: share > 0 && share < 0.1 ? 1 : 0 }).format(share);
}

/** A count with separators. */
export function count(value: number): string {
  return format({ maximumFractionDigits: 0 }).format(value);
}
