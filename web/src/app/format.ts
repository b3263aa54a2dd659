import { currentLanguage } from './words';

const locale = (): string => (currentLanguage() === 'ko' ? 'ko-KR' : 'en-GB');

/** 12,345.6 */
export const number = (value: number, digits = 0): string =>
  new Intl.NumberFormat(locale(), { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);

/** Four significant digits, also for NaN and infinity, which the API sends as texts: 0.9123, 1.2e-5, NaN, ∞. */
export function metric(value: number | string | null | undefined): string {
  if (value === null || value === undefined) return '–';
  const figure = typeof value === 'string' ? Number(value) : value;
  if (Number.isNaN(figure)) return 'NaN';
  if (!Number.isFinite(figure)) return figure > 0 ? '∞' : '−∞';
  const size = Math.abs(figure);
  if (size !== 0 && (size < 0.001 || size >= 1e7)) return figure.toExponential(2);
  return new Intl.NumberFormat(locale(), { maximumSignificantDigits: 4, useGrouping: size >= 10_000 }).format(figure);
}

/** 91.2 % of 0.912. */
export const percent = (share: number, digits = 1): string =>
  new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits: digits }).format(share);

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

/** 1.4 MB; units of 1,000 bytes. */
export function bytes(size: number): string {
  let value = size;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${number(value, unit === 0 || value >= 100 ? 0 : 1)} ${units[unit]}`;
}

/** 3 h 12 min, 4 min 5 s, 8 s. */
export function duration(seconds: number): string {
  const korean = currentLanguage() === 'ko';
  const [d, h, m, s] = korean ? ['일', '시간', '분', '초'] : [' d', ' h', ' min', ' s'];
  const total = Math.max(0, Math.round(seconds));
  if (total < 60) return `${total}${s}`;
  if (total < 3600) return `${Math.floor(total / 60)}${m}${total % 60 ? ` ${total % 60}${s}` : ''}`;
  if (total < 86_400) return `${Math.floor(total / 3600)}${h}${Math.floor((total % 3600) / 60) ? ` ${Math.floor((total % 3600) / 60)}${m}` : ''}`;
  return `${Math.floor(total / 86_400)}${d}${Math.floor((total % 86_400) / 3600) ? ` ${Math.floor((total % 86_400) / 3600)}${h}` : ''}`;
}

/** 30 Nov 2026, 14:05 */
export const dateTime = (time: string | Date): string =>
  new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'short' }).format(typeof time === 'string' ? new Date(time) : time);

export const date = (time: string | Date): string =>
  new Intl.DateTimeFormat(locale(), { dateStyle: 'medium' }).format(typeof time === 'string' ? new Date(time) : time);

/** 14:05:09 */
export const clock = (time: string | Date): string =>
  new Intl.DateTimeFormat(locale(), { timeStyle: 'medium' }).format(typeof time === 'string' ? new Date(time) : time);

const steps: [Intl.RelativeTimeFormatUnit, number][] = [['year', 31_536_000], ['month', 2_592_000], ['week', 604_800], ['day', 86_400], ['hour', 3600], ['minute', 60]];

/** 3 hours ago, tomorrow, now. */
export function ago(time: string | Date, now = Date.now()): string {
  const seconds = ((typeof time === 'string' ? new Date(time) : time).getTime() - now) / 1000;
  const relative = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  for (const [unit, size] of steps) if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  return relative.format(0, 'second');
}
